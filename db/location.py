"""Where a database lies: what its URL means, and for SQLite its file, which only the owner can read."""

import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from db.errors import DatabaseUnavailable, NoDatabase, WrongUrl


def parse(url: str) -> URL:
    """The URL of a database by its URL or its file's name. Raises: WrongUrl."""
    if "://" not in url:
        return URL.create("sqlite", database=url)
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        (parsed.host or "").encode("idna")
    except (ArgumentError, ValueError):
        raise WrongUrl(f"{url!r} is not a database URL; use sqlite:///FILE or postgresql+psycopg://…") from None
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise WrongUrl(f"Muster keeps its data in SQLite or PostgreSQL, not in {backend}; change the URL.")
    return parsed.set(drivername="sqlite")


def file_of(url: URL) -> Path:
    """The file of an SQLite database. Raises: WrongUrl."""
    name = url.database or ""
    if name in ("", ":memory:") or name.startswith("file:"):
        raise WrongUrl("SQLite needs a file that all of Muster's threads can share; use sqlite:///FILE.")
    return Path(name).expanduser()


def sqlite_file(url: str) -> Path | None:
    """The file of a database by its URL or name, as `open_database` reads it; None for a server. Raises: WrongUrl."""
    parsed = parse(url)
    return file_of(parsed) if parsed.get_backend_name() == "sqlite" else None


def require_usable(path: Path, *, read_only: bool, create: bool) -> None:
    """Makes the folder of a database that is to be written. Raises: DatabaseUnavailable, NoDatabase.

    Args:
        create: the file may be missing.
    """
    try:
        if path.is_dir():
            raise DatabaseUnavailable(f"{path} is a folder; give the database file's own name.")
        if not create and not path.is_file():
            raise NoDatabase(path)
        if not read_only:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if path.exists() and not os.access(path, os.W_OK):
                raise DatabaseUnavailable(f"The database {path} is read-only; allow writing to the file.")
    except OSError as error:
        raise DatabaseUnavailable(f"The database {path} cannot be opened: {error.strerror}.") from None


def with_logs(path: Path) -> tuple[Path, Path, Path]:
    """A database's file, and what SQLite keeps beside it while it is open: the write-ahead log, and shared memory."""
    return path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def restrict(path: Path) -> None:
    """Lets only the owner read the file; SQLite gives its logs the same rights. A disk without rights keeps its own."""
    with suppress(OSError):
        if not path.exists():
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        for part in with_logs(path):
            if part.exists() and part.stat().st_mode & 0o077:
                part.chmod(0o600)


def has_log(path: Path) -> bool:
    """Whether SQLite keeps rows in a log beside the file, as after a crash and while the database is open."""
    _, log, _ = with_logs(path)
    return log.exists() and log.stat().st_size > 0
