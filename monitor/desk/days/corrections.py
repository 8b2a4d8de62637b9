"""A person's entries of one day, and corrections of them, which are new rows of the ledger. Every function blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Unpack
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import audit
from db.attendance import corrections, ledger
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.ids import new_id
from db.records.attendance import AttendanceEvent, Presence
from db.records.people import Person
from monitor.attendance.days import Period
from monitor.attendance.person_calendar import Calendar
from monitor.attendance.rules import instant_of, minute_of
from monitor.attendance.stays import day_of, pieces
from monitor.config import Settings
from monitor.desk.actor import Actor
from monitor.recording import this_kiosk
from monitor.recording.calendars import load_calendars
from monitor.recording.passages import load_passages


@dataclass(frozen=True, slots=True)
class EventLine:
    """A row of the ledger, and the reason that the desk gave for it."""

    event: AttendanceEvent
    reason: str | None
    counts: bool
    """Whether it still counts after voids and corrections."""


@dataclass(frozen=True, slots=True)
class PersonEntries:
    """A person's rows of one day, to which the night after it belongs where a shift does."""

    lines: tuple[EventLine, ...]
    start: datetime
    end: datetime
    """The first instant after the day."""
    middle: datetime
    """The middle of the shift; noon without a shift."""

    def instant(self, clock: time, zone: ZoneInfo, near: datetime | None = None) -> datetime | None:
        """The instant of this day at which the local clock shows this time, in UTC; None if it never does.

        Args:
            near: where the clock shows it twice, the instant nearer to this one; by default to the shift's middle.
        """
        first = self.start.astimezone(zone).date()
        both = (datetime.combine(first + timedelta(days=days), clock, tzinfo=zone).astimezone(UTC) for days in range(3))
        return min(
            (at for at in both if self.start <= at < self.end),
            key=lambda at: abs(at - (near or self.middle)),
            default=None,
        )


def person_entries(engine: Engine, settings: Settings, person: Person, day: date, now: datetime) -> PersonEntries:
    """A person's ledger rows of a day in the ledger's order, each with whether it counts. Raises: DatabaseError."""
    period = Period(day, day)
    with reading(engine) as session:
        calendars = load_calendars(session, settings, day, day, person)
        bounds = period.bounds_of_passages(settings.zone)
        events = ledger.between(session, *bounds, people=[person.id])
        counted = load_passages(session, calendars, *bounds, of=[person.id]).get(person.id, ())
        reasons = audit.reasons(session, [event.id for event in events])
    calendar = calendars.of(person)
    rows = pieces(counted, calendar, calendars.rules, minute_of(now))
    counting = {passage.event for passage in counted}
    days = {
        passage.event: date_
        for date_, row in rows.items()
        for piece in row
        for passage in (piece.left, piece.came)
        if passage is not None
    }
    chains = _chains(events)
    lines = []
    for event in events:
        chain = chains[event.id]
        known = next((days[one.id] for one in reversed(chain) if one.id in days), None)
        if day == (known or day_of(minute_of(chain[0].at), calendar, leaves=chain[0].kind == "check_out")):
            lines.append(EventLine(event, reasons.get(event.id), event.id in counting))
    return PersonEntries(tuple(lines), *_span(day, calendar, [line.event for line in lines], settings.zone))


def _chains(events: Sequence[AttendanceEvent]) -> dict[UUID, list[AttendanceEvent]]:
    """Each row with all rows that void or correct the same passage, in the ledger's order."""
    roots: dict[UUID, UUID] = {}
    found: dict[UUID, list[AttendanceEvent]] = {}
    for event in events:
        roots[event.id] = roots.get(event.target, event.id) if event.target else event.id
        found.setdefault(roots[event.id], []).append(event)
    return {id: found[root] for id, root in roots.items()}


def _span(
    day: date, calendar: Calendar, events: Sequence[AttendanceEvent], zone: ZoneInfo
) -> tuple[datetime, datetime, datetime]:
    """First instant, end and middle of somebody's day: with the reach of its shifts, and the hours after them."""
    start, end = Period(day, day).bounds(zone)
    windows = calendar.days[day].windows
    middle = datetime.combine(day, time(12), tzinfo=zone)
    if windows:
        first, last = windows[0], windows[-1]
        middle = instant_of((first.start + last.end) // 2)
        blocks = [block for block in calendar.blocks if any(one in block.windows for one in windows)]
        start = min(start, instant_of(blocks[0].reach))
        end = max(end, instant_of(blocks[-1].lone_outs_until))
    times = [event.at for event in events if event.kind != "void"]
    return min([start, *times]), max([end, *(at + timedelta(minutes=1) for at in times)]), middle


def void(engine: Engine, settings: Settings, event: UUID, reason: str, **by: Unpack[Actor]) -> None:
    """Make an entry void: it stays in the ledger, but no longer counts. Raises: DatabaseError."""
    with writing(engine) as session:
        write_void(session, settings, event, reason, **by)


def write_void(session: Session, settings: Settings, event: UUID, reason: str, **by: Unpack[Actor]) -> None:
    """`void` in the caller's transaction."""
    corrections.void(session, event, **_row(session, settings, reason, by))


def not_me(engine: Engine, cipher: TemplateCipher, settings: Settings, event: UUID, **by: Unpack[Actor]) -> None:
    """Make an entry void because its face was another person's, and remember the mistake, so that it is rarer.

    Raises:
        DatabaseError: there is no such entry, or its person was erased.
    """
    with writing(engine) as session:
        row = _row(session, settings, "not me", by)
        corrections.not_me(session, cipher, event, id=row["id"], kiosk=row["kiosk"], at=by["at"], actor=by["actor"])


def correct(
    engine: Engine,
    settings: Settings,
    event: UUID,
    kind: Presence,
    happened_at: datetime,
    reason: str,
    **by: Unpack[Actor],
) -> None:
    """Replace an entry by what really happened; the old one stays in the ledger. Raises: DatabaseError."""
    with writing(engine) as session:
        row = _row(session, settings, reason, by)
        corrections.correct(session, event, kind=kind, happened_at=happened_at, **row)


def add(
    engine: Engine,
    settings: Settings,
    person: UUID,
    kind: Presence,
    happened_at: datetime,
    reason: str,
    **by: Unpack[Actor],
) -> None:
    """Add an entry that no camera saw. Raises: DatabaseError."""
    with writing(engine) as session:
        write_entry(session, settings, person, kind, happened_at, reason, **by)


def write_entry(
    session: Session,
    settings: Settings,
    person: UUID,
    kind: Presence,
    happened_at: datetime,
    reason: str,
    **by: Unpack[Actor],
) -> None:
    """`add` in the caller's transaction."""
    row, zone = _row(session, settings, reason, by), settings.time_zone
    corrections.add_by_hand(session, person, kind=kind, happened_at=happened_at, time_zone=zone, **row)


class _Row(Actor):
    """What every new row of the ledger has."""

    id: UUID
    kiosk: UUID
    reason: str


def _row(session: Session, settings: Settings, reason: str, by: Actor) -> _Row:
    return {"id": new_id(), "kiosk": this_kiosk.register(session, settings, by["at"]), "reason": reason, **by}
