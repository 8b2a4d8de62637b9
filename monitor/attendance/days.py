"""Everybody's day: what passages say of those who came, and the expectation of those who did not. Pure functions."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from db.records import Expectation, Person
from monitor.attendance.expected import is_listed, is_overdue
from monitor.attendance.rules import DaySummary, Passage, Status, summarise
from monitor.attendance.shifts import Shift, day_bounds


@dataclass(frozen=True, slots=True)
class PersonDay:
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

    def with_next_day(self) -> "Period":
        """One day more, on which a shift over midnight ends."""
        return Period(self.first, self.last + timedelta(days=1))


def by_person(passages: Iterable[Passage]) -> dict[UUID, tuple[Passage, ...]]:
    """The passages of each person, in the order given; those of erased people are left out."""
    found: dict[UUID, list[Passage]] = defaultdict(list)
    for passage in passages:
        if passage.person is not None:
            found[passage.person].append(passage)
    return {person: tuple(theirs) for person, theirs in found.items()}


def attendees(
    day: date,
    passages: Mapping[UUID, Sequence[Passage]],
    people: Mapping[UUID, Person],
    shifts: Sequence[Shift],
    zone: ZoneInfo,
    now: datetime,
) -> dict[UUID, PersonDay]:
    """The day of everybody who came or left on it.

    Args:
        passages: by person and in the order of time, of this day and of the next.
        people: whose days are asked for; passages of others are left out.
    """
    days = (
        PersonDay(people[person], summarise(people[person], day, theirs, shifts, zone, now))
        for person, theirs in passages.items()
        if person in people
    )
    return {one.person.id: one for one in days if one.summary.passages}


def person_day(day: date, person: Person, came: Mapping[UUID, PersonDay], expectation: Expectation) -> PersonDay | None:
    """Somebody's day; None for somebody who did not come and is not on the list of that day.

    Args:
        came: the day's `attendees`.
    """
    if person.id in came:
        return came[person.id]
    if not is_listed(expectation, person):
        return None
    status = Status.ABSENT if is_overdue(expectation, person) else None
    nothing = DaySummary(person.id, day, status, None, None, timedelta(), late=False, incomplete=False, passages=())
    return PersonDay(person, nothing)
