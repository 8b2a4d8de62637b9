"""The passages of one day, and the attendance of those who came; kept up to date with new rows of the ledger.

Thousands may come through a door on a day, and the screens show each entry at once: so only the days of the people
whom the new rows are about are worked out again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from db import changes
from db.attendance import ledger
from db.attendance.shifts import all_shifts
from db.calendar import Shift
from db.changes import Heads
from db.people import people
from db.records import Person
from monitor.attendance import days
from monitor.attendance.days import Period, PersonDay
from monitor.attendance.rules import Passage, passages

MAX_CHANGED_PEOPLE: Final = 1_000
"""When new rows are about more people than this, loading the whole day takes less time."""
VALID_FOR: Final = timedelta(minutes=1)
"""Without new passages, a person's day is worked out again after this time: hours are shown in minutes."""


@dataclass(frozen=True, slots=True)
class DayLog:
    """The passages of one day and of the next day, on which a shift over midnight ends."""

    day: date
    zone: ZoneInfo
    heads: Heads
    """The state of the database that was read."""
    shifts: Sequence[Shift]
    passages: Mapping[UUID, Sequence[Passage]]
    """By person, in the order of time."""
    people: Mapping[UUID, Person]
    """Those with passages, and those with shifts of their own."""

    def is_of(self, other: "DayLog") -> bool:
        """Whether both logs are of one day, and no person and no shift changed between them."""
        return (self.day, self.zone, self.heads.people) == (other.day, other.zone, other.heads.people)


@dataclass(frozen=True, slots=True)
class Attendees:
    """The days of those who came or left on the day of the log."""

    log: DayLog
    since: datetime
    """When the oldest of the days was worked out."""
    days: Mapping[UUID, PersonDay]


def day_log(session: Session, zone: ZoneInfo, day: date, before: DayLog | None = None) -> DayLog:
    """The passages of a day.

    Args:
        before: a log of any day that was loaded earlier; only what changed since is loaded.
    """
    heads = changes.heads(session)
    if before and (before.day, before.zone, before.heads.people) == (day, zone, heads.people):
        if before.heads == heads:
            return before
        changed = ledger.people_since(session, before.heads.ledger)
        if len(changed) <= MAX_CHANGED_PEOPLE:
            return _reloaded(session, before, heads, changed)
    shifts = all_shifts(session)
    found = _passages(session, zone, day)
    own = {shift.person for shift in shifts if shift.person is not None}
    return DayLog(day, zone, heads, shifts, found, people.by_id(session, list(found.keys() | own)))


def attendees(log: DayLog, now: datetime, before: Attendees | None = None) -> Attendees:
    """The days of those who came, as known now.

    Args:
        before: worked out earlier; for a minute, the days of those without new passages are kept.
    """
    changed, kept, since = log.passages, {}, now
    if before and before.log.is_of(log) and timedelta() <= now - before.since < VALID_FOR:
        old, since = before.log.passages, before.since
        changed = {person: theirs for person, theirs in log.passages.items() if old.get(person) is not theirs}
        kept = {id: one for id, one in before.days.items() if id in log.passages and id not in changed}
    return Attendees(log, since, kept | days.attendees(log.day, changed, log.people, log.shifts, log.zone, now))


def _reloaded(session: Session, before: DayLog, heads: Heads, changed: Collection[UUID]) -> DayLog:
    """The log with the passages of these people loaded again."""
    others = {person: theirs for person, theirs in before.passages.items() if person not in changed}
    found = _passages(session, before.zone, before.day, list(changed))
    new = people.by_id(session, list(found.keys() - before.people.keys()))
    return replace(before, heads=heads, passages={**others, **found}, people={**before.people, **new})


def _passages(
    session: Session, zone: ZoneInfo, day: date, of: Sequence[UUID] | None = None
) -> dict[UUID, tuple[Passage, ...]]:
    start, end = Period(day, day).with_next_day().bounds(zone)
    return days.by_person(passages(ledger.entries(session, start, end, people=of)))
