"""What attendance and mood reports show: queries and rules put together. Reads only."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from db.attendance import ledger, schedules
from db.observations import moods
from db.people import people
from db.records import Person
from monitor.attendance.rules import DaySummary, Passage, Status, passages, summarise
from monitor.attendance.shifts import day_bounds
from monitor.config import Settings
from monitor.moods import samples as mood
from monitor.moods.sums import arrange
from monitor.reports.export import Appointment


@dataclass(frozen=True, slots=True)
class PersonDay:
    """One line of the attendance report."""

    person: Person
    summary: DaySummary


@dataclass(frozen=True, slots=True)
class PersonTotal:
    """One person over a range of days."""

    person: Person
    days_present: int
    days_late: int
    days_absent: int
    days_incomplete: int
    present: timedelta


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


def totals(days: Sequence[PersonDay]) -> list[PersonTotal]:
    """The same, added up per person, by name."""
    by_person: dict[UUID, list[PersonDay]] = defaultdict(list)
    for day in days:
        by_person[day.person.id].append(day)
    return [_total(some) for some in by_person.values()]


def appointments(days: Sequence[PersonDay]) -> list[Appointment]:
    """Every stay from a check-in to its check-out."""
    return [
        Appointment(f"{one.event}@muster", day.person.name, one.at, after.at)
        for day in days
        for one, after in pairwise(day.summary.passages)
        if one.kind == "check_in" and after.kind == "check_out"
    ]


def moods_by(
    session: Session, settings: Settings, period: Period, by: mood.By, *, group: str | None = None
) -> list[mood.Cell]:
    """The mood per hour, day, person, group, or weekday and hour, as the mood mode allows."""
    start, end = period.bounds(settings.zone)
    samples = arrange(moods.added_up(session, start, end, group=group), settings.zone)
    hide = settings.mood != "individual"
    return mood.distribution(samples, by, settings.mood_confidence, hide_small=hide)


def names(session: Session) -> dict[UUID, str]:
    """The names of all people."""
    return {entry.person.id: entry.person.name for entry in people.list_people(session)}


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


def _total(days: Sequence[PersonDay]) -> PersonTotal:
    summaries = [day.summary for day in days]
    return PersonTotal(
        person=days[0].person,
        days_present=sum(bool(summary.passages) for summary in summaries),
        days_late=sum(summary.late for summary in summaries),
        days_absent=sum(summary.status is Status.ABSENT for summary in summaries),
        days_incomplete=sum(summary.status is Status.INCOMPLETE for summary in summaries),
        present=sum((summary.present for summary in summaries), timedelta()),
    )
