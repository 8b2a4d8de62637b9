"""Door PINs, which people type after their number when the camera does not know them, and the admin PIN.

Wrong PINs are counted in the database: for each number, and for everything that is typed into one database. A try is
counted before the PIN is verified, so that programs that try at once gain nothing; a right PIN takes back its own.
"""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Final, Literal, Unpack
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import audit
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.errors import DatabaseBusy, DatabaseFull, DatabaseUnavailable, InvalidRecord
from db.names import clean
from db.people import desk_users, pin_tries, pins
from db.proof.key import ProofKey, known_peppers, pepper, proof_key, site_peppers
from db.records.people import DeskUser, PinTries
from monitor.attendance.pin import Peppers, hash_pin, is_outdated, is_pin, pin_fault
from monitor.attendance.pin_attempts import DESK, NONE, NUMBER, Limit, after_wrong, seconds_left
from monitor.config_file import save_setting
from monitor.desk.actor import Actor
from monitor.errors import SettingsError, UsageError

_DESK: Final = "desk"
_ADMIN: Final = "admin PIN"


@dataclass(frozen=True, slots=True)
class PinAnswer:
    """What came of a try."""

    person: UUID | None
    """Whose number and PIN it is; None where either is wrong, and for the admin PIN."""
    right: bool
    seconds_left: int = 0
    """Seconds until the next try is taken; the PIN was not verified, or was the wrong one that locked."""
    at_desk: str = ""
    """The name of who works at the desk with this PIN; empty for the admin PIN."""


def peppers(session: Session, cipher: TemplateCipher) -> Peppers:
    """What PINs are hashed with here. Raises: DatabaseError."""
    elsewhere = frozenset(site_peppers(session, cipher))
    return Peppers(proof_key(cipher).id, known_peppers(session, cipher), elsewhere)


def person_of(engine: Engine, cipher: TemplateCipher, number: str, pin: str, *, at: datetime, actor: str) -> PinAnswer:
    """Tries a number with a PIN. A number that nobody has is answered, counted and locked as any other.

    Args:
        actor: the kiosk's name, for the audit log.

    Raises:
        DatabaseError: the database cannot be read or written.
        SettingsError: the stored PIN hash is unreadable.
    """
    scope = _scope(proof_key(cipher), number)
    left = _begin_try(engine, {scope: NUMBER, _DESK: DESK}, at=at)
    if left:
        return PinAnswer(None, right=False, seconds_left=left)
    with reading(engine) as session:
        found = pins.find(session, number)
        known = peppers(session, cipher)
    kept = found.pin_hash if found else None
    right = is_pin(pin, kept or _nobodys(known.current), known)
    if found is None or not kept or not right:
        return PinAnswer(None, right=False, seconds_left=_note_wrong(engine, scope, "PIN entry", at=at, actor=actor))
    with writing(engine) as session:
        _forgive(session, scope)
        if is_outdated(kept, known):
            pins.set_pin(session, found.person_id, hash_pin(pin, known))
    return PinAnswer(found.person_id, right=True)


def unlock(engine: Engine, cipher: TemplateCipher, pin: str, kept: str, *, at: datetime, actor: str) -> PinAnswer:
    """Tries the admin PIN, or that of somebody who works at the desk.

    Args:
        kept: the hash of the admin PIN.

    Raises:
        DatabaseError: the database cannot be read or written, for a reason that waiting does not mend.
        SettingsError: the hash is unreadable.
    """
    try:
        left = _begin_try(engine, {_ADMIN: NUMBER}, at=at)
        with reading(engine) as session:
            known, users = peppers(session, cipher), desk_users.all_users(session)
    except (DatabaseUnavailable, DatabaseBusy, DatabaseFull):
        # A kiosk whose database is away can be closed by who knows the PIN; nothing of the desk opens without it.
        return _unlock_away(cipher, pin, kept, at)
    if left:
        return PinAnswer(None, right=False, seconds_left=left)
    who = at_desk(pin, kept, users, known)
    if who is None:
        return PinAnswer(None, right=False, seconds_left=_note_wrong(engine, _ADMIN, _ADMIN, at=at, actor=actor))
    with writing(engine) as session:
        _forgive(session, _ADMIN, desk=False)
        audit.note(session, "unlock desk", at=at, actor=who or actor)
    return PinAnswer(None, right=True, at_desk=who)


def at_desk(pin: str, kept: str, users: Sequence[DeskUser], known: Peppers) -> str | None:
    """Whose PIN of the desk it is: the name, empty for the admin PIN, None for nobody's. It takes some 80 ms each.

    Args:
        kept: the hash of the admin PIN.

    Raises:
        SettingsError: that hash is unreadable.
    """
    if is_pin(pin, kept, known):
        return ""
    return next((one.name for one in users if _has(one, pin, known)), None)


