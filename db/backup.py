"""A copy of a SQLite database while others use it, and checks of a database's health."""

import sqlite3
from collections import Counter
from pathlib import Path

from sqlalchemy import Engine, text

from db import migrate
from db.engine import reading
from db.errors import DatabaseDamaged, DatabaseError, DatabaseUnavailable, NameTaken, explain
from db.location import with_logs
from monitor.files import unfinished


def back_up(engine: Engine, file: Path) -> int:
    """Copies the database to a new file with SQLite's online backup. The key is not in it.

    Returns:
        The copy's size in bytes.

    Raises:
        NameTaken: the file exists.
        DatabaseError: not SQLite, or the file cannot be written, also because its folder does not exist.
    """
    if engine.dialect.name != "sqlite":
        raise DatabaseError("PostgreSQL is backed up with its own pg_dump; run that on the server.")
    if file.exists():
        raise NameTaken(f"{file} is there already; give the name of a new file.")
    source = engine.raw_connection()
    try:
        with unfinished(file, private=True, replace=False) as part:
            _copy(source.driver_connection, part)
    except OSError as error:
        raise DatabaseUnavailable(f"The backup {file} cannot be written: {error.strerror}.") from None
    except sqlite3.Error as error:
        raise explain(error, str(file)) or DatabaseError(f"The backup failed: {error}.") from None
    finally:
        source.close()
    return file.stat().st_size


def copy_backup(file: Path, to: Path) -> None:
    """Copies a backup, of whatever version, to a new file that only its owner can read.

    Raises:
        DatabaseError: it is not a database of Muster (SQLite takes an empty file for one without tables), or the copy
            cannot be written.
    """
    source = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    try:
        if not source.execute("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").fetchone():
            raise DatabaseDamaged(f"{file} is not a database of Muster; give another file.")
        to.touch(0o600)
        _copy(source, to)
    except sqlite3.Error as error:
        raise explain(error, str(file)) or DatabaseError(f"{file} cannot be read: {error}.") from None
    finally:
        source.close()


def put_in_place(new: Path, database: Path, aside: Path) -> None:
    """Makes a database file take the place of another one, which is kept with its log.

    A kiosk that runs keeps what it wrote in the old one, notices the new one before its next entry, and goes on there.

    Args:
        new: whole and closed, in the folder of `database`.
        aside: the new name of the old database.

    Raises:
        DatabaseError: another program is writing into the old database just now.
        OSError: a file cannot be renamed.
    """
    if not database.exists():
        new.rename(database)
        return
    connection = sqlite3.connect(database, timeout=5, isolation_level=None)
    try:
        _lock(connection, database)
        for file, kept in zip(with_logs(database)[::-1], with_logs(aside)[::-1], strict=True):  # the logs first
            if file.exists():
                file.rename(kept)
        new.rename(database)
    finally:
        connection.close()


def _lock(connection: sqlite3.Connection, database: Path) -> None:
    """Takes the write lock; a damaged database has none."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        told = explain(error, str(database)) or DatabaseError(f"The old database refuses: {error}.")
        if not isinstance(told, DatabaseDamaged):
            raise told from None


def problems(engine: Engine, *, quick: bool = False) -> list[str]:
    """What SQLite finds wrong with the file.

    Args:
        quick: pages and rows only, about two seconds a gigabyte; else indexes and the references between rows too,
            about a minute and a half.

    Raises:
        DatabaseError: the file cannot be read.
    """
    if engine.dialect.name != "sqlite":
        return []
    with reading(engine) as session:
        check = "quick_check" if quick else "integrity_check"
        found = [str(line) for line in session.scalars(text(f"PRAGMA {check}(10)")) if line != "ok"]
        loose = [] if quick else session.execute(text("PRAGMA foreign_key_check")).all()
    refer = Counter((row[0], row[2]) for row in loose)
    return found + [f"{count:,} of {table} refer to a missing {other}" for (table, other), count in refer.items()]


def size(engine: Engine) -> int | None:
    """Bytes of the database file and its log; None for PostgreSQL."""
    if engine.dialect.name != "sqlite":
        return None
    file, log, _ = with_logs(Path(migrate.where(engine)))
    return sum(part.stat().st_size for part in (file, log) if part.exists())


def _copy(source: sqlite3.Connection | object, file: Path) -> None:
    assert isinstance(source, sqlite3.Connection)
    target = sqlite3.connect(file)
    try:
        source.backup(target)
        # The copy stands alone: no log beside it.
        target.execute("PRAGMA journal_mode=DELETE")
    finally:
        target.close()
        file.with_name(f"{file.name}-journal").unlink(missing_ok=True)  # stays where the disk is full
