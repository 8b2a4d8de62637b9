"""The passages of one day, and the attendance of those who came; kept up to date with new rows of the ledger.

Thousands may come through a door on a day, and the screens show each entry at once: so only the days of the people
whom the new rows are about are worked out again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from db import changes
from db.attendance import ledger, ledger_entries, shifts
from db.changes import Heads
from db.people import people
from db.records.people import Person
from monitor.attendance.calendar import day_bounds
from monitor.attendance.days import Counting, Period, PersonDay, counting
from monitor.attendance.passages import Passage
from monitor.attendance.person_calendar import Calendars
from monitor.config import Settings
from monitor.recording.calendars import load_calendars, rules_of, with_own_shifts
from monitor.recording.passages import load_passages, passages_of

MAX_CHANGED_PEOPLE: Final = 1_000
"""When new rows are about more people than this, loading the whole day takes less time."""
VALID_FOR: Final = timedelta(minutes=1)
"""Without new passages, a person's day is worked out again after this time: hours are shown in minutes."""


@dataclass(frozen=True, slots=True)
class DayLog:
    """The passages of one day and of those around it, to whose stays they may belong."""

    day: date
    heads: Heads
    """The state of the database that was read."""
    calendars: Calendars
    passages: Mapping[UUID, Sequence[Passage]]
    """By person, in their order."""
    people: Mapping[UUID, Person]
    """Those with passages, and those apart."""
    apart: Mapping[UUID, Person]
    """Those whose calendar has to be read: on leave, enrolled on the day, whose group or activity changed, whose own
    shifts do not come every week, and on a holiday all with shifts of their own."""
    own_starts: Collection[tuple[time, int]]
    """Starts and minutes of grace of the shifts that the others have of their own."""

    def is_of(self, other: "DayLog") -> bool:
        """Whether both logs are of one day, and no person, no shift and no rule changed between them."""
        mine, theirs = (self.calendars.zone, self.calendars.rules), (other.calendars.zone, other.calendars.rules)
        return (self.day, self.heads.people, mine) == (other.day, other.heads.people, theirs)


@dataclass(frozen=True, slots=True)
class Attendees:
    """The days of those who came or left on the day of the log."""

    log: DayLog
    since: datetime
    """When the oldest of the days was worked out."""
    days: Mapping[UUID, PersonDay]


def day_log(
    session: Session,
    settings: Settings,
    day: date,
    before: DayLog | None = None,
    known_at: datetime | None = None,
) -> DayLog:
    """The passages of a day.

    Args:
        before: a log of any day that was loaded earlier; only what changed since is loaded.
        known_at: only what had happened and was written by then; such a log is never a `before`.
    """
    heads = changes.heads(session)
    if known_at is None and before and _is_of(before, settings, day, heads):
        if before.heads == heads:
            return before
        changed = ledger.people_since(session, before.heads.ledger)
        if len(changed) <= MAX_CHANGED_PEOPLE:
            return _reloaded(session, before, heads, changed)
    calendars = load_calendars(session, settings, day, day, own=False)
    holiday = day in calendars.holidays
    starts, rotating = shifts.own_starts(session, day, each=holiday)
    new = {one.id: one for one in people.added_between(session, *day_bounds(day, settings.zone))}
    apart = people.by_id(session, {*calendars.leave, *calendars.changes, *rotating} - new.keys()) | new
    entries = ledger_entries.entries(session, *Period(day, day).bounds_of_passages(settings.zone), known_at=known_at)
    came = {entry.person for entry in entries if entry.person}
    calendars = with_own_shifts(session, calendars, apart.keys() | came)
    found = passages_of(session, calendars, entries)
    others = people.by_id(session, found.keys() - apart.keys())
    return DayLog(day, heads, calendars, found, others | apart, apart, () if holiday else starts)


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
    return Attendees(log, since, kept | _days(log, changed, counting(log.calendars, now)))


def _days(log: DayLog, passages: Mapping[UUID, Sequence[Passage]], counting: Counting) -> dict[UUID, PersonDay]:
    days = {
        id: PersonDay(log.people[id], counting.days(log.people[id], theirs, [log.day])[0])
        for id, theirs in passages.items()
        if id in log.people
    }
    return {id: one for id, one in days.items() if one.summary.pieces}


def _is_of(before: DayLog, settings: Settings, day: date, heads: Heads) -> bool:
    calendars = before.calendars
    same = (before.day, before.heads.people, calendars.zone) == (day, heads.people, settings.zone)
    return same and calendars.rules == rules_of(settings)


def _reloaded(session: Session, before: DayLog, heads: Heads, changed: Collection[UUID]) -> DayLog:
    """The log with the passages of these people loaded again."""
    others = {person: theirs for person, theirs in before.passages.items() if person not in changed}
    calendars = with_own_shifts(session, before.calendars, changed)
    bounds = Period(before.day, before.day).bounds_of_passages(calendars.zone)
    found = load_passages(session, calendars, *bounds, of=list(changed))
    new = people.by_id(session, list(found.keys() - before.people.keys()))
    loaded = {**others, **found}
    return replace(before, heads=heads, calendars=calendars, passages=loaded, people={**before.people, **new})
