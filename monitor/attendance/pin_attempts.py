"""Number and PIN instead of a face: who they belong to, and when no more tries are taken."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from math import ceil
from typing import Final
from uuid import UUID

from sqlalchemy import Engine

from db import audit
from db.engine import reading, writing
from db.people import pins
from monitor.attendance.pin import hash_pin, is_pin

MOST_WRONG: Final = 5
"""So many wrong tries one after the other lock the entry."""
LOCKED_FOR: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Tries:
    """The tries at one door since the last right one."""

    wrong: int = 0
    locked_until: datetime | None = None

    def seconds_left(self, now: datetime) -> int:
        """Seconds until a try is taken again, rounded up; 0 when it is."""
        left = self.locked_until - now if self.locked_until else timedelta()
        return max(0, ceil(left.total_seconds()))

    def after_wrong(self, now: datetime) -> "Tries":
        """One more wrong try; the fifth locks and begins to count anew."""
        if self.wrong + 1 < MOST_WRONG:
            return Tries(self.wrong + 1, None)
        return Tries(0, now + LOCKED_FOR)


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


@cache
def _nobodys() -> str:
    return hash_pin(secrets.token_hex())
