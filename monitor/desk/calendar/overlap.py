"""Whether two shifts are at the same time. Pure functions."""

from collections.abc import Iterable
from datetime import timedelta
from math import gcd
from typing import Final

from db.calendar import Shift, monday

_WEEK: Final = 7 * 24 * 60


def overlap(one: Shift, other: Shift) -> bool:
    """Whether two shifts are at the same time on some day, by their weekdays, their times and their weeks."""
    common = gcd(one.every_weeks, other.every_weeks)
    between = (
        (monday(other.valid_from) - monday(one.valid_from)).days // 7 if one.valid_from and other.valid_from else 0
    )
    return any(
        (later - between) % common == 0 and start < end_other + later * _WEEK and start_other + later * _WEEK < end
        for start, end in _minutes(one)
        for start_other, end_other in _minutes(other)
        for later in (-1, 0, 1)
    )


def _minutes(shift: Shift) -> Iterable[tuple[int, int]]:
    """Start and end of each day's shift, in minutes from Monday."""
    begin = shift.start.hour * 60 + shift.start.minute
    length = shift.length // timedelta(minutes=1)
    return [(day * 1440 + begin, day * 1440 + begin + length) for day in sorted(shift.weekdays)]
