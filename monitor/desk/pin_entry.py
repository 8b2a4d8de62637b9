"""Number and PIN instead of a face, and the PIN of the desk's screens: whose they are, and how they are kept."""

import secrets
from datetime import datetime
from functools import cache
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine

from db import audit
from db.engine import reading, writing
from db.people import pins
from monitor.attendance.pin import hash_pin, is_pin
from monitor.attendance.pin_attempts import MOST_WRONG
from monitor.config import save_setting


def person_of(engine: Engine, number: str, pin: str) -> UUID | None:
    """Whose number and PIN these are; None when either is wrong. It takes as long for a number that nobody has.

    Raises:
        DatabaseError: the database cannot be read.
        SettingsError: what is kept of the PIN is damaged.
    """
    with reading(engine) as session:
        found = pins.find(session, number)
    kept = found.pin_hash if found else None
    right = is_pin(pin, kept or _nobodys())
    return found.person_id if found and kept and right else None


def in_use(engine: Engine) -> bool:
    """Whether anybody has a PIN.

    Raises:
        DatabaseError: the database cannot be read.
    """
    with reading(engine) as session:
        return pins.any_set(session)


def note_lock(engine: Engine, kiosk: str, now: datetime, entry: str = "PIN entry") -> None:
    """Write into the audit log that an entry at a door was locked.

    Raises:
        DatabaseError: the database cannot be written.
    """
    with writing(engine) as session:
        audit.note(session, f"lock {entry}", at=now, actor=kiosk, detail={"wrong_tries": MOST_WRONG})


def write_admin_pin(file: Path, pin: str) -> str:
    """Put the hash of a PIN, or none for an empty one, into the configuration file; other lines stay.

    Returns:
        The hash, or an empty text.

    Raises:
        SettingsError: the file is no TOML, or cannot be written.
    """
    kept = hash_pin(pin) if pin else ""
    save_setting(file, "admin_pin_hash", kept)
    return kept


@cache
def _nobodys() -> str:
    return hash_pin(secrets.token_hex())
