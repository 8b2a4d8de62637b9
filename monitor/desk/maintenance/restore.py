"""Puts a backup in the place of the database."""

import secrets
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast
from uuid import UUID

from sqlalchemy import Engine

from db import audit, backup
from db.attendance import ledger
from db.crypto import TemplateCipher, bound_key
from db.engine import open_database, reading, sqlite_file, writing
from db.errors import DatabaseDamaged, DatabaseError, DatabaseUnavailable, WrongKey
from db.people import consents, people, pins
from db.privacy import erasure
from db.programs import keys
from db.proof import heads
from db.records.people import ConsentKind
from monitor.config import Settings
from monitor.desk.maintenance import system, upkeep
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
    taken_over: int
    """Refusals, deactivations, changed PINs and revoked keys since the backup was made, which hold now too."""


def restore(
    settings: Settings, cipher: TemplateCipher, file: Path, heads_folder: Path, *, at: datetime, actor: str
) -> Restored:
    """Puts a backup in the place of the database, which is kept beside it under another name.

    The backup is checked first: its file, its ledger and its key. Tables of an older Muster are upgraded in the copy.
    Who was erased since the backup was made is erased again; refusals, deactivations, PINs and revoked keys are taken
    over as they are in the database that is replaced.

    Args:
        heads_folder: with the file of noted heads; a new one says that a backup was put in place.

    Raises:
        UsageError: the database is not SQLite, or there is no such file.
        WrongKey: the backup's faces were sealed with another key than this installation's.
        DatabaseError: the backup is not whole; the database is as it was.
    """
    database = sqlite_file(settings.db)
    if database is None:
        raise UsageError("PostgreSQL is restored with its own pg_restore; run that on the server.")
    if not file.is_file():
        raise UsageError(f"There is no file {file}; 'muster db backup' makes one.")
    old = _open_if_possible(database)
    opened = ExitStack()
    if old is not None:
        opened.callback(old.dispose)
    copy = database.with_name(f".{database.name}.{secrets.token_hex(4)}")
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
        backup.copy_backup(file, copy)
        restored = open_database(str(copy), create=False)
        opened.callback(restored.dispose)
        _require_whole(restored, cipher, file)
        backed_up = heads.current(restored, at)
        heads.open_with(restored, cipher, None)
        since = _since(old)
        gone = _erase_again(restored, since.erased, at=at, actor=actor)
        taken_over = _take_over(restored, since, at=at, actor=actor)
        with writing(restored) as session:
            count, events = people.count_people(session), ledger.count(session)
            newer = max(since.events - events, 0)
            before = {"events": events + newer} if old is not None else None
            detail = {"file": str(file), "before": before, "after": {"events": events}}
            audit.note(session, "restore", at=at, actor=actor, detail=detail)
        restored.dispose()
        aside = database.with_name(upkeep.aside_name(database, at))
        kept = aside if database.exists() else None
        backup.put_in_place(copy, database, aside)
        engine = open_database(settings.db)
        opened.callback(engine.dispose)
        heads.open_with(engine, cipher, heads_folder)
        heads.note(engine, at, restored=backed_up)
    except OSError as error:
        raise DatabaseUnavailable(f"{file} cannot be restored: {error.strerror}.") from None
    finally:
        opened.close()
        for ending in ("", "-wal", "-shm"):
            copy.with_name(copy.name + ending).unlink(missing_ok=True)
    return Restored(count, events, kept, newer, gone, taken_over)


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


@dataclass(frozen=True, slots=True)
class _Since:
    """What the database that is replaced says, and the backup may not know yet."""

    erased: Collection[UUID] = ()
    """Pseudonyms of people who were erased."""
    refused: Collection[consents.Decided] = ()
    inactive: Collection[UUID] = ()
    pins: Mapping[UUID, str | None] = field(default_factory=dict)
    """The hash of each person's PIN."""
    revoked: Collection[str] = ()
    """Names of keys of the HTTP interface."""
    events: int = 0


def _since(old: Engine | None) -> _Since:
    """Nothing where the database is missing or damaged, which a backup is put back for."""
    if old is None:
        return _Since()
    try:
        with reading(old) as session:
            everybody = people.members(session)
            return _Since(
                erasure.erased_pseudonyms(session),
                consents.refusals(session),
                {one.id for one in everybody if not one.active},
                pins.all_hashes(session),
                {key.name for key in keys.all_keys(session) if key.revoked_at is not None},
                ledger.count(session),
            )
    except DatabaseError:
        return _Since()


def _erase_again(restored: Engine, pseudonyms: Collection[UUID], *, at: datetime, actor: str) -> int:
    """Erases in the restored database who was erased in the old one since."""
    with writing(restored) as session:
        gone = erasure.known_by(session, pseudonyms)
        for person in gone:
            erasure.erase(session, person, at=at, actor=actor)
    return len(gone)


def _take_over(restored: Engine, since: _Since, *, at: datetime, actor: str) -> int:
    """Has what was forbidden since the backup was made stay so; returns how many decisions these are."""
    with writing(restored) as session:
        there = {one.id: one for one in people.members(session)}
        refused = {one for one in since.refused if one[0] in there} - consents.refusals(session)
        inactive = {id for id in since.inactive if id in there and there[id].active}
        before = pins.all_hashes(session)
        changed = {id: pin for id, pin in since.pins.items() if id in there and before[id] != pin}
        revoked = {one.name for one in keys.all_keys(session) if one.revoked_at is None and one.name in since.revoked}
        for person, kind in refused:
            consents.set_consent(session, person, cast(ConsentKind, kind), False, at=at, actor=actor)
        for person in inactive:
            people.set_active(session, person, False, at=at, actor=actor)
        for person, pin in changed.items():
            pins.set_pin(session, person, pin if there[person].number else None)
        for name in revoked:
            keys.revoke(session, name, at=at, actor=actor)
    return len(refused) + len(inactive) + len(changed) + len(revoked)
