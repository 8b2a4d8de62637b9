"""Everybody's days in a period: the ledger's events put together by the rules of attendance. Reads only."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from db.attendance import ledger, schedules
from db.people import people
from db.records import Person
from monitor.attendance.rules import DaySummary, Passage, passages, summarise
from monitor.attendance.shifts import day_bounds
from monitor.config import Settings


@dataclass(frozen=True, slots=True)
class PersonDay:
    """One line of the attendance report."""

    person: Person
    summary: DaySummary


@dataclass(frozen=True, slots=True)
class Period:
    """Days from the first to the last, both included."""

    first: date
    last: date

    def days(self) -> Iterator[date]:
        for offset in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=offset)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The first instant, and the first one after it, in UTC."""
        return day_bounds(self.first, zone)[0], day_bounds(self.last, zone)[1]


def attendance(
    session: Session, settings: Settings, period: Period, now: datetime, *, group: str | None = None
) -> list[PersonDay]:
    """Everybody's days, by day and then by name; nobody before they were added, and no days to come."""
    zone = settings.zone
    shifts = schedules.all_schedules(session)
    members = [entry.person for entry in people.list_people(session, group=group)]
    by_day = _by_person_and_day(session, period, zone, group)
    today = now.astimezone(zone).date()
    found = []
    for day in period.days():
        for person in members if day <= today else ():
            near = by_day[person.id, day] + by_day[person.id, day + timedelta(days=1)]
            summary = summarise(person, day, near, shifts, zone, now)
            known = person.active and person.created_at.astimezone(zone).date() <= day
            if summary.passages or known:
                found.append(PersonDay(person, summary))
    return found


def _by_person_and_day(
    session: Session, period: Period, zone: ZoneInfo, group: str | None
) -> dict[tuple[UUID, date], list[Passage]]:
    start, end = period.bounds(zone)
    # One day more: a shift over midnight ends on the day after the last.
    events = ledger.between(session, start, end + timedelta(days=1), group=group)
    by_day: dict[tuple[UUID, date], list[Passage]] = defaultdict(list)
    for passage in passages(events):
        if passage.person is not None:
            by_day[passage.person, passage.at.astimezone(zone).date()].append(passage)
    return by_day
