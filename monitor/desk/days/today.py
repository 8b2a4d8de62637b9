"""The day so far, for the door and the desk. Every function blocks: call it in workers only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import nlargest
from typing import TypeAlias
from uuid import UUID

from sqlalchemy import Engine

from db.engine import reading
from db.observations import moods
from db.people import people
from db.records.people import Person
from db.schema.folding import folded
from monitor.attendance.days import Period, PersonDay
from monitor.attendance.rules import instant_of, minute_of
from monitor.attendance.stays import Open, is_alive, open_stay
from monitor.config import Settings
from monitor.desk.days.day_log import Attendees, attendees, day_log
from monitor.desk.days.door_board import ARRIVALS_KEPT, Attendee, Board, BoardEvent
from monitor.desk.days.moods import mood_report
from monitor.domain import EventKind
from monitor.moods.cells import SMALLEST_GROUP

Shares: TypeAlias = tuple[tuple[str, float], ...]
"""Moods that occurred and their shares, which sum to 1."""

RECENT = timedelta(minutes=5)
"""A kiosk may write a mood so late; moods before that are not read again."""


@dataclass(frozen=True, slots=True)
class Today:
    """What the door shows before the first event of this run."""

    board: Board
    people: int
    """People enrolled."""
    attendees: Attendees
    moods: Mapping[UUID, str]
    """The latest mood of each person."""
    at: datetime
    """When the moods were read."""


def today_of(engine: Engine, settings: Settings, now: datetime, before: Today | None = None) -> Today:
    """The day so far. Raises: DatabaseError.

    Args:
        before: loaded earlier; only what changed since is loaded.
    """
    day = now.astimezone(settings.zone).date()
    start, end = Period(day, day).bounds(settings.zone)
    with reading(engine) as session:
        log = day_log(session, settings, day, before.attendees.log if before else None)
        if before and before.attendees.log.is_of(log):
            latest, count = {**before.moods}, before.people
            start = max(start, before.at - RECENT)
        else:
            latest, count, before = {}, people.count_people(session), None
        if settings.mood == "individual":
            latest |= moods.latest(session, start, end)
    came = attendees(log, now, before.attendees if before else None)
    by_name = sorted(came.days.values(), key=lambda line: folded(line.person.name))
    by_person = {line.person.id: _attendee(line, latest, before, now) for line in by_name}
    by_person |= {one.id: _since_yesterday(one, begun, latest) for one, begun in _overnight(came, now)}
    return Today(Board(attendees=by_person, events=_events(by_name)), count, came, latest, now)


def mood_of_day(engine: Engine, settings: Settings, now: datetime) -> Shares | None:
    """The shares of today's moods, each sighting counted once; None when too few people were seen to show them.

    Of fewer than five people the day's mood would be theirs, and this is shown to everybody, also in mode individual.
    """
    day = now.astimezone(settings.zone).date()
    cells, *_ = mood_report(engine, settings, Period(day, day), "day")
    if not cells:
        return ()
    return cells[0].label_shares if cells[0].people >= SMALLEST_GROUP else None


def _attendee(line: PersonDay, latest: Mapping[UUID, str], before: Today | None, now: datetime) -> Attendee:
    person, mood = line.person.id, latest.get(line.person.id)
    if before and before.attendees.days.get(person) is line and before.moods.get(person) == mood:
        return before.board.attendees[person]
    passages, last = line.summary.passages, line.summary.pieces[-1]
    comings = [passage.at for passage in passages if passage.kind == "check_in"]
    begun = last.came.at if last.came else instant_of(last.start) if last.start is not None else None
    return Attendee(
        person=person,
        name=line.person.name,
        last_in=comings[-1] if comings else begun,
        last_out=last.left.at if last.left else None,
        inside=last.running,
        mood=mood,
        seen=passages[-1].at if passages else begun or now,
    )


def _overnight(came: Attendees, now: datetime) -> Iterator[tuple[Person, Open]]:
    """Who is in the house since a shift or a visit of the day before."""
    log = came.log
    for id, theirs in log.passages.items():
        line = came.days.get(id)
        if theirs[-1].kind == "check_out" or id not in log.people or (line and line.summary.pieces[-1].running):
            continue
        calendar = log.calendars.of(log.people[id])
        begun = open_stay(theirs, calendar)
        if begun and begun.day < log.day and is_alive(begun, minute_of(now), calendar, log.calendars.rules):
            yield log.people[id], begun


def _since_yesterday(person: Person, begun: Open, latest: Mapping[UUID, str]) -> Attendee:
    at = begun.came.at
    return Attendee(person.id, person.name, at, None, inside=True, mood=latest.get(person.id), seen=at)


def _events(lines: Sequence[PersonDay]) -> tuple[BoardEvent, ...]:
    """The newest passages, newest first."""
    passed = ((passage, line.person.name) for line in lines for passage in line.summary.passages)
    newest = nlargest(ARRIVALS_KEPT, passed, key=lambda one: one[0].at)
    return tuple(BoardEvent(passage.at, EventKind(passage.kind), name, None) for passage, name in newest)
