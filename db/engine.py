"""Opens a database: SQLite by default, PostgreSQL by URL."""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import URL, Connection, Engine, ExceptionContext, create_engine, event, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from db import migrate
from db.errors import BUSY, DatabaseError, DatabaseFull, DatabaseUnavailable, explain
from db.location import file_of, has_log, parse, require_usable, restrict, with_logs

BUSY_TIMEOUT_MS: Final = 5_000
"""Milliseconds that SQLite waits for another program's lock before it gives up."""

SAID_AFTER_MS: Final = 1_000
"""Milliseconds of that wait after which the wait is said, on the log, which a command prints."""

APPLICATION: Final = "muster"
"""The name with which Muster comes to PostgreSQL, unless the URL gives another one."""

_STEPS: Final = 100_000
"""SQLite virtual-machine instructions between two checks for cancellation (progress handler); about 1 ms."""

_FILE: Final = "file"
"""Key of a connection's info: device and inode of the file that it opened."""

log = logging.getLogger(__name__)


def open_database(url: str, *, create: bool = True, upgrade: bool = True, read_only: bool = False) -> Engine:
    """An engine on a database whose tables are the ones this Muster needs.

    Args:
        url: `sqlite:///FILE`, a file's path, or `postgresql+psycopg://…`.
        create: make a missing folder and file.
        upgrade: bring the tables up to date; otherwise an old database is refused, and none is created.
        read_only: refuse every write; the database must exist.

    Raises:
        DatabaseError: one sentence about what is wrong with the URL, the file or the server. A file that is not
            Muster's, or a newer Muster's, stays as it is; of a new one nothing is left where the disk is full.
    """
    if not read_only:
        # Who writes needs all tables, since their rows refer to each other; to make all takes 50 ms.
        import db.schema.tables  # noqa: F401
    parsed, new = parse(url), None
    if parsed.get_backend_name() == "sqlite":
        create = create and upgrade and not read_only
        path = file_of(parsed)
        require_usable(path, read_only=read_only, create=create)
        new = None if path.exists() else path
        if not read_only:
            _require_ours(path)
            restrict(path)
        engine = _sqlite_engine(path, "ro" if read_only else "rwc" if create else "rw")
    else:
        engine = _postgresql_engine(parsed, read_only=read_only)
    try:
        if upgrade and not read_only:
            migrate.upgrade(engine)
        else:
            migrate.require_current(engine)
    except BaseException as error:  # Ctrl+C too: whatever ends this, no connection may stay open
        engine.dispose()
        if new is not None and isinstance(error, DatabaseFull):
            remove_database(new)
        raise
    return engine


def apart(engine: Engine) -> Engine:
    """Another engine on the same database, with one connection, so that `changes.state` tells what others commit.

    It has one session at a time; a second one is refused at once. What is written through it is proved as through the
    other.
    """
    if engine.dialect.name == "sqlite":
        made = _sqlite_engine(Path(migrate.where(engine)), "rw", pool_size=1, max_overflow=0, pool_timeout=0)
    else:
        made = _postgresql_engine(engine.url, read_only=False, pool_size=1, max_overflow=0, pool_timeout=0)
    made.update_execution_options(**engine.get_execution_options())
    return made


@contextmanager
def reading(engine: Engine, stop: threading.Event | None = None) -> Iterator[Session]:
    """A session that sees one state of the database throughout; whatever it changes is rolled back.

    Args:
        stop: set from any thread when the answer is no longer wanted. SQLite then gives the query up with
            `Interrupted`; PostgreSQL answers it to the end.
    """
    with Session(engine, expire_on_commit=False) as session:
        if stop is None or engine.dialect.name != "sqlite":
            yield session
            return
        driver = session.connection().connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.set_progress_handler(stop.is_set, _STEPS)
        try:
            yield session
        finally:
            driver.set_progress_handler(None, 0)


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session that owns SQLite's write lock from its first statement.

    It is committed at the end, or rolled back when an exception leaves the block, or when the file is not the one any
    more that was opened: what is written into a deleted file is lost.
    """
    owner = engine.execution_options(sqlite_begin="IMMEDIATE")
    with Session(owner, expire_on_commit=False) as session, session.begin():
        yield session
        session.flush()
        if session.connection().connection.info.get(_FILE) != database_file(engine):
            raise _gone(migrate.where(engine))


def database_file(engine: Engine) -> tuple[int, int] | None:
    """Device and inode of the file that has the database's name now; None where there is none, and for PostgreSQL."""
    if engine.dialect.name != "sqlite":
        return None
    try:
        found = Path(migrate.where(engine)).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def remove_database(file: Path) -> None:
    """Deletes a database's file, with its logs."""
    for part in with_logs(file):
        part.unlink(missing_ok=True)


def require_writable(url: str) -> None:
    """Takes the write lock of a database and lets it go. Raises: DatabaseError."""
    engine = open_database(url, upgrade=False)
    try:
        with engine.execution_options(sqlite_begin="IMMEDIATE").connect() as connection:
            connection.execute(text("SELECT 1"))
    finally:
        engine.dispose()


