"""Some days of everybody, a line a person: what a week, a month and a sheet show. Every function blocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from db.records.people import Person
from db.schema.folding import folded
from monitor.attendance.days import Period, PersonDay
from monitor.attendance.summary import DaySummary, Status
from monitor.config import Settings
from monitor.desk.days.attendance import attendance
from monitor.reports.sheet import HEADS, day_cells, total_cells

SHEET_HEADS = HEADS


@dataclass(frozen=True, slots=True)
class PersonDays:
    """One person's days and their sums. Incomplete days, and days that are not over, are not in the balance."""

    person: Person
    days: Mapping[date, DaySummary]
    """Days on which the person is on the list; none before their enrolment."""
    hours: timedelta
    expected: timedelta
    balance: timedelta | None
    """Overtime less minus; None for somebody without expected hours."""
    late: int
    """Days."""
    absent: int
    on_leave: int
    incomplete: int


def month_of(day: date) -> Period:
    """The whole month in which a day lies."""
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


def by_person(
    engine: Engine,
    settings: Settings,
    period: Period,
    now: datetime,
    *,
    group: str | None = None,
    person: Person | None = None,
) -> list[PersonDays]:
    """The days of a period by person, in the order of names; days after today are left out. Raises: DatabaseError.

    Args:
        group: only people who are in this group now.
        person: only this one.
    """
    found: dict[Person, list[PersonDay]] = {}
    for one in attendance(engine, settings, period, now, group=group, person=person):
        found.setdefault(one.person, []).append(one)
    lines = [added_up(who, [one.summary for one in days]) for who, days in found.items()]
    return sorted(lines, key=lambda line: (folded(line.person.name), line.person.id))


@dataclass(frozen=True, slots=True)
class Sheet:
    """One person's days as cells under `SHEET_HEADS`."""

    days: Sequence[tuple[DaySummary, tuple[str, ...]]]
    total: tuple[str, ...]


def person_sheet(engine: Engine, settings: Settings, person: Person, period: Period, now: datetime) -> Sheet:
    """One person's days of a period and their sums; days after today are left out. Raises: DatabaseError."""
    days = [one.summary for one in attendance(engine, settings, period, now, person=person)]
    return Sheet([(one, day_cells(one, settings.zone)) for one in days], total_cells(days))


def added_up(person: Person, days: Sequence[DaySummary]) -> PersonDays:
    """The sums of somebody's days."""
    overtime = [one.overtime for one in days if one.overtime is not None]
    return PersonDays(
        person,
        {one.day: one for one in days},
        sum((one.present for one in days), timedelta()),
        sum((one.expected_time for one in days if one.expected_time is not None), timedelta()),
        sum(overtime, timedelta()) if any(one.plan.has_target for one in days) else None,
        sum(one.late for one in days),
        sum(one.status is Status.ABSENT for one in days),
        sum(one.plan.on_leave for one in days),
        sum(one.incomplete for one in days),
    )
