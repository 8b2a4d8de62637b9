"""How many wrong PINs lock a number or a desk, and for how long."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Final

from db.records.people import PinTries


@dataclass(frozen=True, slots=True)
class Limit:
    """From the `most`th wrong PIN on each locks, for twice as long as the one before."""

    most: int
    first: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(hours=1)
    forgotten: timedelta = timedelta(days=1)
    """So long after the last wrong PIN the count begins anew."""


NUMBER: Final = Limit(5)
"""For one personnel number, or the admin PIN."""
DESK: Final = Limit(20, forgotten=timedelta(hours=2))
"""For everything that is typed into one database: who tries many numbers is stopped, too."""
NONE: Final = PinTries(0, None, None)


def after_wrong(tries: PinTries, limit: Limit, now: datetime) -> PinTries:
    """After one more wrong PIN."""
    forgotten = tries.last_at is not None and now - tries.last_at > limit.forgotten
    wrong = 1 if forgotten else tries.wrong + 1
    if wrong < limit.most:
        return PinTries(wrong, now, None)
    doublings = min(wrong - limit.most, 20)
    return PinTries(wrong, now, now + min(limit.first * 2**doublings, limit.longest))


def seconds_left(tries: PinTries, now: datetime) -> int:
    """Seconds until the next try is taken, rounded up; 0 when it is taken now."""
    left = tries.locked_until - now if tries.locked_until else timedelta()
    return max(0, ceil(left.total_seconds()))
