"""Weekdays, times, minutes and days, as people type them."""

from collections.abc import Callable
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.calendar_text import (
    parse_clock,
    parse_day,
    parse_minutes,
    parse_month,
    parse_past_day,
    parse_weekdays,
    weekdays_text,
)
from monitor.errors import UsageError

TODAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri,sun", {0, 1, 2, 3, 4, 6}),
        ("Mo Tu, we", {0, 1, 2}),
        ("Saturday – Mon.", {5, 6, 0}),
        ("daily", set(range(7))),
        ("weekend", {5, 6}),
        ("thu", {3}),
    ],
)
def test_weekdays_are_read(text: str, days: set[int]) -> None:
    assert parse_weekdays(text) == days


@given(st.frozensets(st.integers(0, 6), min_size=1))
def test_weekdays_are_read_as_they_are_written(days: frozenset[int]) -> None:
    assert parse_weekdays(weekdays_text(days)) == days


@pytest.mark.parametrize(
    ("text", "clock"),
    [("8", time(8)), ("8:30", time(8, 30)), ("08.05", time(8, 5)), ("0830", time(8, 30)), ("24:00", time())],
)
def test_times_are_read(text: str, clock: time) -> None:
    assert parse_clock(text) == clock


@pytest.mark.parametrize(("text", "minutes"), [("10", 10), ("0:30", 30), ("1:15", 75), ("30 min", 30), ("none", 0)])
def test_minutes_are_read(text: str, minutes: int) -> None:
    assert parse_minutes(text, "break") == minutes


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-27", date(2026, 11, 27)),
        ("27.11.2026", date(2026, 11, 27)),
        ("27.11.", date(2026, 11, 27)),
        ("Fri 27 Nov", date(2026, 11, 27)),
        ("2 january", date(2027, 1, 2)),
        ("29 feb 2028", date(2028, 2, 29)),
        ("tomorrow", date(2026, 11, 27)),
        ("27 sep", date(2026, 9, 27)),
        ("26 sep", date(2027, 9, 26)),
    ],
)
def test_days_are_read_and_without_a_year_are_recent_or_to_come(text: str, day: date) -> None:
    assert parse_day(text, TODAY) == day


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_weekdays, ""),
        (parse_weekdays, "m"),
        (parse_weekdays, "mon-"),
        (parse_weekdays, "mon-xyz"),
        (parse_clock, "25"),
        (parse_clock, "8:60"),
        (parse_clock, "24:01"),
        (parse_clock, "half past"),
        (lambda text: parse_minutes(text, "grace"), "-5"),
        (lambda text: parse_minutes(text, "grace"), "ten"),
        (lambda text: parse_day(text, TODAY), "31 nov"),
        (lambda text: parse_day(text, TODAY), "1999-12-31"),
        (lambda text: parse_day(text, TODAY), "27 foo"),
        (lambda text: parse_day(text, TODAY), "٣"),
    ],
)
def test_what_cannot_be_read_is_said_with_an_example(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(UsageError, match="write"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("27 nov", date(2025, 11, 27)),
        ("9 mar", date(2026, 3, 9)),
        ("yesterday", date(2026, 3, 8)),
        ("2026-12-01", date(2026, 12, 1)),
    ],
)
def test_a_past_day_without_a_year_is_the_last_one(text: str, day: date) -> None:
    assert parse_past_day(text, date(2026, 3, 9)) == day


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2026-03", "2026-03"), ("2026-4", "2026-04"), ("3", "2026-03"), ("04", "2025-04"), ("11", "2025-11"),
        ("mar", "2026-03"), ("November", "2025-11"), ("nov 2027", "2027-11"), ("12-2024", "2024-12"),
        ("this-month", "2026-03"), ("last month", "2026-02"), ("may", "2025-05"), ("2024 may", "2024-05"),
    ],
)  # fmt: skip
def test_months_as_people_write_them(text: str, month: str) -> None:
    assert f"{parse_month(text, date(2026, 3, 9)):%Y-%m-%d}" == f"{month}-01"


@pytest.mark.parametrize(
    "text", ["", "13", "0", "2026-13", "next", "ma", "1999-05", "2026", "nov nov", "3 4", "11 2026 1"]
)
def test_what_is_not_a_month_is_said(text: str) -> None:
    with pytest.raises(UsageError, match="not a month"):
        parse_month(text, date(2026, 3, 9))
