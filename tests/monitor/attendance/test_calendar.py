"""Shifts become windows on the site's clock, and windows blocks."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from db.calendar import Shift
from monitor.attendance.calendar import blocks_of, day_bounds, dues, local_minute, windows_of
from monitor.attendance.rules import Rules, instant_of

BERLIN = ZoneInfo("Europe/Berlin")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def shift(start: str, end: str, **more: int) -> Shift:
    return Shift(UUID(int=1), frozenset(range(7)), time.fromisoformat(start), time.fromisoformat(end), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("day", "clock", "utc"),
    [
        (SPRING, "02:30", "01:00"),  # in the hour left out: where the clock lands, 03:00
        (SPRING, "03:00", "01:00"),
        (SPRING, "01:59", "00:59"),
        (AUTUMN, "02:30", "00:30"),  # in the hour that comes twice: the first
        (AUTUMN, "03:00", "02:00"),
    ],
)
def test_a_time_that_the_clock_leaves_out_or_shows_twice(day: date, clock: str, utc: str) -> None:
    found = instant_of(local_minute(day, time.fromisoformat(clock), BERLIN))
    assert found == datetime.combine(day, time.fromisoformat(utc), tzinfo=UTC)


def test_days_of_a_change_of_the_clock_have_their_real_length() -> None:
    for day, hours in ((SPRING, 23), (AUTUMN, 25), (date(2026, 7, 13), 24)):
        start, end = day_bounds(day, BERLIN)
        assert end - start == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [("22:00", "06:00", 8), ("16:00", "00:00", 8), ("07:00", "07:00", 24), ("09:00", "17:30", 8.5)],
)
def test_an_end_that_is_not_after_the_start_is_on_the_next_day(start: str, end: str, hours: float) -> None:
    (window,) = windows_of([shift(start, end)], date(2026, 7, 13), BERLIN)
    assert (window.end - window.start) / 60 == hours


def test_shifts_with_less_than_two_hours_between_them_are_one_block() -> None:
    day = date(2026, 7, 13)
    near = windows_of([shift("08:00", "12:00"), shift("13:59", "18:00")], day, BERLIN)
    far = windows_of([shift("08:00", "12:00"), shift("14:00", "18:00")], day, BERLIN)
    assert len(blocks_of(near, Rules())) == 1
    first, second = blocks_of(far, Rules())
    assert (first.middle, second.reach) == (second.start - 60, second.start - 60), "half of the gap"
    assert first.reach == first.start - 360


def test_half_a_day_is_half_of_all_shifts_of_the_day() -> None:
    windows = windows_of([shift("08:00", "12:00"), shift("16:00", "20:00")], date(2026, 7, 13), BERLIN)
    for free, expected in (("afternoon", (240, None)), ("morning", (None, 240))):
        assert tuple(due.minutes if due else None for due in dues(windows, [free])) == expected
    assert dues(windows, ["morning", "afternoon"]) == dues(windows, [None]) == (None, None)
    (office,) = windows_of([shift("09:00", "17:30", break_minutes=30)], date(2026, 7, 13), BERLIN)
    (left,) = dues([office], ["morning"])
    assert left
    assert (left.minutes, left.end - left.start, left.end) == (240, 240, office.end)
