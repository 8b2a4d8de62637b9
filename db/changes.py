"""Whether anybody has written to the database, also another program. It is asked often, so it costs next to nothing."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, func, literal_column, select
from sqlalchemy.orm import Session

from db.schema import AuditRow, EventRow


@dataclass(frozen=True, slots=True)
class Heads:
    """The newest facts; any of them is another one as soon as there are more."""

    ledger: int
    """The number of the ledger's last row; 0 while it is empty."""
    people: int
    """How many entries of the audit log are not about an attendance event. Their times tell nothing: an entry that was
    forwarded, or written by a clock that goes after, is older than the newest one."""


def state(connection: Connection) -> str:
    """A text that is another one after every commit through another connection.

    Only what the same connection said may be compared. PostgreSQL also counts what other databases of the same server
    write, so news may be none.
    """
    if connection.dialect.name == "sqlite":
        told = connection.exec_driver_sql("PRAGMA data_version").scalar_one()
    else:
        told = connection.exec_driver_sql("SELECT pg_current_snapshot()::text").scalar_one()
    connection.rollback()
    return str(told)


def heads(connection: Connection | Session) -> Heads:
    """The newest facts."""
    # None is ever deleted, so that SQLite's own number of the last one is as good, and needs no count.
    sqlite = (connection.get_bind() if isinstance(connection, Session) else connection).dialect.name == "sqlite"
    entries = func.max(literal_column("audit_entry.rowid")) if sqlite else func.count()
    return Heads(
        connection.scalar(select(func.max(EventRow.seq))) or 0,
        connection.scalar(select(entries).select_from(AuditRow).where(AuditRow.event_id.is_(None))) or 0,
    )


def appended(connection: Connection | Session, after: int) -> tuple[UUID, ...]:
    """The attendance events behind this row of the ledger."""
    return tuple(connection.scalars(select(EventRow.id).where(EventRow.seq > after).order_by(EventRow.seq)))
