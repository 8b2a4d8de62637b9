"""Puts a backup in the place of the database."""

import secrets
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Unpack, cast
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import audit, backup
from db.attendance import ledger
from db.crypto import TemplateCipher, bound_key
from db.engine import open_database, reading, remove_database, writing
from db.errors import DatabaseDamaged, DatabaseError, DatabaseUnavailable, WrongKey
from db.key_store import KEY_FILE, retired_ciphers
from db.location import sqlite_file
from db.people import consents, people, pins
from db.privacy import erasure
from db.privacy.rotation import reencrypt
from db.programs import keys
from db.proof import heads
from db.proof.heads import HEADS_FILE, Noted
from db.proof.key import ProofKey, proof_key
from db.records.people import ConsentKind
from monitor.config import Settings
from monitor.desk.actor import Actor
from monitor.desk.maintenance import system, upkeep
from monitor.desk.people.act_words import ACTS
from monitor.errors import UsageError
from monitor.text import few


@dataclass(frozen=True, slots=True)
class Lost:
    """What the database has that is replaced, and the backup does not have."""

    events: int
    """Attendance events."""
    acts: Mapping[str, int]
    """How often people did what at the desk, by the audit log's word for it; the most frequent first."""

    @property
    def any(self) -> bool:
        """Whether anything is thrown back."""
        return bool(self.events or self.acts)


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that took the place of the database."""

    people: int
    """Those who are recognised."""
    inactive: int
    """Those who are kept, but not recognised any more."""
    events: int
    aside: Path | None
    """The database as it was before; None where there was none."""
    lost: Lost
    """What that one has and the backup does not."""
    erased_again: int
    """People who were erased since the backup was made, and are erased now too."""
    taken_over: int
    """Refusals, deactivations, changed PINs and revoked keys since the backup was made, which hold now too."""


def restore(
    settings: Settings,
    cipher: TemplateCipher,
    file: Path,
    folder: Path,
    *,
    agreed: Callable[[Lost], bool] = lambda _: True,
    **by: Unpack[Actor],
) -> Restored:
    """Puts a backup in the place of the database, which is kept beside it under another name.

    The backup is checked first: its file, its ledger and its key. Tables of an older Muster are upgraded in the copy;
    what is sealed with an older key, which a rotation kept, is sealed with the present one there. Who was erased since
    the backup was made is erased again; refusals, deactivations, PINs and revoked keys are taken over as they are in
    the database that is replaced.

    Args:
        folder: with the keys, and the file of noted heads; a new one says that a backup was put in place.
        agreed: asked once the backup is proved whole, where the database has anything that the backup does not have.

    Raises:
        UsageError: the database is not SQLite, there is no such file, or it was not agreed.
        WrongKey: the backup was sealed with a key that is not here.
        DatabaseError: the backup is not whole; the database is as it was.
    """
    database = sqlite_file(settings.db)
    if database is None:
        raise UsageError("PostgreSQL is restored with its own pg_restore; run that on the server.")
    if not file.is_file():
        raise UsageError(f"There is no file {file}; 'muster db backup' makes one.")
    copy = database.with_name(f".{database.name}.{secrets.token_hex(4)}")
    try:
        with ExitStack() as opened:
            opened.callback(remove_database, copy)
            old = _open_if_possible(database)
            if old is not None:
                opened.callback(old.dispose)
            database.parent.mkdir(parents=True, exist_ok=True)
            backup.copy_backup(file, copy)
            restored = open_database(str(copy), create=False)
            opened.callback(restored.dispose)
            key = _key_of(restored, cipher, file, folder)
            _require_whole(restored, key, file, heads.read(folder / HEADS_FILE, _proof_keys(key, cipher), None))
            since, lost = _since(old), _lost(old, restored)
            if lost.any and not agreed(lost):
                raise UsageError("Nothing was restored; answer y, or give --yes.")
            backed_up = heads.current(restored, by["at"])
            _seal_with(restored, key, cipher, **by)
            gone, taken_over = _erase_again(restored, since.erased, **by), _take_over(restored, since, **by)
            count, inactive, events = _note(restored, file, since.events if old is not None else None, **by)
            restored.dispose()
            aside = database.with_name(upkeep.aside_name(database, by["at"]))
            kept = aside if database.exists() else None
            backup.put_in_place(copy, database, aside)
            engine = open_database(settings.db)
            opened.callback(engine.dispose)
            heads.open_with(engine, cipher, folder)
            heads.note(engine, by["at"], restored=backed_up)
    except OSError as error:
        raise DatabaseUnavailable(f"{file} cannot be restored: {error.strerror}.") from None
    return Restored(count, inactive, events, kept, lost, gone, taken_over)


def _seal_with(restored: Engine, key: TemplateCipher, cipher: TemplateCipher, **by: Unpack[Actor]) -> None:
    """Seals with the present key what was sealed with the backup's; what is written from here on is proved with it."""
    heads.open_with(restored, key, None)
    if key is not cipher:
        with writing(restored) as session:
            reencrypt(session, key, cipher, **by)
        heads.open_with(restored, cipher, None)


