"""How weekdays, times of day, minutes and days are typed and written, in the app, on the command line and in lists."""

import re
from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import Final

from monitor.errors import UsageError

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WHOLE: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_ALIASES: Final = {"daily": "mon-sun", "everyday": "mon-sun", "weekdays": "mon-fri", "weekend": "sat-sun"}
_DASHES: Final = re.compile("[‐‒–—−]")
_CLOCK: Final = re.compile(r"(\d{1,2})(?:[:.h]?(\d\d))?(?:h|uhr)?", re.ASCII)
_RECENT: Final = timedelta(days=60)
"""A day without a year may be so far back."""
FIRST, LAST = date(2000, 1, 1), date(2199, 12, 31)
"""The days that can be given."""


def parse_weekdays(text: str) -> frozenset[int]:
    """Weekdays, 0 is Monday: "mon-fri,sun", "Mo Tu", "sat-mon", "daily", "weekdays", "weekend".

    Raises:
        UsageError: a word is not a weekday.
    """
    plain = re.sub(r"\s*-\s*", "-", _DASHES.sub("-", text.lower()))
    found: set[int] = set()
    for word in re.split(r"[\s,;/]+", plain.strip(" ,;/")):
        first, dash, last = _ALIASES.get(word, word).partition("-")
        start = _weekday(first, text)
        found |= {(start + step) % 7 for step in range((_weekday(last if dash else first, text) - start) % 7 + 1)}
    return frozenset(found)


def _weekday(word: str, text: str) -> int:
    for day, whole in enumerate(_WHOLE):
        if len(word) >= 2 and whole.startswith(word.rstrip(".")):
            return day
    raise UsageError(f"{text!r} does not name weekdays; write them like mon-fri,sun.")


def weekdays_text(days: Iterable[int]) -> str:
    """Weekdays as `parse_weekdays` takes them: "mon-fri,sun"."""
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    parts = [",".join(WEEKDAYS[day] for day in run) if len(run) < 3 else _range(run) for run in runs]
    return ",".join(parts)


def _range(run: list[int]) -> str:
    return f"{WEEKDAYS[run[0]]}-{WEEKDAYS[run[-1]]}"


def parse_clock(text: str) -> time:
    """A time of day: "8", "8:30", "08.30", "0830"; "24:00" is the midnight at the end.

    Raises:
        UsageError: it is not a time of day.
    """
    match = _CLOCK.fullmatch(text.strip().lower())
    hour, minute = (int(match[1]), int(match[2] or 0)) if match else (-1, 0)
    if (hour, minute) == (24, 0):
        return time()
    if not 0 <= hour < 24 or minute > 59:
        raise UsageError(f"{text!r} is not a time of day; write it like 8:30 or 16:00.")
    return time(hour, minute)


def parse_minutes(text: str, what: str) -> int:
    """Minutes: "10", "0:30", "1:15", "30 min"; "none" and an empty text are 0.

    Args:
        what: for the error's sentence: "grace", "break".

    Raises:
        UsageError: it is not a number of minutes.
    """
    plain = text.strip().lower()
    if plain in ("", "none", "no", "-"):
        return 0
    match = re.fullmatch(r"(?:(\d{1,2}):)?(\d{1,4})\s*(?:min|minutes|m)?", plain, re.ASCII)
    if match is None:
        raise UsageError(f"{text!r} is not a {what} in minutes; write it like 10 or 0:30.")
    return int(match[1] or 0) * 60 + int(match[2])


def parse_day(text: str, today: date) -> date:
    """A day: "2026-11-27", "27.11.2026", "27 nov", "27 Nov 2026", "today", "tomorrow", "yesterday".

    Without a year it is the next such day, unless the last one was in the 60 days before today.

    Raises:
        UsageError: it is not a day of the years 2000 to 2199.
    """
    plain = " ".join(text.lower().replace(",", " ").split())
    near = {"today": 0, "tomorrow": 1, "yesterday": -1}
    if plain in near:
        return today + timedelta(days=near[plain])
    if match := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})", plain, re.ASCII):
        year, month, day = (int(part) for part in match.groups())
        return _day(text, day, month, year, today)
    if match := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})?", plain, re.ASCII):
        return _day(text, int(match[1]), int(match[2]), int(match[3]) if match[3] else None, today)
    if match := re.fullmatch(r"(?:[a-z]+\s)?(\d{1,2})\.?\s([a-z]{3,})(?:\s(\d{4}))?", plain, re.ASCII):
        month = next((number for number, name in enumerate(_MONTHS, 1) if name.startswith(match[2])), 0)
        return _day(text, int(match[1]), month, int(match[3]) if match[3] else None, today)
    raise _no_day(text)


