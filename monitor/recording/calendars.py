"""The rules that a site has set, and everybody's calendar from the database."""

from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from db.attendance.holidays import holidays_between
from db.attendance.leave import leave_between
from db.attendance.shifts import all_shifts, own_shifts, shifts_for
from db.people import membership
from db.records.people import Person
from monitor.attendance.calendar import AROUND, rota
from monitor.attendance.person_calendar import Calendars, calendars
from monitor.attendance.rules import Rules
from monitor.config import Settings

_AROUND = timedelta(days=AROUND)


def rules_of(settings: Settings) -> Rules:
    """The rules of attendance as the settings say them."""
    return Rules(
        cool_down=timedelta(minutes=settings.cool_down_minutes),
        between_doors=timedelta(minutes=settings.between_doors_minutes),
        max_stay=settings.max_stay_hours * 60,
        reach=settings.reach_hours * 60,
        close=settings.close,
        close_after=settings.close_after_hours * 60,
        rounding=settings.rounding_minutes,
        favour=settings.rounding_favour,
        break_mode=settings.break_mode,
        break_after=settings.break_after_hours * 60,
        count_from=settings.count_from,
        overtime_tolerance=settings.overtime_tolerance_minutes,
        early_grace=settings.early_grace_minutes,
    )


def load_calendars(
    session: Session, settings: Settings, first: date, last: date, person: Person | None = None, *, own: bool = True
) -> Calendars:
    """The calendars for the days from first to last of everybody, or of one person. Raises: DatabaseError.

    Args:
        own: with everybody's own shifts; else `with_own_shifts` adds those of some people.
    """
    start, end = first - _AROUND, last + _AROUND
    begins = datetime.combine(start, time(), tzinfo=settings.zone)
    changes = membership.changes_since(session, begins, person=person.id if person else None)
    if person is None or any(change.kind == "group" for change in changes):
        shifts = all_shifts(session, start, end, own=own)
    else:
        shifts = shifts_for(session, person.id, person.group, start, end)
    return calendars(
        shifts,
        holidays_between(session, start, end),
        leave_between(session, start, end, person=person.id if person else None),
        changes,
        first=first,
        last=last,
        zone=settings.zone,
        rules=rules_of(settings),
    )


def with_own_shifts(session: Session, calendars: Calendars, people: Collection[UUID]) -> Calendars:
    """The calendars with these people's own shifts."""
    if not people:
        return calendars
    found = own_shifts(session, people, calendars.first - _AROUND, calendars.last + _AROUND)
    return calendars.with_own(rota(found).own)
