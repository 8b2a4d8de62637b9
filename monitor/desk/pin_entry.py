"""Door PINs, which people type after their number when the camera does not know them, and the admin PIN."""

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
from monitor.config_file import save_setting


def person_of(engine: Engine, number: str, pin: str) -> UUID | None:
    """The person with this number and PIN; None when either is wrong. A number that nobody has takes as long.

    Raises:
        DatabaseError: the database cannot be read.
        SettingsError: the stored PIN hash is unreadable.
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
    """Write into the audit log that the PIN entry of a kiosk was locked after wrong tries.

    Raises:
        DatabaseError: the database cannot be written.
    """
    with writing(engine) as session:
        audit.note(session, f"lock {entry}", at=now, actor=kiosk, detail={"wrong_tries": MOST_WRONG})


def write_admin_pin(file: Path, pin: str) -> str:
    """Write the hash of the admin PIN into the configuration file, or none for an empty PIN; other lines stay.

    Returns:
        The hash, or an empty text.

    Raises:
        SettingsError: the file is not TOML, or cannot be written.
    """
    kept = hash_pin(pin) if pin else ""
    save_setting(file, "admin_pin_hash", kept)
    return kept


@cache
def _nobodys() -> str:
    return hash_pin(secrets.token_hex())
