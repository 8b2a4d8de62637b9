"""Who came and left on one day; brought up to date with what was appended to the ledger since.

A door lets thousands in on a day, and each entry has to be on the screens at once: so only the day of those whom the
new rows are about is worked out again.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import changes
from db.attendance import ledger, schedules
from db.batches import batches
from db.changes import Heads
from db.records import Person, Schedule
from db.schema import PersonRow
from monitor.attendance.days import Period, PersonDay
from monitor.attendance.rules import Passage, passages, summarise

MANY: Final = 1_000
"""People in the news; for more, the whole day is loaded sooner."""
LASTS: Final = timedelta(minutes=1)
"""How long somebody's day stays as it was worked out: hours are shown in minutes."""


@dataclass(frozen=True, slots=True)
class DayLog:
    """The passages of one day, and of the next, on which a shift over midnight ends."""

    day: date
    zone: ZoneInfo
    heads: Heads
    """What of the database is in here."""
    shifts: Sequence[Schedule]
    passages: Mapping[UUID, Sequence[Passage]]
    """By person, each in the order of time."""
    people: Mapping[UUID, Person]
    """Those, and who has shifts of their own."""


@dataclass(frozen=True, slots=True)
class Came:
    """The day of everybody who came or left."""

    log: DayLog
    since: datetime
    """When the oldest of the lines was worked out."""
    near: Mapping[UUID, PersonDay]
    """Of everybody in the log."""
    lines: Mapping[UUID, PersonDay]
    """Of those who came or left on the day itself."""


def day_log(session: Session, zone: ZoneInfo, day: date, before: DayLog | None = None) -> DayLog:
    """The day's passages.

    Args:
        before: any log that was loaded earlier; what is in it and has not changed is not loaded again.
    """
    heads = changes.heads(session)
    if before and (before.day, before.zone, before.heads.people) == (day, zone, heads.people):
        if before.heads == heads:
            return before
        news = ledger.people_since(session, before.heads.ledger)
        if len(news) <= MANY:
            return _with_news(session, before, heads, news)
    shifts = schedules.all_schedules(session)
    found = _passages(session, zone, day)
    own = {shift.person for shift in shifts if shift.person is not None}
    return DayLog(day, zone, heads, shifts, found, _people(session, found.keys() | own))


def came(log: DayLog, now: datetime, before: Came | None = None) -> Came:
    """Everybody's day as known now.

    Args:
        before: worked out earlier; the lines of those who did not pass since are kept for a minute.
    """
    kept = before if before and _is_good(before, log, now) else None
    near = {
        person: kept.near[person]
        if kept and kept.log.passages.get(person) is some
        else PersonDay(log.people[person], summarise(log.people[person], log.day, some, log.shifts, log.zone, now))
        for person, some in log.passages.items()
    }
    lines = {person: line for person, line in near.items() if line.summary.passages}
    return Came(log, kept.since if kept else now, near, lines)


def _is_good(before: Came, log: DayLog, now: datetime) -> bool:
    same = (before.log.day, before.log.zone, before.log.heads.people) == (log.day, log.zone, log.heads.people)
    return same and timedelta() <= now - before.since < LASTS


def _with_news(session: Session, before: DayLog, heads: Heads, news: Collection[UUID]) -> DayLog:
    others = {person: some for person, some in before.passages.items() if person not in news}
    found = _passages(session, before.zone, before.day, news)
    people = {**before.people, **_people(session, found.keys() - before.people.keys())}
    return replace(before, heads=heads, passages={**others, **found}, people=people)


def _passages(
    session: Session, zone: ZoneInfo, day: date, people: Collection[UUID] | None = None
) -> dict[UUID, Sequence[Passage]]:
    start, end = Period(day, day + timedelta(days=1)).bounds(zone)
    rows = ledger.entries(session, start, end, people=None if people is None else list(people))
    by_person: dict[UUID, list[Passage]] = defaultdict(list)
    for passage in passages(rows):
        if passage.person is not None:
            by_person[passage.person].append(passage)
    return {person: tuple(some) for person, some in by_person.items()}


def _people(session: Session, ids: Collection[UUID]) -> dict[UUID, Person]:
    # Columns, because objects that the session keeps cost three times as much.
    row = PersonRow
    columns = select(row.id, row.name, row.number, row.group, row.active, row.notes, row.created_at)
    found = (Person(*each) for some in batches(list(ids)) for each in session.execute(columns.where(row.id.in_(some))))
    return {person.id: person for person in found}
