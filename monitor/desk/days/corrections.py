"""A person's entries of one day, and corrections of them, which are new rows of the ledger. Every function blocks."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Unpack
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import audit
from db.attendance import corrections, kiosks, ledger
from db.attendance.shifts import all_shifts
from db.engine import reading, writing
from db.ids import new_id
from db.records import AttendanceEvent, Person, Presence
from monitor.attendance.rules import passages
from monitor.attendance.shifts import expected, person_day
from monitor.config import Settings
from monitor.desk.actor import Actor


@dataclass(frozen=True, slots=True)
class EventLine:
    """A row of the ledger, and the reason that the desk gave for it."""

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
    """The first instant after the day."""
    middle: datetime
    """The middle of the shift; noon without a shift."""

    def instant(self, clock: time, zone: ZoneInfo, near: datetime | None = None) -> datetime | None:
        """The instant of this day at which the local clock shows this time, in UTC; None if it never does.

        Args:
            near: where the clock shows it twice, the instant nearer to this one; by default to the shift's middle.
        """
        first = self.start.astimezone(zone).date()
        both = (datetime.combine(first + timedelta(days=days), clock, tzinfo=zone).astimezone(UTC) for days in (0, 1))
        return min(
            (at for at in both if self.start <= at < self.end),
            key=lambda at: abs(at - (near or self.middle)),
            default=None,
        )


def person_entries(engine: Engine, person: Person, day: date, zone: ZoneInfo) -> PersonEntries:
    """A person's ledger rows of a day in the ledger's order, each with whether it counts. Raises: DatabaseError."""
    with reading(engine) as session:
        shifts = all_shifts(session)
        start, end = person_day(shifts, person.id, person.group, day, zone)
        events = ledger.between(session, start, end, people=[person.id])
        reasons = audit.reasons(session, [event.id for event in events])
    counting = {passage.event for passage in passages(events)}
    due = expected(shifts, person.id, person.group, day, zone)
    middle = due.start + (due.end - due.start) / 2 if due else datetime.combine(day, time(12), tzinfo=zone)
    lines = tuple(EventLine(event, reasons.get(event.id), event.id in counting) for event in events)
    return PersonEntries(lines, start, end, middle)


def void(engine: Engine, settings: Settings, event: UUID, reason: str, **by: Unpack[Actor]) -> None:
    """Make an entry void: it stays in the ledger, but no longer counts. Raises: DatabaseError."""
    with writing(engine) as session:
        corrections.void(session, event, **_row(session, settings, reason, by))


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
        row, zone = _row(session, settings, reason, by), settings.time_zone
        corrections.add_by_hand(session, person, kind=kind, happened_at=happened_at, time_zone=zone, **row)


class _Row(Actor):
    """What every new row of the ledger has."""

    id: UUID
    kiosk: UUID
    reason: str


def _row(session: Session, settings: Settings, reason: str, by: Actor) -> _Row:
    kiosk = kiosks.register(
        session, settings.kiosk, site=settings.site, role=settings.role, time_zone=settings.time_zone, at=by["at"]
    )
    return {"id": new_id(), "kiosk": kiosk.id, "reason": reason, **by}