def parse_past_day(text: str, today: date) -> date:
    """As `parse_day`, but a day without a year is the last such day. Raises: UsageError."""
    found = parse_day(text, today)
    if found <= today or re.search(r"\d{4}", text) or text.strip().lower() == "tomorrow":
        return found
    return parse_day(f"{found.day}.{found.month}.{found.year - 1}", today)


def parse_month(text: str, today: date) -> date:
    """The first day of a month: "2026-11", "11", "nov", "November 2026", "this month", "last month".

    Without a year it is the last such month, up to the present one.

    Raises:
        UsageError: it is not a month of the years 2000 to 2199.
    """
    plain, present = " ".join(re.split(r"[\s_-]+", text.lower().strip())), today.replace(day=1)
    if plain in ("this month", "last month"):
        return present if plain == "this month" else (present - timedelta(days=1)).replace(day=1)
    words = sorted(plain.split(), key=len)  # the year, of four figures, after the month's number
    if re.fullmatch(r"\d{1,2}|\d{1,2} \d{4}", " ".join(words), re.ASCII):
        month = int(words[0])
    else:
        named = [word for word in words if not re.fullmatch(r"\d{4}", word, re.ASCII)]
        long = len(named) == 1 and len(named[0]) >= 3
        month = next((at for at, name in enumerate(_MONTHS, 1) if long and name.startswith(named[0])), 0)
    year = next((int(word) for word in words if len(word) == 4 and word.isdigit()), None)
    if not 1 <= month <= 12 or len(words) > 2 or not FIRST.year <= (year or today.year) <= LAST.year:
        raise UsageError(f"{text!r} is not a month; write it like 2026-11, nov, this-month or last-month.")
    return date(year or (today.year - (month > today.month)), month, 1)


def parse_whole_month(text: str, today: date) -> tuple[date, date]:
    """The first and the last day of a month that has begun. Raises: UsageError."""
    first = parse_month(text, today)
    if first > today:
        raise UsageError(f"The month {text} lies in the future; today is {today}.")
    return whole_month(first)


def whole_month(day: date) -> tuple[date, date]:
    """The first and the last day of the month in which a day lies."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def parse_period(first: str | None, last: str | None, today: date, *, before: int) -> tuple[date, date]:
    """The first and the last day of what is reported, both included. Raises: UsageError.

    Args:
        last: today, if not given.
        before: days before today from which on is reported, if neither is given; with only the last, that day.
    """
    end = parse_past_day(last, today) if last else today
    start = parse_past_day(first, today) if first else end if last else end - timedelta(days=before)
    if start > today and last is None:
        raise UsageError(f"The first day ({start}) lies in the future; today is {today}.")
    if start > end:
        raise UsageError(f"The first day ({start}) is after the last ({end}); swap them.")
    return start, end


def _day(text: str, day: int, month: int, year: int | None, today: date) -> date:
    years = (year,) if year is not None else (today.year - 1, today.year, today.year + 1)
    found = []
    for one in years:
        try:
            found.append(date(one, month, day))
        except ValueError:
            continue
    if not found:
        raise _no_day(text)
    if not FIRST <= found[0] <= LAST:
        raise UsageError(f"{text!r} is outside the days that can be given; write one from {FIRST} to {LAST}.")
    return next((one for one in found if one >= today - _RECENT), found[-1])


def _no_day(text: str) -> UsageError:
    return UsageError(f"{text!r} is not a day; write it like 2026-11-27, 27 nov, today or tomorrow.")