def scrub(engine: Engine) -> bool:
    """Removes what was deleted from the file itself: free pages and the write-ahead log.

    Returns:
        False when another program is using the database, or a statement is not over, so that it has to be done later.
    """
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("VACUUM")
        blocked = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not blocked
    except sqlite3.OperationalError as error:
        busy = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
        if busy or "statements in progress" in str(error):  # the latter: of a transaction that was cut off
            return False
        raise explain(error, migrate.where(engine)) or DatabaseError(str(error)) from error
    finally:
        connection.close()


def _require_ours(path: Path) -> None:
    """Looks into the file before the first pragma writes to it. Raises: NewerDatabase, DatabaseDamaged."""
    if not path.is_file() or path.stat().st_size == 0:
        return
    # The last connection to close writes the log into the file; a read-only one would leave an empty log behind.
    engine = _sqlite_engine(path, "ro" if has_log(path) else "rw", pragmas=())
    try:
        migrate.require_ours(engine)
    finally:
        engine.dispose()


def _sqlite_engine(
    path: Path, mode: Literal["ro", "rw", "rwc"], *, pragmas: Sequence[str] | None = None, **pool: int
) -> Engine:
    if pragmas is None:
        pragmas = _TO_READ if mode == "ro" else _TO_WRITE
    address = f"{path.absolute().as_uri()}?mode={mode}"
    if mode == "ro" and not os.access(path.parent, os.W_OK) and not has_log(path):
        # A folder that may not be written cannot take SQLite's shared-memory file.
        address += "&immutable=1"

    opened = threading.Event()

    def connect() -> sqlite3.Connection:
        if opened.is_set() and not path.exists():  # SQLite would make an empty one
            raise _gone(str(path))
        return sqlite3.connect(
            address, uri=True, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False
        )

    def prepare(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", *pragmas):
            connection.execute(f"PRAGMA {pragma}")
        record.info[_FILE] = database_file(engine)
        opened.set()

    def require_file(_connection: sqlite3.Connection, record: ConnectionPoolEntry, _proxy: object) -> None:
        if record.info[_FILE] != database_file(engine):
            raise DisconnectionError("another file has the database's name now")

    engine = create_engine(URL.create("sqlite", database=str(path)), creator=connect, hide_parameters=True, **pool)
    event.listen(engine, "handle_error", _explained(str(path)))
    event.listen(engine, "begin", _begin(path))
    event.listen(engine, "connect", prepare)
    event.listen(engine, "checkout", require_file)
    return engine


def _gone(name: str) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"The database {name} was deleted, moved or replaced while Muster runs; put it back or restore a backup."
    )


def _postgresql_engine(url: URL, *, read_only: bool, **pool: int) -> Engine:
    options = "-c timezone=UTC -c lock_timeout=5000" + (" -c default_transaction_read_only=on" if read_only else "")
    watched = {name: value for name, value in _WATCHED.items() if name not in url.query}
    named = {"fallback_application_name": APPLICATION}
    arguments: dict[str, object] = {"connect_timeout": 5, "options": options, **named, **watched, **_tls(url)}
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=arguments, **pool)
    event.listen(engine, "handle_error", _explained(migrate.where(engine)))
    return engine


_WATCHED: Final = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 11_000}
"""After eleven seconds without a sign of the server's machine, as with a cut cable, a query fails. Without these the
system waits a quarter of an hour."""


def _tls(url: URL) -> dict[str, object]:
    """What a server must prove, unless the URL or libpq's own variables say so: its name, by a certificate."""
    if "sslmode" in url.query or "PGSSLMODE" in os.environ:
        return {}
    named = "sslrootcert" in url.query or "PGSSLROOTCERT" in os.environ
    known = named or (Path.home() / ".postgresql" / "root.crt").exists()
    return {"sslmode": "verify-full"} if known else {"sslmode": "verify-full", "sslrootcert": "system"}


_TO_WRITE: Final = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")
"""Pragmas of SQLite. FULL: a commit that was acknowledged is on the disk, also after a power cut."""
_TO_READ: Final = ("query_only=ON",)


def _begin(path: Path) -> Callable[[Connection], None]:
    """Begins transactions: the driver's own BEGIN comes too late for reads and is never IMMEDIATE.

    Of a lock of another program, the log says once that it is waited for.
    """
    said = threading.Event()

    def begin(connection: Connection) -> None:
        kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        if kind == "IMMEDIATE" and not said.is_set():
            if _begun_soon(connection, path):
                return
            said.set()
            log.warning("The database %s is locked by another program; waiting for it.", path)
        connection.exec_driver_sql(f"BEGIN {kind}")
        if kind == "IMMEDIATE":
            said.clear()

    return begin


def _begun_soon(connection: Connection, path: Path) -> bool:
    """Begins a transaction that owns the write lock; False where another program keeps that lock meanwhile."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    driver.execute(f"PRAGMA busy_timeout={min(SAID_AFTER_MS, BUSY_TIMEOUT_MS)}")
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in BUSY:
            raise explain(error, str(path)) or error from error
        return False
    finally:
        driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    return True


def _explained(name: str) -> Any:
    def translate(context: ExceptionContext) -> None:
        told = explain(context.original_exception, name)
        if told is not None:
            raise told from context.original_exception

    return translate
