"""What attendance and mood reports show: queries and rules put together. Reads only."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

from sqlalchemy.orm import Session

from db.observations import moods
from db.records import Person
from monitor.attendance.days import Period, PersonDay
from monitor.attendance.rules import Status
from monitor.config import Settings
from monitor.moods import samples as mood
from monitor.moods.sums import arrange
from monitor.reports.export import Appointment


@dataclass(frozen=True, slots=True)
class PersonTotal:
    """One person over a range of days."""

    person: Person
    days_present: int
    days_late: int
    days_absent: int
    days_incomplete: int
    present: timedelta


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
