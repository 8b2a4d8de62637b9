"""Puts a backup in the place of the database."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from db import audit, backup
from db.attendance import ledger
from db.crypto import TemplateCipher, bound_key
from db.engine import open_database, reading, writing
from db.errors import DatabaseDamaged, DatabaseError, DatabaseUnavailable, WrongKey
from db.people import people
from db.privacy import erasure
from db.proof import heads
from monitor.config import Settings
from monitor.desk.maintenance import system
from monitor.errors import UsageError


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that took the place of the database."""

    people: int
    events: int
    aside: Path | None
    """The database as it was before; None where there was none."""
    newer_events: int
    """Attendance events of the old database that are not in the backup."""
    erased_again: int
    """People who were erased since the backup was made, and are erased now too."""


def restore(
    settings: Settings, cipher: TemplateCipher, file: Path, heads_folder: Path, *, at: datetime, actor: str
) -> Restored:
    """Puts a backup in the place of the database, which is kept beside it under another name.

    The backup is checked first: its file, its ledger and its key. Tables of an older Muster are upgraded in the copy.
    Who was erased since the backup was made is erased again.

    Args:
        heads_folder: with the file of noted heads; a new one says that a backup was put in place.

    Raises:
        UsageError: the database is not SQLite, or there is no such file.
        WrongKey: the backup's faces were sealed with another key than this installation's.
        DatabaseError: the backup is not whole; the database is as it was.
    """
    if settings.db.startswith("postgresql"):
        raise UsageError("PostgreSQL is restored with its own pg_restore; run that on the server.")
    if not file.is_file():
        raise UsageError(f"There is no file {file}; 'muster db backup' makes one.")
    database = _database(settings)
    old = _open_if_possible(database)
    copy = database.with_name(f".{database.name}.{secrets.token_hex(4)}")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        backup.copy_backup(file, copy)
        restored = open_database(str(copy), create=False)
        _require_whole(restored, cipher, file)
        heads.open_with(restored, cipher, None)
        gone = _erase_again(restored, old, at=at, actor=actor)
        with writing(restored) as session:
            count, events = people.count_people(session), ledger.count(session)
            newer = _events_after(old, events)
            before = {"events": events + newer} if old is not None else None
            detail = {"file": str(file), "before": before, "after": {"events": events}}
            audit.note(session, "restore", at=at, actor=actor, detail=detail)
        restored.dispose()
        aside = database.with_name(f"{database.stem}-before-{at:%Y%m%d-%H%M%S}{database.suffix}")
        kept = aside if database.exists() else None
        backup.put_in_place(copy, database, aside)
        engine = open_database(settings.db)
        heads.open_with(engine, cipher, heads_folder)
        heads.note(engine, at, restored=True)
        engine.dispose()
    except OSError as error:
        raise DatabaseUnavailable(f"{file} cannot be restored: {error.strerror}.") from None
    finally:
        if old is not None:
            old.dispose()
        for ending in ("", "-wal", "-shm"):
            copy.with_name(copy.name + ending).unlink(missing_ok=True)
    return Restored(count, events, kept, newer, gone)


def _database(settings: Settings) -> Path:
    return Path(settings.db.removeprefix("sqlite:///")).expanduser()


def _require_whole(engine: Engine, cipher: TemplateCipher, file: Path) -> None:
    found = system.verify(engine, cipher).problems
    if found:
        raise DatabaseDamaged(f"The backup {file} is not whole: {'; '.join(found)}; restore another one.")
    with reading(engine) as session:
        if bound_key(session) not in (None, cipher.key_id):
            raise WrongKey(
                f"The faces in {file} were encrypted with another key; put the key of that time beside the settings, "
                "or give it in MUSTER_KEY."
            )


def _open_if_possible(database: Path) -> Engine | None:
    """The database that is to be replaced; None where it is missing or damaged, which a backup is put back for."""
    try:
        return open_database(str(database), read_only=True, upgrade=False)
    except DatabaseError:
        return None


def _erase_again(restored: Engine, old: Engine | None, *, at: datetime, actor: str) -> int:
    """Erases in the restored database who was erased in the old one since."""
    if old is None:
        return 0
    with reading(old) as session:
        pseudonyms = erasure.erased_pseudonyms(session)
    with writing(restored) as session:
        gone = erasure.known_by(session, pseudonyms)
        for person in gone:
            erasure.erase(session, person, at=at, actor=actor)
    return len(gone)


def _events_after(old: Engine | None, events: int) -> int:
    """How many attendance events the old database has beyond this number."""
    if old is None:
        return 0
    with reading(old) as session:
        return max(ledger.count(session) - events, 0)
