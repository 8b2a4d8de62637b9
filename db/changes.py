"""Tells cheaply whether anybody, also another program, has written to the database."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from selectors import EVENT_READ, DefaultSelector
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Engine, event, func, literal_column, select
from sqlalchemy.orm import Session

from db import migrate
from db.engine import database_file
from db.errors import explain
from db.schema.attendance import EventRow
from db.schema.audit import AuditRow


@dataclass(frozen=True, slots=True)
class Heads:
    """Counters that increase with every new row."""

    ledger: int
    """The number of the ledger's last row; 0 while it is empty."""
    people: tuple[int, ...]
    """Number of audit log entries that are not about an attendance event, and which file they are in: a restored backup
    counts anew. Their times would not do: an entry that was forwarded, or written by a slow clock, can be older than
    the newest one."""


def state(connection: Connection) -> str:
    """An opaque value that changes after each commit of another connection, and not after this connection's own.

    Compare only values that one connection gave. On PostgreSQL the value also changes after its own commits, and when
    another database of the server is written to.
    """
    if connection.dialect.name == "sqlite":
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        try:  # without a transaction, which costs twenty times as much: a door looks twenty times a second
            return str(driver.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error as error:
            raise explain(error, migrate.where(connection.engine)) or error from error
    told = connection.exec_driver_sql("SELECT pg_current_snapshot()::text").scalar_one()
    connection.rollback()
    return str(told)


def heads(connection: Connection | Session) -> Heads:
    """The counters now."""
    engine = (connection.get_bind() if isinstance(connection, Session) else connection).engine
    # Audit entries are never deleted, so the number of SQLite's last row serves as their count.
    entries = func.max(literal_column("audit_entry.rowid")) if engine.dialect.name == "sqlite" else func.count()
    told = connection.scalar(select(entries).select_from(AuditRow).where(AuditRow.event_id.is_(None))) or 0
    return Heads(connection.scalar(select(func.max(EventRow.seq))) or 0, (told, *(database_file(engine) or ())))


class News:
    """Waits on PostgreSQL for others to commit an event, an audit entry or a proof entry (NOTIFY).

    Args:
        engine: what it commits itself, one session at a time, is not told.

    Raises:
        DatabaseError: the server cannot be reached.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine, self._where = engine, migrate.where(engine)
        self._own = 0
        """The server's process that the engine committed in last."""
        with self._explained():
            pooled = engine.raw_connection()
            self._connection = cast(Any, pooled.driver_connection)
            pooled.detach()
            self._connection.rollback()
            self._connection.autocommit = True
            self._connection.execute("LISTEN muster_news")
            self._readable = DefaultSelector()
            self._readable.register(self._connection, EVENT_READ)
        event.listen(engine, "commit", self._committed)

    def came(self, seconds: float) -> bool:
        """Whether others committed something within so many seconds; False sooner where the server sent something else.

        Raises: DatabaseUnavailable.
        """
        with self._explained():
            # The driver's own wait takes a millisecond of the processor; this one, a tenth.
            return self._told() or (bool(self._readable.select(seconds)) and self._told())

    def _told(self) -> bool:
        return any(one.pid != self._own for one in self._connection.notifies(timeout=0.0))

    def close(self) -> None:
        event.remove(self._engine, "commit", self._committed)
        self._readable.close()
        self._connection.close()

    def _committed(self, connection: Connection) -> None:
        self._own = cast(Any, connection.connection.driver_connection).info.backend_pid

    @contextmanager
    def _explained(self) -> Iterator[None]:
        from psycopg import Error

        try:
            yield
        except Error as error:
            raise explain(error, self._where) or error from None


def appended(connection: Connection | Session, after: int) -> tuple[UUID, ...]:
    """The attendance events after this row of the ledger."""
    return tuple(connection.scalars(select(EventRow.id).where(EventRow.seq > after).order_by(EventRow.seq)))
