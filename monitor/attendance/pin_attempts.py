"""How many wrong PINs are taken at one door, and for how long none is taken after that."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

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
