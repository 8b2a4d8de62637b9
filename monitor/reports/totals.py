"""Days added up for reports: totals per person, and appointments for calendars. Pure functions."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from uuid import UUID

from db.records import Person
from monitor.attendance.days import PersonDay
from monitor.attendance.rules import Status
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
    """The days added up per person, in the order in which people come first."""
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
