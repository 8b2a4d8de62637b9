"""What a site chooses: how passages become stays, days and hours. Minutes are whole; seconds of a time are cut."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Literal, TypeAlias

Close: TypeAlias = Literal["never", "shift_end", "after_hours"]
Favour: TypeAlias = Literal["nearest", "person", "site"]
BreakMode: TypeAlias = Literal["rule", "punches"]
CountFrom: TypeAlias = Literal["arrival", "shift_start"]

TOGETHER: Final = 120
"""Shifts with less than so many minutes between them are one block; a stay may end so long after its block."""
SAME_ARRIVAL: Final = 60
"""Minutes in which a door of role in or out takes a second passage for the first."""
LONE_OUT: Final = 360
"""A check-out without its check-in belongs to a shift that ended up to so many minutes before."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Rules:
    """The settings of attendance; those of the doors are exact times, the others whole minutes."""

    cool_down: timedelta = timedelta(minutes=2)
    """Less than this after somebody was last seen is the same arrival, at every door."""
    between_doors: timedelta = timedelta(minutes=5)
    """Less than this after a passage at another door is the same arrival or departure, at a door of role auto."""
    max_stay: int = 960
    """So long a stay may last at least."""
    reach: int = 360
    """An arrival so long before a block of shifts belongs to it."""
    close: Close = "never"
    close_after: int = 600
    """For `after_hours`: minutes after the check-in."""
    rounding: int = 0
    """0, 5 or 15 minutes."""
    favour: Favour = "nearest"
    break_mode: BreakMode = "rule"
    break_after: int = 360
    """Presence in a shift of more than this has the shift's break taken off."""
    count_from: CountFrom = "arrival"
    overtime_tolerance: int = 0
    early_grace: int = 0


def minute_of(at: datetime) -> int:
    """Minutes since 1970 in UTC of an aware time, seconds cut."""
    return (at - _EPOCH) // _MINUTE


@lru_cache(1 << 14)
def instant_of(minute: int) -> datetime:
    """The time of a minute, in UTC."""
    return _EPOCH + minute * _MINUTE


@lru_cache(1 << 12)
def duration(minutes: int) -> timedelta:
    """So many minutes; kept, since a report asks for the same ones thousands of times."""
    return timedelta(minutes=minutes)
