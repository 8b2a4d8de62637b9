"""Whether anybody has written to the database, also another program. It is asked often, so it costs next to nothing."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from db.schema import AuditRow, EventRow


@dataclass(frozen=True, slots=True)
class Heads:
    """The newest facts; any of them is another one as soon as there are more."""

    ledger: int
    """The number of the ledger's last row; 0 while it is empty."""
    people: UUID | None
    """The audit log's last entry that is not about an attendance event."""


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
    newest = select(AuditRow.id).where(AuditRow.event_id.is_(None)).order_by(AuditRow.at.desc(), AuditRow.id.desc())
    return Heads(
        connection.scalar(select(func.max(EventRow.seq))) or 0,
        connection.scalar(newest.limit(1)),
    )


def appended(connection: Connection | Session, after: int) -> tuple[UUID, ...]:
    """The attendance events behind this row of the ledger."""
    return tuple(connection.scalars(select(EventRow.id).where(EventRow.seq > after).order_by(EventRow.seq)))


def amended(connection: Connection | Session, after: int) -> bool:
    """Whether one of the events behind this row of the ledger changes an earlier one: a void or a correction."""
    query = select(EventRow.seq).where(EventRow.seq > after, EventRow.target_id.is_not(None)).limit(1)
    return connection.scalar(query) is not None
