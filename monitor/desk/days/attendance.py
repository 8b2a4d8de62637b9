"""The attendance of a period, for reports and exports. Every function blocks: call it in workers only."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.attendance import ledger
from db.attendance.shifts import all_shifts
from db.calendar import Shift
from db.engine import reading
from db.people import people
from db.records import LedgerEntry, Person
from monitor.attendance.days import Period, PersonDay, attendees, by_person, person_day
from monitor.attendance.expected import expectation
from monitor.attendance.rules import Passage, passages
from monitor.config import Settings
from monitor.errors import UsageError
from monitor.files import write_atomically
from monitor.reports import lines as report_lines
from monitor.reports.export import to_csv, to_json_lines, to_xlsx


def attendance(
    engine: Engine, settings: Settings, period: Period, now: datetime, *, group: str | None = None
) -> list[PersonDay]:
    """The days of all who came or were expected, sorted by day and name; days after today are left out.

    Raises:
        DatabaseError: the database cannot be read.
    """
    with reading(engine) as session:
        members = people.members(session, group=group)
        shifts = all_shifts(session)
        entries = ledger.entries(session, *period.with_next_day().bounds(settings.zone), group=group)
    return list(_days(settings.zone, period, members, shifts, entries, now))


def attendance_of(
    session: Session, settings: Settings, person: Person, period: Period, now: datetime
) -> list[PersonDay]:
    """One person's days; the rules are those of `attendance`."""
    shifts = all_shifts(session)
    entries = ledger.entries(session, *period.with_next_day().bounds(settings.zone), people=[person.id])
    return list(_days(settings.zone, period, [person], shifts, entries, now))


def _days(
    zone: ZoneInfo,
    period: Period,
    members: Sequence[Person],
    shifts: Sequence[Shift],
    entries: Sequence[LedgerEntry],
    now: datetime,
) -> Iterator[PersonDay]:
    known = {person.id: person for person in members}
    groups = {person.id: person.group for person in members}
    by_day: dict[date, list[Passage]] = defaultdict(list)
    for passage in passages(entries):
        by_day[passage.at.astimezone(zone).date()].append(passage)
    for day in Period(period.first, min(period.last, now.astimezone(zone).date())).days():
        near = by_person([*by_day[day], *by_day[day + timedelta(days=1)]])
        came = attendees(day, near, known, shifts, zone, now)
        expected = expectation(day, shifts, groups, zone, now)
        days = (person_day(day, person, came, expected) for person in members)
        yield from (one for one in days if one is not None)


def export_roster(engine: Engine, settings: Settings, day: date, now: datetime, file: Path) -> None:
    """Write the attendance of a day into a new file, in the format of its ending, safe for spreadsheets.

    Raises:
        UsageError: the file's ending is not a format, or the file exists.
        MusterError: the file cannot be written; then it does not exist.
        DatabaseError: the database cannot be read.
    """
    write = WRITERS.get(file.suffix.lower())
    if write is None:
        raise UsageError(f"{file.name} does not say its format; let the name end in {', '.join(WRITERS)}.")
    if file.exists():
        raise UsageError(f"{file} is there already; give the name of a new file.")
    write_atomically(file, write(report_lines.days(attendance(engine, settings, Period(day, day), now), settings.zone)))


WRITERS: Final[Mapping[str, Callable[[Sequence[report_lines.Line]], bytes]]] = {
    ".csv": lambda lines: to_csv(report_lines.table("Attendance", lines)).encode(),
    ".xlsx": lambda lines: to_xlsx(report_lines.table("Attendance", lines)),
    ".json": lambda lines: to_json_lines(lines).encode(),
}
"""Makes a file's content, by the file's ending."""
