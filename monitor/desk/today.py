"""What the screens ask the database, and what they change in it. All of it blocks: call it in workers only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from heapq import nlargest
from typing import TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import audit
from db.attendance import corrections, kiosks, ledger, schedules
from db.engine import reading, writing
from db.ids import new_id
from db.names import folded
from db.observations import moods
from db.people import people
from db.records import AttendanceEvent, Person, Presence
from monitor.attendance.days import Period, PersonDay
from monitor.attendance.rules import passages
from monitor.attendance.shifts import expected, person_day
from monitor.config import Settings
from monitor.desk.day_log import Attendees, attendees, day_log
from monitor.desk.door_board import ARRIVALS_KEPT, Attendee, Board, Happening
from monitor.desk.moods import mood_report
from monitor.domain import MOODS, EventKind
from monitor.moods.cells import Cell

Shares: TypeAlias = tuple[tuple[str, float], ...]
"""Moods that occurred and their shares, which sum to 1."""

RECENT = timedelta(minutes=5)
"""How late a mood may be written; older ones are not looked at again."""
DESK = "desk"
"""Who changes things here, for the ledger and the audit log."""


@dataclass(frozen=True, slots=True)
class EventLine:
    """A row of the ledger with the reason that was given for it."""

    event: AttendanceEvent
    reason: str | None
    counts: bool
    """Whether it still counts after voids and corrections."""


@dataclass(frozen=True, slots=True)
class PersonEntries:
    """A person's rows of one day, which ends the next day where a shift does."""

    lines: tuple[EventLine, ...]
    start: datetime
    end: datetime
    """The first instant that is not of this day any more."""
    middle: datetime
    """Of the shift; noon where there is none."""

    def instant(self, clock: time, zone: ZoneInfo, near: datetime | None = None) -> datetime | None:
        """The instant of this day at which a clock shows this, in UTC; None where the day has none.

        Args:
            near: of two, the one nearer to this; by default to the middle of the shift.
        """
        first = self.start.astimezone(zone).date()
        both = (datetime.combine(first + timedelta(days=days), clock, tzinfo=zone).astimezone(UTC) for days in (0, 1))
        return min(
            (at for at in both if self.start <= at < self.end),
            key=lambda at: abs(at - (near or self.middle)),
            default=None,
        )


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
    """When the moods were looked for."""


def today_of(engine: Engine, settings: Settings, now: datetime, before: Today | None = None) -> Today:
    """The day so far. Raises: DatabaseError.

    Args:
        before: loaded earlier; only what changed since is loaded.
    """
    day = now.astimezone(settings.zone).date()
    start, end = Period(day, day).bounds(settings.zone)
    with reading(engine) as session:
        log = day_log(session, settings.zone, day, before.attendees.log if before else None)
        if before and before.attendees.log.is_of(log):
            latest, count = {**before.moods}, before.people
            start = max(start, before.at - RECENT)
        else:
            latest, count, before = {}, people.count_people(session), None
        if settings.mood == "individual":
            latest |= moods.latest(session, start, end)
    came = attendees(log, now, before.attendees if before else None)
    by_name = sorted(came.days.values(), key=lambda line: folded(line.person.name))
    by_person = {line.person.id: _attendee(line, latest, before) for line in by_name}
    return Today(Board(attendees=by_person, happenings=_happenings(by_name)), count, came, latest, now)


def mood_of_day(engine: Engine, settings: Settings, now: datetime) -> Shares | None:
    """Today's moods, each sighting counted once; None when too few people were seen to show it."""
    day = now.astimezone(settings.zone).date()
    cells, _ = mood_report(engine, settings, Period(day, day), "day")
    return shares_of(cells[0]) if cells else ()


def shares_of(cell: Cell) -> Shares | None:
    """Each mood that occurred and its share; None when hidden."""
    if cell.shares is None:
        return None
    return tuple((mood, share) for mood, share in zip(MOODS, cell.shares, strict=True) if share)


def _attendee(line: PersonDay, latest: Mapping[UUID, str], before: Today | None) -> Attendee:
    person, mood = line.person.id, latest.get(line.person.id)
    if before and before.attendees.days.get(person) is line and before.moods.get(person) == mood:
        return before.board.attendees[person]
    last = line.summary.passages[-1]
    comings = [passage.at for passage in line.summary.passages if passage.kind == "check_in"]
    return Attendee(
        person=person,
        name=line.person.name,
        last_in=comings[-1] if comings else None,
        last_out=line.summary.last_out,
        inside=last.kind == "check_in",
        mood=mood,
        seen=last.at,
    )


def _happenings(lines: Sequence[PersonDay]) -> tuple[Happening, ...]:
    """The newest passages, newest first."""
    passed = ((passage, line.person.name) for line in lines for passage in line.summary.passages)
    newest = nlargest(ARRIVALS_KEPT, passed, key=lambda one: one[0].at)
    return tuple(Happening(passage.at, EventKind(passage.kind), name, None) for passage, name in newest)


def day_of_person(engine: Engine, person: Person, day: date, zone: ZoneInfo) -> PersonEntries:
    """All of a person's ledger rows of a day, in their order, with what became of them. Raises: DatabaseError."""
    with reading(engine) as session:
        shifts = schedules.all_schedules(session)
        start, end = person_day(shifts, person.id, person.group, day, zone)
        events = ledger.between(session, start, end, people=[person.id])
        reasons = audit.reasons(session, [event.id for event in events])
    counting = {passage.event for passage in passages(events)}
    due = expected(shifts, person.id, person.group, day, zone)
    middle = due.start + (due.end - due.start) / 2 if due else datetime.combine(day, time(12), tzinfo=zone)
    lines = tuple(EventLine(event, reasons.get(event.id), event.id in counting) for event in events)
    return PersonEntries(lines, start, end, middle)


def void_event(engine: Engine, settings: Settings, event: UUID, reason: str, at: datetime) -> None:
    """Make an entry void. Raises: DatabaseError."""
    with writing(engine) as session:
        corrections.void(
            session, event, id=new_id(), at=at, kiosk=_kiosk(session, settings, at), actor=DESK, reason=reason
        )


def correct_event(
    engine: Engine, settings: Settings, event: UUID, kind: Presence, happened_at: datetime, reason: str, at: datetime
) -> None:
    """Put what really happened in an entry's place. Raises: DatabaseError."""
    with writing(engine) as session:
        corrections.correct(
            session, event, id=new_id(), kind=kind, happened_at=happened_at, at=at,
            kiosk=_kiosk(session, settings, at), actor=DESK, reason=reason,
        )  # fmt: skip


def add_event(
    engine: Engine, settings: Settings, person: UUID, kind: Presence, happened_at: datetime, reason: str, at: datetime
) -> None:
    """Add an entry by hand. Raises: DatabaseError."""
    with writing(engine) as session:
        corrections.add_by_hand(
            session, person, id=new_id(), kind=kind, happened_at=happened_at, time_zone=settings.time_zone, at=at,
            kiosk=_kiosk(session, settings, at), actor=DESK, reason=reason,
        )  # fmt: skip


def _kiosk(session: Session, settings: Settings, at: datetime) -> UUID:
    return kiosks.register(
        session, settings.kiosk, site=settings.site, role=settings.role, time_zone=settings.time_zone, at=at
    ).id