def _note(restored: Engine, file: Path, before: int | None, **by: Unpack[Actor]) -> tuple[int, int, int]:
    """Says in the audit log that a backup took the place of the database; counts its people, inactive ones and events.

    Args:
        before: events of the database that is replaced; None where there was none that could be read.
    """
    with writing(restored) as session:
        count, events = people.count_people(session), ledger.count(session)
        inactive = people.count_people(session, active=False)
        told = None if before is None else {"events": before}
        detail = {"file": str(file), "before": told, "after": {"events": events}}
        audit.note(session, "restore", detail=detail, **by)
    return count, inactive, events


def _key_of(restored: Engine, cipher: TemplateCipher, file: Path, folder: Path) -> TemplateCipher:
    """The key with which a backup was made: the present one, or one that a rotation kept. Raises: WrongKey."""
    with reading(restored) as session:
        bound = bound_key(session)
    if bound is None:
        return cipher
    known = {one.key_id: one for one in (*retired_ciphers(folder), cipher)}
    if bound not in known:
        raise WrongKey(
            f"The backup {file} was made with the key {bound}, which is not here; put it into "
            f"{folder / f'{KEY_FILE}.{bound}'}, or restore another backup."
        )
    return known[bound]


def _proof_keys(*ciphers: TemplateCipher) -> dict[str, ProofKey]:
    return {one.id: one for one in map(proof_key, ciphers)}


def _require_whole(engine: Engine, cipher: TemplateCipher, file: Path, noted: Noted) -> None:
    found = system.verify(engine, cipher).problems
    if heads.is_emptied(heads.current(engine, datetime.now(UTC)), noted):
        found = (*found, heads.EMPTIED)
    if found:
        raise DatabaseDamaged(f"The backup {file} is not whole: {few(found)}; restore another one.")


def _lost(old: Engine | None, restored: Engine) -> Lost:
    """What the old database has behind the last row that both have; nothing where it is missing or damaged."""
    if old is None:
        return Lost(0, {})
    try:
        with reading(old) as before, reading(restored) as after:
            events = ledger.count(before)
            common = bisect(range(1, events + 1), False, key=lambda seq: _differs(before, after, seq))
            gone = audit.actions(before)
            for id in audit.actions(after):
                gone.pop(id, None)
    except DatabaseError:
        return Lost(0, {})
    return Lost(events - common, dict(Counter(one for one in gone.values() if one in ACTS).most_common()))


def _differs(before: Session, after: Session, seq: int) -> bool:
    return ledger.hash_of(before, seq) != ledger.hash_of(after, seq)


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


def _erase_again(restored: Engine, pseudonyms: Collection[UUID], **by: Unpack[Actor]) -> int:
    """Erases in the restored database who was erased in the old one since."""
    with writing(restored) as session:
        gone = erasure.known_by(session, pseudonyms)
        for person in gone:
            erasure.erase(session, person, **by)
    return len(gone)


def _take_over(restored: Engine, since: _Since, **by: Unpack[Actor]) -> int:
    """Has what was forbidden since the backup was made stay so; returns how many decisions these are."""
    with writing(restored) as session:
        there = {one.id: one for one in people.members(session)}
        refused = {one for one in since.refused if one[0] in there} - consents.refusals(session)
        inactive = {id for id in since.inactive if id in there and there[id].active}
        before = pins.all_hashes(session)
        changed = {id: pin for id, pin in since.pins.items() if id in there and before[id] != pin}
        revoked = {one.name for one in keys.all_keys(session) if one.revoked_at is None and one.name in since.revoked}
        for person, kind in refused:
            consents.set_consent(session, person, cast(ConsentKind, kind), False, **by)
        for person in inactive:
            people.set_active(session, person, False, **by)
        for person, pin in changed.items():
            pins.set_pin(session, person, pin if there[person].number else None)
        for name in revoked:
            keys.revoke(session, name, **by)
    return len(refused) + len(inactive) + len(changed) + len(revoked)
