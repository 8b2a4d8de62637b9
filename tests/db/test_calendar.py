"""On which days a shift starts, and how long it is."""

from datetime import date, time, timedelta

import pytest

from db.calendar import Shift
from db.ids import new_id

MONDAY = date(2026, 11, 23)


def shift(**values: object) -> Shift:
    return Shift(new_id(), **{"weekdays": frozenset(range(5)), "start": time(9), "end": time(17)} | values)  # type: ignore[arg-type]


def starts(one: Shift, days: int) -> list[int]:
    """Offsets from the Monday of the days on which the shift starts."""
    return [offset for offset in range(days) if one.starts_on(MONDAY + timedelta(days=offset))]


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [("09:00", "17:00", 8), ("22:00", "06:00", 8), ("16:00", "00:00", 8), ("07:00", "07:00", 24)],
)
def test_a_shift_that_does_not_end_after_its_start_ends_on_the_next_day(start: str, end: str, hours: int) -> None:
    assert shift(start=time.fromisoformat(start), end=time.fromisoformat(end)).length == timedelta(hours=hours)


def test_a_shift_starts_on_its_weekdays_while_it_is_valid() -> None:
    assert starts(shift(), 8) == [0, 1, 2, 3, 4, 7]
    ended = shift(valid_from=MONDAY + timedelta(days=2), valid_to=MONDAY + timedelta(days=7))
    assert starts(ended, 15) == [2, 3, 4, 7]


def test_weeks_are_counted_from_the_week_of_the_first_day() -> None:
    every_third = shift(weekdays=frozenset({0, 4}), valid_from=MONDAY + timedelta(days=3), every_weeks=3)
    assert starts(every_third, 40) == [4, 21, 25]
