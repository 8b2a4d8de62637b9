"""Some days of everybody, a line a person: what a week, a month and a sheet show. Every function blocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Engine

from db.records.people import Person
from monitor.attendance.days import Period
from monitor.attendance.summary import DaySummary, Sums, added_up
from monitor.calendar_text import whole_month
from monitor.config import Settings
from monitor.desk.days.attendance import by_person
from monitor.reports.sheet import HEADS, day_cells, total_cells

SHEET_HEADS = HEADS


@dataclass(frozen=True, slots=True)
class PersonDays:
    """One person's days and their sums."""

    person: Person
    days: Mapping[date, DaySummary]
    """Days on which the person is on the list; none before their enrolment."""
    sums: Sums


def month_of(day: date) -> Period:
    """The whole month in which a day lies."""
    return Period(*whole_month(day))


def people_days(engine: Engine, settings: Settings, period: Period, now: datetime) -> list[PersonDays]:
    """The days of a period by person, in the order of names; days after today are left out. Raises: DatabaseError."""
    return [
        PersonDays(person, {one.day: one for one in days}, added_up(days))
        for person, days in by_person(engine, settings, period, now)
    ]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One person's days as cells under `SHEET_HEADS`."""

    days: Sequence[tuple[DaySummary, tuple[str, ...]]]
    total: tuple[str, ...]


def person_sheet(engine: Engine, settings: Settings, person: Person, period: Period, now: datetime) -> Sheet:
    """One person's days of a period and their sums; days after today are left out. Raises: DatabaseError."""
    days = [day for _, days in by_person(engine, settings, period, now, person=person) for day in days]
    return Sheet([(one, day_cells(one, settings.zone)) for one in days], total_cells(days))
