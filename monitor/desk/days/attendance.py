"""The attendance of a period, for reports and exports. Every function blocks: call it in workers only."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.engine import reading
from db.people import people
from db.records.people import Person
from monitor.attendance.days import Period, PersonDay, by_day, counting, days_of_people
from monitor.attendance.summary import DaySummary
from monitor.collector import paused_collector
from monitor.config import Settings
from monitor.desk.exports import note_export
from monitor.errors import UsageError
from monitor.files import write_atomically
from monitor.recording.calendars import load_calendars
from monitor.recording.passages import load_passages
from monitor.reports import lines as report_lines
from monitor.reports.cells import Dialect
from monitor.reports.export import write_json_lines, write_rows
from monitor.reports.sheet import sheets
from monitor.text import printable

_LINES_AT_ONCE: Final = 31_000
_FEWEST_DAYS: Final = 7
"""Days that are worked out together at least: each part reads the days beside it, too."""

_LINES_OF_A_DAY: Final = 10**9
"""More than a day has; a cursor is the number of a day times this, and how many of its lines were seen."""


def attendance(
    engine: Engine,
    settings: Settings,
    period: Period,
    now: datetime,
    *,
    group: str | None = None,
    person: Person | None = None,
) -> list[PersonDay]:
    """The days of all who came or were on the list, sorted by day and name; days after today are left out.

    Args:
        group: only people who are in this group now.
        person: only this one.

    Raises:
        DatabaseError: the database cannot be read.
    """
    return by_day(by_person(engine, settings, period, now, group=group, person=person), period.days())


def by_person(
    engine: Engine,
    settings: Settings,
    period: Period,
    now: datetime,
    *,
    group: str | None = None,
    person: Person | None = None,
) -> Iterator[tuple[Person, list[DaySummary]]]:
    """As `attendance`, but everybody once with all their days, in the order of names: the days of one are worked out
    when those of the one before have been used."""
    with reading(engine) as session, paused_collector():
        members = people.members(session, group=group) if person is None else [person]
        yield from _days(session, settings, members, period, now, group=group, person=person)


def each_day(
    engine: Engine,
    settings: Settings,
    period: Period,
    now: datetime,
    *,
    group: str | None = None,
    person: Person | None = None,
) -> Iterator[PersonDay]:
    """As `attendance`, some days of the period at a time: a long one takes no more memory. Raises: DatabaseError."""
    period = period.until(now, settings.zone)
    with reading(engine) as session:
        count = 1 if person else people.count_people(session)
    step = timedelta(days=max(_FEWEST_DAYS, _LINES_AT_ONCE // max(1, count)))
    first = period.first
    while first <= period.last:
        part = Period(first, min(period.last, first + step - timedelta(days=1)))
        yield from attendance(engine, settings, part, now, group=group, person=person)
        first += step


def page(
    engine: Engine,
    settings: Settings,
    period: Period,
    now: datetime,
    *,
    since: int,
    limit: int,
    group: str | None = None,
) -> tuple[list[PersonDay], int | None]:
    """Some lines of `each_day`, and the cursor behind them; None where no more follow. Raises: DatabaseError.

    Args:
        since: the cursor of the page before; 0 for the first page.
        limit: most lines, 1 or more.
    """
    number, skip = divmod(since, _LINES_OF_A_DAY)
    if number > period.last.toordinal():
        return [], None
    if number < period.first.toordinal():
        number, skip = period.first.toordinal(), 0
    rest = Period(date.fromordinal(number), period.last)
    found = list(islice(each_day(engine, settings, rest, now, group=group), skip, skip + limit + 1))
    if len(found) <= limit:
        return found, None
    day = found.pop().summary.day
    before = sum(one.summary.day == day for one in found) + (skip if day == rest.first else 0)
    return found, day.toordinal() * _LINES_OF_A_DAY + before


def attendance_of(
    session: Session, settings: Settings, person: Person, period: Period, now: datetime
) -> list[DaySummary]:
    """One person's days; the rules are those of `attendance`."""
    return [day for _, days in _days(session, settings, [person], period, now, person=person) for day in days]


def _days(
    session: Session,
    settings: Settings,
    members: Sequence[Person],
    period: Period,
    now: datetime,
    *,
    group: str | None = None,
    person: Person | None = None,
) -> Iterator[tuple[Person, list[DaySummary]]]:
    period = period.until(now, settings.zone)
    days = list(period.days())
    if not days:
        return iter(())
    calendars = load_calendars(session, settings, period.first, period.last, person)
    start, end = period.bounds_of_passages(settings.zone)
    passages = load_passages(session, calendars, start, end, of=[person.id] if person else None, group=group)
    return days_of_people(counting(calendars, now), members, passages, days)


def export_days(
    engine: Engine,
    settings: Settings,
    period: Period,
    now: datetime,
    file: Path,
    *,
    actor: str,
    person: Person | None = None,
) -> None:
    """Write the attendance of a period into a new file, in the format of its ending, safe for spreadsheets.

    The audit log says so.

    Args:
        person: only this one.

    Raises:
        UsageError: the file's ending is not a format, or the file exists.
        MusterError: the file cannot be written; then it does not exist.
        DatabaseError: the database cannot be read, or the audit log not written.
    """
    ending, zone = file.suffix.lower(), settings.zone
    if ending not in ENDINGS:
        raise UsageError(f"{file.name} does not say its format; let the name end in {', '.join(ENDINGS)}.")
    if file.exists():
        raise UsageError(f"{file} is there already; give the name of a new file.")
    note_export(engine, "attendance by day", file, period, at=now, actor=actor)
    if ending == ".html":
        pages = sheets(printable(settings.site), period, by_person(engine, settings, period, now, person=person), zone)
        write_atomically(file, "".join(pages).encode())
        return
    days = each_day(engine, settings, period, now, person=person)
    write_atomically(file, lambda part: write_days(part, ending.removeprefix("."), days, zone))


def write_days(
    file: BinaryIO,
    form: str,
    days: Iterable[PersonDay],
    zone: ZoneInfo,
    *,
    dialect: Dialect = Dialect.EXCEL,
    clock: bool | None = None,
) -> None:
    """A line a person and day into a file that is open; a long period takes no more memory.

    Args:
        form: json, csv or xlsx.
        clock: durations as h:mm or as decimal hours; by default h:mm in a workbook only.
    """
    if form == "json":
        write_json_lines(file, report_lines.days(days, zone), clock=bool(clock))
    else:
        rows = report_lines.day_rows(days, zone)
        write_rows(file, form, "Attendance", report_lines.DAY_COLUMNS, rows, dialect=dialect, clock=clock)


ENDINGS: Final = (".csv", ".xlsx", ".html", ".json")
"""Of files that the app writes; each is a format."""
