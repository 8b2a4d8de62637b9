"""What the screens ask the database, and what they change in it. All of it blocks: call it in workers only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import audit, corrections, kiosks, ledger, moods, people, schedules
from db.engine import reading, writing
from db.ids import new_id
from db.records import AttendanceEvent, Presence
from monitor import reports
from monitor.attendance import passages
from monitor.config import Settings
from monitor.domain import EventKind
from monitor.export import Table, to_csv, write_whole
from monitor.mood import Cell
from monitor.reports import Period, PersonDay
from monitor.shifts import day_bounds
from monitor.tui.board import Attendee, Board, Happening
from monitor.tui.roster_queries import came_on
from monitor.tui.text import MOODS

Shares: TypeAlias = tuple[tuple[str, float], ...]
"""Moods that occurred and their shares, which sum to 1."""

DESK = "desk"
"""Who changes things here, for the ledger and the audit log."""


@dataclass(frozen=True, slots=True)
class EventLine:
    """A row of the ledger with the reason that was given for it."""

    event: AttendanceEvent
    reason: str | None
    counts: bool
    """Whether it still counts after voids and corrections."""


def roster_of(engine: Engine, settings: Settings, day: date, now: datetime) -> list[PersonDay]:
    """Everybody's day, by name."""
    with reading(engine) as session:
        return reports.attendance(session, settings, Period(day, day), now)


@dataclass(frozen=True, slots=True)
class Today:
    """What the door shows before the first event of this run."""

    board: Board
    people: int
    """People enrolled."""


def today_of(engine: Engine, settings: Settings, now: datetime) -> Today:
    """The day so far. Raises: DatabaseError."""
    day = now.astimezone(settings.zone).date()
    start, end = Period(day, day).bounds(settings.zone)
    with reading(engine) as session:
        came = came_on(session, settings, day, now, schedules.all_schedules(session))
        lines = sorted(came.values(), key=lambda line: line.person.name.casefold())
        latest = {sample.person: sample.label for sample in moods.between(session, start, end) if sample.person}
        count = people.count_people(session)
    if settings.mood != "individual":
        latest = {}
    attendees = {line.person.id: _attendee(line, latest) for line in lines}
    return Today(Board(attendees=attendees, happenings=_happenings(lines)), count)


def mood_of_day(engine: Engine, settings: Settings, now: datetime) -> Shares | None:
    """Today's moods, each sighting counted once; None when too few people were seen to show it."""
    day = now.astimezone(settings.zone).date()
    with reading(engine) as session:
        cells = reports.moods_by(session, settings, Period(day, day), "day")
    return shares_of(cells[0]) if cells else ()


def shares_of(cell: Cell) -> Shares | None:
    """Each mood that occurred and its share; None when hidden."""
    if cell.shares is None:
        return None
    return tuple((mood, share) for mood, share in zip(MOODS, cell.shares, strict=True) if share)


def _attendee(line: PersonDay, latest: Mapping[UUID, str]) -> Attendee:
    last = line.summary.passages[-1]
    comings = [passage.at for passage in line.summary.passages if passage.kind == "check_in"]
    return Attendee(
        person=line.person.id,
        name=line.person.name,
        last_in=comings[-1] if comings else None,
        last_out=line.summary.last_out,
        inside=last.kind == "check_in",
        mood=latest.get(line.person.id),
        seen=last.at,
    )


def _happenings(lines: list[PersonDay]) -> tuple[Happening, ...]:
    all_of_them = [
        Happening(passage.at, EventKind(passage.kind), line.person.name, None)
        for line in lines
        for passage in line.summary.passages
    ]
    return tuple(sorted(all_of_them, key=lambda one: one.at, reverse=True)[:50])


def day_of_person(engine: Engine, person: UUID, day: date, zone: ZoneInfo) -> list[EventLine]:
    """All of a person's ledger rows of a day, in their order, with what became of them."""
    start, end = day_bounds(day, zone, tonight=True)
    with reading(engine) as session:
        events = ledger.between(session, start, end, people=[person])
        reasons = audit.reasons(session, [event.id for event in events])
    counting = {passage.event for passage in passages(events)}
    return [EventLine(event, reasons.get(event.id), event.id in counting) for event in events]


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


def export_roster(engine: Engine, settings: Settings, day: date, now: datetime, file: Path) -> None:
    """Write everybody's day as CSV, safe for spreadsheets. Raises: DatabaseError, MusterError."""
    lines = roster_of(engine, settings, day, now)
    columns = ("day", "number", "name", "group", "status", "first_in", "last_out", "minutes")
    rows = [
        (
            line.summary.day,
            line.person.number,
            line.person.name,
            line.person.group,
            line.summary.status.value if line.summary.status else None,
            line.summary.first_in and line.summary.first_in.astimezone(settings.zone),
            line.summary.last_out and line.summary.last_out.astimezone(settings.zone),
            int(line.summary.present.total_seconds()) // 60,
        )
        for line in lines
    ]
    write_whole(file, to_csv(Table("Attendance", columns, rows)).encode())
