"""Public holidays: enter, import, list and remove them. Every function blocks: call it in workers only."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, Unpack
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from db.attendance import holidays
from db.calendar import HalfDay, Holiday
from db.engine import reading, writing
from monitor.calendar_text import parse_day
from monitor.desk.actor import Actor
from monitor.errors import UsageError
from monitor.text import plural, printable

_COUNTRY: Final = re.compile(r"([A-Za-z]{2})(?:[-_ ]([A-Za-z0-9 ]{1,20}))?")
_LARGEST: Final = 8 * 2**20
"""Bytes of a calendar file."""
_MOST_DAYS: Final = 62
"""A longer event of a calendar is not a holiday but a season."""


@dataclass(frozen=True, slots=True)
class ImportedHolidays:
    """What an import of holidays did."""

    added: tuple[Holiday, ...]
    known: int
    """Days that were holidays before."""
    left_out: tuple[str, ...]
    """Events of the file that are not whole days, a sentence each."""


def list_holidays(engine: Engine, first: date | None = None) -> list[Holiday]:
    """The holidays by day, from the first day on if one is given. Raises: DatabaseError."""
    with reading(engine) as session:
        found = holidays.all_holidays(session)
    return [one for one in found if first is None or one.day >= first]


def add_holiday(engine: Engine, day: date, name: str, half: HalfDay | None = None, **by: Unpack[Actor]) -> Holiday:
    """Enter a holiday. Raises: InvalidRecord, when the day is one already."""
    with writing(engine) as session:
        return holidays.add(session, day, name, half=half, **by)


def remove_holiday(engine: Engine, holiday: UUID, **by: Unpack[Actor]) -> Holiday:
    """Remove a holiday. Raises: InvalidRecord."""
    with writing(engine) as session:
        return holidays.remove(session, holiday, **by)


def find_holiday(engine: Engine, text: str, today: date) -> Holiday:
    """The holiday on this day, or with this id. Raises: UsageError."""
    with reading(engine) as session:
        found = holidays.all_holidays(session)
    if by_id := next((one for one in found if str(one.id) == text.strip().lower()), None):
        return by_id
    day = parse_day(text, today)
    if on_day := next((one for one in found if one.day == day), None):
        return on_day
    raise UsageError(f"{day} is not a holiday; see 'muster holidays list'.")


def import_holidays(
    engine: Engine, zone: ZoneInfo, what: str, years: Sequence[int] = (), **by: Unpack[Actor]
) -> ImportedHolidays:
    """Enter the public holidays of an iCalendar file, or of a country and region; days that are holidays stay.

    Args:
        what: the file's path, or a country's ISO 3166 code with or without a region: "DE-BE", "at-9", "FR".
        years: of a country, and for events of a file that come every year; this year and the next by default.

    Raises:
        UsageError: the file cannot be read, or the country or the region is not known.
    """
    today = by["at"].astimezone(zone).date()
    chosen = sorted(set(years)) or [today.year, today.year + 1]
    path = Path(what).expanduser()
    left_out: list[str] = []
    if (match := _COUNTRY.fullmatch(what.strip())) and not path.exists():
        days = list(_of_country(match[1].upper(), match[2], chosen))
    else:
        days = list(_of_file(path, chosen, left_out))
    with writing(engine) as session:
        added = holidays.add_new(session, days, **by)
    return ImportedHolidays(tuple(added), len({day for day, _ in days}) - len(added), tuple(left_out))


def _of_country(country: str, region: str | None, years: Iterable[int]) -> Iterator[tuple[date, str]]:
    from holidays import country_holidays, list_supported_countries

    regions = list_supported_countries(include_aliases=False).get(country)
    if regions is None:
        raise UsageError(
            f"No holidays are known for a country {country!r}; give its two letters (DE, AT), or an iCalendar file."
        )
    chosen = next((one for one in regions if region and one.lower() == region.lower()), None)
    if region and chosen is None:
        known = f"its regions are {', '.join(regions)}" if regions else "it has no regions here"
        raise UsageError(f"The country {country} has no region {region!r}; {known}.")
    found = country_holidays(country, subdiv=chosen, years=years, language="en_US")
    yield from sorted(found.items())


def _of_file(path: Path, years: Sequence[int], left_out: list[str]) -> Iterator[tuple[date, str]]:
    from icalendar import Calendar

    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"The calendar {path} is larger than {_LARGEST // 2**20} MB; give one of holidays only.")
        calendar = Calendar.from_ical(path.read_bytes())
    except OSError as error:
        raise UsageError(f"The calendar {path} cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, IndexError):
        raise UsageError(f"{path} is not an iCalendar file, or is damaged; export it again as .ics.") from None
    for event in calendar.walk("VEVENT"):
        name = printable(str(event.get("SUMMARY", "")), 200) or "Holiday"
        first, end = _whole_day(event.get("DTSTART")), _whole_day(event.get("DTEND"))
        if first is None:
            left_out.append(f"{name}: it is not a whole day.")
            continue
        count = (end - first).days if end else 1
        if not 0 <= count <= _MOST_DAYS:
            left_out.append(f"{name}: it lasts {plural(count, 'day')}.")
            continue
        starts = _repeated(event.get("RRULE"), first, years)
        if starts is None:
            left_out.append(f"{name}: it comes again in a way that only calendars understand; enter its days.")
            continue
        for start in starts:
            yield from ((start + timedelta(days=offset), name) for offset in range(max(count, 1)))


def _whole_day(value: object) -> date | None:
    """The day that a property gives; None for a time, for nothing, and for what cannot be read."""
    try:
        day = getattr(value, "dt", None)
    except ValueError:  # icalendar keeps what it cannot read, and refuses it here
        return None
    return day if isinstance(day, date) and not isinstance(day, datetime) else None


def _repeated(rule: object, first: date, years: Sequence[int]) -> list[date] | None:
    """The days of an event: once, or on the same day of every year; None for another rule."""
    if not rule:
        return [first]
    parts = {str(name).upper(): value for name, value in rule.items()} if isinstance(rule, dict) else {}
    by = {"BYMONTH": [first.month], "BYMONTHDAY": [first.day]}
    plain = all(list(value) == by[name] for name, value in parts.items() if name in by)
    if parts.get("FREQ") != ["YEARLY"] or not plain or parts.keys() - {"FREQ", "INTERVAL", *by}:
        return None
    if list(parts.get("INTERVAL", [1])) != [1]:
        return None
    found = []
    for year in years:
        try:
            found.append(first.replace(year=year))
        except ValueError:  # 29 February
            continue
    return [day for day in found if day >= first]
