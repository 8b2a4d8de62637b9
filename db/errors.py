"""What can go wrong with the database, each a `MusterError` whose text says what is wrong and what to do."""

import shutil
import sqlite3
from pathlib import Path
from typing import Final

from monitor.errors import MusterError


class DatabaseError(MusterError):
    """Something about the database that a user can understand and act on."""

    code = "database"


class InvalidRecord(DatabaseError):  # noqa: N818 - reads as a sentence where it is raised
    """A record cannot be stored or changed: it is not valid, or contradicts what is there."""

    exit_code = 2
    code = "invalid-record"


class DatabaseBusy(DatabaseError):  # noqa: N818
    """Another program holds the database; trying again later helps."""

    code = "database-busy"


class DatabaseFull(DatabaseError):  # noqa: N818
    """No room is left on the disk; making room helps."""

    code = "database-full"


class DatabaseUnavailable(DatabaseError):  # noqa: N818
    """The database cannot be reached, read or written at the moment."""

    code = "database-unavailable"


class Interrupted(DatabaseError):  # noqa: N818
    """The answer to a read is no longer wanted, so it was given up."""

    code = "interrupted"


class NoDatabase(DatabaseUnavailable):
    """There is no such file; most likely its name was mistyped."""

    exit_code = 2
    code = "no-database"

    def __init__(self, place: Path, settings: Path | None = None) -> None:
        """Settings: the file whose setting db named the place."""
        named = f" in {settings}" if settings else ""
        super().__init__(
            f"There is no database at {place}; correct --db or the setting db{named}, or begin with 'muster enroll' or "
            "'muster kiosk'."
        )
        self.place = place


class WrongUrl(DatabaseError):  # noqa: N818
    """The text is not the address of a database that Muster can use."""

    exit_code = 2
    code = "wrong-url"


class NameTaken(DatabaseError):  # noqa: N818
    """A file that was to be made is there already."""

    exit_code = 2
    code = "name-taken"


class DatabaseDamaged(DatabaseError):  # noqa: N818
    """The file is not a database of Muster, or is broken."""

    code = "database-damaged"


class NewerDatabase(DatabaseError):  # noqa: N818
    """The database was written by a newer version of Muster."""

    code = "newer-database"


class WrongKey(DatabaseError):  # noqa: N818
    """The face templates were encrypted with another key."""

    code = "wrong-key"


_ROOM: Final = 32 * 1024
"""Bytes of the shared memory that SQLite keeps in a file beside the database."""

_UNPROVED: Final = (
    "certificate verify failed", "does not match host name", "does not support SSL", "root certificate file",
)  # fmt: skip
"""What libpq says of a server that did not prove who it is; a connection that broke off says SSL, too."""
BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def explain(error: BaseException, where: str) -> DatabaseError | None:
    """The sentence for an error of a database driver; None when it is not about the database's condition.

    Args:
        error: what `sqlite3` or `psycopg` raised.
        where: the database, without a password.
    """
    if isinstance(error, sqlite3.Error):
        return _explain_sqlite(error, where)
    if isinstance(error, UnicodeDecodeError):
        return _damaged(where)
    if type(error).__module__.split(".")[0] == "psycopg":
        return _explain_postgresql(error, where)
    return None


def _no_room(file: str) -> bool:
    """Whether the disk of a SQLite file is full: reading a database that nobody has open needs 32 KiB beside it."""
    try:
        return shutil.disk_usage(Path(file).parent).free < _ROOM
    except OSError:
        return False


def _damaged(where: str) -> DatabaseDamaged:
    return DatabaseDamaged(f"The database {where} is damaged; restore it from a backup.")


def _explain_sqlite(error: sqlite3.Error, where: str) -> DatabaseError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in BUSY:
        return DatabaseBusy(f"The database {where} is locked by another program; close it or try again.")
    if code == sqlite3.SQLITE_INTERRUPT:
        return Interrupted("The read was given up because its answer is no longer wanted.")
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _no_room(where)):
        return DatabaseFull(f"The disk is full, so {where} cannot be used; make room and try again.")
    if code == sqlite3.SQLITE_READONLY:
        return DatabaseUnavailable(f"The database {where} is read-only; allow writing to the file and its folder.")
    if code == sqlite3.SQLITE_NOTADB:
        return DatabaseDamaged(f"{where} is not a database; give another file or move this one away.")
    if code == sqlite3.SQLITE_CORRUPT or str(error) == "unsupported file format":
        return _damaged(where)
    if code == sqlite3.SQLITE_CANTOPEN:
        return DatabaseUnavailable(
            f"The database {where} cannot be opened; check the rights of the file and its folder."
        )
    if code == sqlite3.SQLITE_IOERR:
        return DatabaseUnavailable(f"The disk that holds {where} cannot be read or written; check the disk.")
    return None


def _state_of_refusal(text: str) -> str:
    """The state behind a refused connection, which the driver only gives as text."""
    if "password authentication failed" in text or "no password supplied" in text:
        return "28P01"
    if "is not permitted to log in" in text:
        return "28000"
    return "3D000" if 'database "' in text and "does not exist" in text else ""


def _explain_postgresql(error: BaseException, where: str) -> DatabaseError | None:
    state = getattr(error, "sqlstate", None) or _state_of_refusal(str(error))
    if state == "53100":
        return DatabaseFull(f"The disk of the database {where} is full; make room there and try again.")
    if state in ("55P03", "40P01", "40001"):
        return DatabaseBusy(f"The database {where} is busy; try again.")
    if state in ("25006", "42501"):
        return DatabaseUnavailable(f"This user may not write to the database {where}; grant the user that right.")
    if state in ("28P01", "28000"):
        return DatabaseUnavailable(
            f"The database {where} refuses this user or password; check the URL, and whether the key of this kiosk was "
            "revoked."
        )
    if state == "3D000":
        return DatabaseUnavailable(f"The database {where} does not exist on its server; create it first.")
    if any(words in str(error) for words in _UNPROVED):
        here = any(f"@{host}" in where or f"//{host}" in where for host in ("localhost", "127.0.0.1", "[::1]"))
        advice = (
            "It runs on this machine, so sslmode=disable in the URL is enough."
            if here
            else "Give it a certificate, and name the one that signed it in the URL (sslrootcert=FILE)."
        )
        return DatabaseUnavailable(
            f"The server of {where} does not prove by a certificate that it is the right one. {advice}"
        )
    if type(error).__name__ in ("OperationalError", "InterfaceError", "ConnectionTimeout", "AdminShutdown"):
        return DatabaseUnavailable(f"The database {where} cannot be reached; check the server and the network.")
    return None
