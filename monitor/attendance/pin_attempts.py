"""How many wrong PINs lock the PIN entry of a door, and for how long."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

MOST_WRONG: Final = 5
"""So many wrong PINs in a row lock the PIN entry."""
LOCKED_FOR: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Tries:
    """The wrong PINs at one door since the last right one."""

    wrong: int = 0
    locked_until: datetime | None = None

    def seconds_left(self, now: datetime) -> int:
        """Seconds until the PIN entry is unlocked, rounded up; 0 when it is not locked."""
        left = self.locked_until - now if self.locked_until else timedelta()
        return max(0, ceil(left.total_seconds()))

    def after_wrong(self, now: datetime) -> "Tries":
        """After one more wrong PIN; the fifth locks the PIN entry and sets the count to 0."""
        if self.wrong + 1 < MOST_WRONG:
            return Tries(self.wrong + 1, None)
        return Tries(0, now + LOCKED_FOR)
