"""Days of people: what their passages say of a period. Pure functions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import chain
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from db.records.people import Person
from monitor.attendance.calendar import DayPlan, day_bounds, local_minute
from monitor.attendance.day import empty_day, summarise
from monitor.attendance.passages import Passage
from monitor.attendance.person_calendar import Calendars
from monitor.attendance.rules import minute_of
from monitor.attendance.stays import pieces
from monitor.attendance.summary import DaySummary

BEFORE = timedelta(days=2)
"""Passages so long before and after a period can belong to stays of its days."""


class PersonDay(NamedTuple):
    """One person's day: a line of the day board and of the attendance report."""

    person: Person
    summary: DaySummary


@dataclass(frozen=True, slots=True)
class Period:
    """Days from the first to the last, both included."""

    first: date
    last: date

    @property
    def in_words(self) -> str:
        """As a part of a sentence: "on 2026-11-25", or "from 2026-11-01 to 2026-11-25"."""
        return f"on {self.first}" if self.first == self.last else f"from {self.first} to {self.last}"

    def days(self) -> Iterator[date]:
        for offset in range((self.last - self.first).days + 1):
            yield self.first + timedelta(days=offset)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The first instant, and the first one after it, in UTC."""
        return day_bounds(self.first, zone)[0], day_bounds(self.last, zone)[1]

    def bounds_of_passages(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The bounds with the days around, whose passages may belong to stays of the period."""
        start, end = self.bounds(zone)
        return start - BEFORE, end + BEFORE

    def until(self, now: datetime, zone: ZoneInfo) -> "Period":
        """Without the days to come; its last day may be before its first."""
        return Period(self.first, min(self.last, now.astimezone(zone).date()))


@dataclass(frozen=True, slots=True)
class Counting:
    """What the days of a period are worked out from, but for the passages."""

    calendars: Calendars
    now: int
    """The minute at which the days are read."""
    _empty: dict[tuple[date, int], DaySummary] = field(default_factory=dict)
    """Days without passages, by plan: most are alike."""
    _overs: dict[date, int] = field(default_factory=dict)
    """The minutes at which days end."""

    def empty(self, person: Person, day: date) -> DaySummary:
        """The day of somebody who did not come."""
        return self._empty_day(day, self.calendars.of(person).days[day])

    def _empty_day(self, day: date, plan: DayPlan) -> DaySummary:
        known = self._empty.get((day, id(plan)))
        if known is None or known.plan is not plan:
            known = empty_day(day, plan, self._over(day), self.now)
            self._empty[day, id(plan)] = known
        return known

    def days(self, person: Person, passages: Sequence[Passage], days: Sequence[date]) -> list[DaySummary]:
        """Somebody's days, one for each that is asked for.

        Args:
            passages: the person's, in their order, of these days and of two days before and after.
        """
        calendars = self.calendars
        calendar = calendars.of(person)
        rows = pieces(passages, calendar, calendars.rules, self.now) if passages else {}
        found = []
        for day in days:
            row = rows.get(day)
            plan = calendar.days[day]
            if row:
                found.append(summarise(day, plan, row, calendars.rules, over=self._over(day), now=self.now))
                continue
            found.append(self._empty_day(day, plan))
        return found

    def _over(self, day: date) -> int:
        found = self._overs.get(day)
        if found is None:
            found = self._overs[day] = local_minute(day + timedelta(days=1), time(), self.calendars.zone)
        return found


def counting(calendars: Calendars, now: datetime) -> Counting:
    return Counting(calendars, minute_of(now))


def is_listed(person: Person, summary: DaySummary, day: date, zone: ZoneInfo) -> bool:
    """Whether somebody has a line of a day: active people from the day of their enrolment on, who was active then, and
    who came."""
    if summary.pieces:
        return True
    if person.created_at >= day_bounds(day, zone)[1]:
        return False
    return person.active or summary.plan.is_due or bool(summary.plan.leave)


def days_of_people(
    counting: Counting,
    members: Iterable[Person],
    passages: Mapping[UUID, Sequence[Passage]],
    days: Sequence[date],
) -> Iterator[tuple[Person, list[DaySummary]]]:
    """Everybody with the days on which they are listed, in the order of the members; without those who have none.

    Args:
        passages: by person, in their order.
        days: one at least.
    """
    zone = counting.calendars.zone
    begins = day_bounds(days[0], zone)[0]
    for person in members:
        theirs = counting.days(person, passages.get(person.id, ()), days)
        if not person.active or person.created_at >= begins:
            theirs = [one for one in theirs if is_listed(person, one, one.day, zone)]
        if theirs:
            yield person, theirs


def by_day(people: Iterable[tuple[Person, Iterable[DaySummary]]], days: Iterable[date]) -> list[PersonDay]:
    """The days of people, sorted by day and within it in the order of the people."""
    lines: dict[date, list[PersonDay]] = {day: [] for day in days}
    for person, theirs in people:
        for one in theirs:
            lines[one.day].append(PersonDay(person, one))
    return list(chain.from_iterable(lines.values()))
