"""Watches the database for changes in a thread of its own: the desk stays live while another program runs the door."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from db import changes
from db.engine import database_file
from db.errors import DatabaseError

log = logging.getLogger(__name__)

EVERY = 0.05
"""Seconds between two checks of SQLite; each reads one counter of the file in a tenth of a millisecond."""
EVERY_ON_A_SERVER = 1.0
"""Seconds between two checks of PostgreSQL; each is a query, from every app that shares the server."""
AFTER_FAILURE = 5.0
"""Seconds until the next check after an error."""


@dataclass(frozen=True, slots=True)
class News:
    """What was written since the last check."""

    attendance: tuple[UUID, ...]
    """New rows of the ledger."""
    people: bool
    """Somebody was enrolled, changed or erased, or a backup took the place of the database."""


def people_feed(engine: Engine, renew: Callable[[], None]) -> "ChangeFeed":
    """A feed that says when somebody was enrolled, changed or erased; not started yet.

    Args:
        renew: called from the feed's thread.
    """
    stale = False

    def tell(news: News) -> None:
        nonlocal stale
        stale = stale or news.people  # after an error, the next commit tries again
        if stale:
            renew()
            stale = False

    return ChangeFeed(engine, tell)


class ChangeFeed:
    """Reports each change of the database, whichever program made it.

    Args:
        engine: one of its connections is kept from `start` to `stop`.
        tell: called from the thread after one or more commits; must not block.
    """

    def __init__(self, engine: Engine, tell: Callable[[News], None]) -> None:
        self._engine = engine
        self._tell = tell
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._heads: changes.Heads | None = None
        """Up to where it was told."""

    def start(self) -> None:
        """Tells whatever is written after this returns; so start it before what it keeps up to date is read."""
        with suppress(DatabaseError, SQLAlchemyError), self._engine.connect() as connection:  # the thread says it
            self._heads = changes.heads(connection)
        self._thread = threading.Thread(target=self._run, name="change feed", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with self._engine.connect() as connection:
                    self._look(connection)
            except (DatabaseError, SQLAlchemyError) as error:
                log.warning("No news from the database: %s", error)
                self._stopped.wait(AFTER_FAILURE)

    def _look(self, connection: Connection) -> None:
        """Check again and again, until `stop`, an error, or until another file has the database's name."""
        every = EVERY if connection.dialect.name == "sqlite" else EVERY_ON_A_SERVER
        file, state = database_file(self._engine), None
        while True:
            if (now := changes.state(connection)) != state:
                self._tell_since(connection, certain=state is not None)
                state = now
            if self._stopped.wait(every) or database_file(self._engine) != file:
                return

    def _tell_since(self, connection: Connection, *, certain: bool) -> None:
        """Tell what was written since the last time; the file of a backup counts as written, too.

        Args:
            certain: whether something was written at all.
        """
        before, heads = self._heads, changes.heads(connection)
        self._heads = heads
        events = changes.appended(connection, before.ledger) if before and heads.ledger != before.ledger else ()
        connection.rollback()
        if certain or before not in (None, heads):
            self._tell(News(events, people=before is None or heads.people != before.people))