def _has(user: DeskUser, pin: str, known: Peppers) -> bool:
    try:
        return is_pin(pin, user.pin_hash, known)
    except SettingsError:  # set with a key that is not here: it opens nothing, and keeps nobody else out
        return False


def _unlock_away(cipher: TemplateCipher, pin: str, kept: str, at: datetime) -> PinAnswer:
    """Tries the admin PIN while the database is away: wrong ones are counted by this program, with the same waits."""
    here = proof_key(cipher).id
    with _COUNTING:
        tries = _AWAY.get(kept, NONE)
        left = seconds_left(tries, at)
        if left:
            return PinAnswer(None, right=False, seconds_left=left)
        _AWAY[kept] = after_wrong(tries, NUMBER, at)
    if not is_pin(pin, kept, Peppers(here, {here: pepper(cipher)})):
        return PinAnswer(None, right=False, seconds_left=seconds_left(_AWAY.get(kept, NONE), at))
    _AWAY.pop(kept, None)
    return PinAnswer(None, right=True)


_AWAY: Final[dict[str, PinTries]] = {}
"""Wrong admin PINs while the database was away, by the PIN's hash."""
_COUNTING: Final = Lock()


def in_use(engine: Engine) -> bool:
    """Whether anybody has a PIN. Raises: DatabaseError."""
    with reading(engine) as session:
        return pins.any_set(session)


def write_admin_pin(
    engine: Engine, cipher: TemplateCipher, file: Path, pin: str, *, shortest: int, **by: Unpack[Actor]
) -> str:
    """Write the hash of the admin PIN into the configuration file, or none for an empty PIN; other lines stay.

    Returns:
        The hash, or an empty text.

    Raises:
        UsageError: the PIN is too short, or has other characters than digits.
        SettingsError: the file is not TOML, or cannot be written.
        DatabaseError: the audit log cannot be written; the PIN is then as before.
    """
    if pin and (fault := pin_fault(pin, shortest)):
        raise UsageError(fault)
    with writing(engine) as session:
        known = peppers(session, cipher)
        if pin and any(_has(one, pin, known) for one in desk_users.all_users(session)):
            raise UsageError("This PIN cannot be used; choose another one.", code="pin-taken")
        kept = hash_pin(pin, known) if pin else ""
        audit.note(session, "set admin pin" if kept else "remove admin pin", **by)
        save_setting(file, "admin_pin_hash", kept)
    return kept


def _begin_try(engine: Engine, limits: dict[str, Limit], *, at: datetime) -> int:
    """Counts a try as wrong. Gives the seconds until one is taken, where none is taken now; then nothing is counted."""
    with writing(engine) as session:
        known = {scope: pin_tries.load(session, scope) for scope in limits}
        left = max(seconds_left(tries, at) for tries in known.values())
        if left == 0:
            for scope, limit in limits.items():
                pin_tries.save(session, scope, after_wrong(known[scope], limit, at))
    return left


def _note_wrong(
    engine: Engine, scope: str, entry: Literal["PIN entry", "admin PIN"], *, at: datetime, actor: str
) -> int:
    """Writes a wrong try into the audit log, without number or name; gives the seconds until the next is taken."""
    with writing(engine) as session:
        tries = pin_tries.load(session, scope)
        left = max(seconds_left(tries, at), seconds_left(pin_tries.load(session, _DESK), at))
        detail = {"entry": entry, "wrong_tries": tries.wrong}
        audit.note(session, "wrong pin", at=at, actor=actor, detail=detail)
        if left:
            audit.note(
                session, f"lock {entry}", at=at, actor=actor, detail={"wrong_tries": tries.wrong, "seconds": left}
            )
    return left


def _forgive(session: Session, scope: str, *, desk: bool = True) -> None:
    """Forgets the wrong PINs of a number; of the desk's, only the try that was right."""
    pin_tries.save(session, scope, NONE)
    if desk:
        tries = pin_tries.load(session, _DESK)
        fewer = max(0, tries.wrong - 1)
        pin_tries.save(session, _DESK, replace(tries, wrong=fewer, locked_until=None) if fewer else NONE)


def _scope(key: ProofKey, number: str) -> str:
    """A number, as it is looked up, as a keyed hash: what somebody typed may be a PIN by mistake."""
    with suppress(InvalidRecord):
        number = clean(number, "number")
    return "number:" + key.mac(f"number\n{number}")[:32]


@cache
def _nobodys(key: str) -> str:
    """A hash that no PIN has, made with the pepper of this id: a number that nobody has takes as long."""
    return hash_pin(secrets.token_hex(), Peppers(key, {key: secrets.token_bytes(32)}))
