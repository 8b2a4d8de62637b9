"""Whether another program has a database open: a kiosk, the desk, `muster web` or `muster serve`."""

import sqlite3
from pathlib import Path

from sqlalchemy import text

from db.engine import APPLICATION, open_database
from db.errors import BUSY
from db.location import sqlite_file

_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = :name "
    "AND pid <> pg_backend_pid()"
)


def is_open_elsewhere(url: str) -> bool:
    """Whether anybody has the database open now; this program counts, too, as long as one of its engines is open.

    False where there is no such file, or it is damaged.

    Args:
        url: as for `open_database`.

    Raises:
        DatabaseError: the server cannot be reached.
    """
    file = sqlite_file(url)
    if file is not None:
        return file.is_file() and _is_locked(file)
    engine = open_database(url, create=False)
    try:
        with engine.connect() as connection:
            return bool(connection.scalar(_OTHERS, {"name": APPLICATION}))
    finally:
        engine.dispose()


def _is_locked(file: Path) -> bool:
    """Whether somebody has a lock on the file: each connection has a shared one in the mode WAL, also an idle one."""
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None)
    try:
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("ROLLBACK")
    except sqlite3.Error as error:
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in BUSY
    finally:
        connection.close()
    return False
