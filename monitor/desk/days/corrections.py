"""A person's entries of one day, and corrections of them: always new rows of the ledger. All of it blocks."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import audit
from db.attendance import corrections, kiosks, ledger, schedules
from db.engine import reading, writing
from db.ids import new_id
from db.records import AttendanceEvent, Person, Presence
from monitor.attendance.rules import passages
from monitor.attendance.shifts import expected, person_day
from monitor.config import Settings


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


def void(engine: Engine, settings: Settings, event: UUID, reason: str, *, at: datetime, actor: str) -> None:
    """Make an entry void: it stays, but no longer counts. Raises: DatabaseError."""
    with writing(engine) as session:
        kiosk = _kiosk(session, settings, at)
        corrections.void(session, event, id=new_id(), at=at, kiosk=kiosk, actor=actor, reason=reason)


def correct(
    engine: Engine,
    settings: Settings,
    event: UUID,
    kind: Presence,
    happened_at: datetime,
    reason: str,
    *,
    at: datetime,
    actor: str,
) -> None:
    """Put what really happened in an entry's place. Raises: DatabaseError."""
    with writing(engine) as session:
        corrections.correct(
            session, event, id=new_id(), kind=kind, happened_at=happened_at, at=at,
            kiosk=_kiosk(session, settings, at), actor=actor, reason=reason,
        )  # fmt: skip


def add(
    engine: Engine,
    settings: Settings,
    person: UUID,
    kind: Presence,
    happened_at: datetime,
    reason: str,
    *,
    at: datetime,
    actor: str,
) -> None:
    """Add an entry that no camera saw. Raises: DatabaseError."""
    with writing(engine) as session:
        corrections.add_by_hand(
            session, person, id=new_id(), kind=kind, happened_at=happened_at, time_zone=settings.time_zone, at=at,
            kiosk=_kiosk(session, settings, at), actor=actor, reason=reason,
        )  # fmt: skip


def _kiosk(session: Session, settings: Settings, at: datetime) -> UUID:
    return kiosks.register(
        session, settings.kiosk, site=settings.site, role=settings.role, time_zone=settings.time_zone, at=at
    ).id
