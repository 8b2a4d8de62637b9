"""Everything that the Shifts screen shows. It blocks: call it in workers only."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from db.calendar import Holiday
from monitor.desk.calendar.holidays import list_holidays
from monitor.desk.calendar.leave import LeaveEntry, list_leave
from monitor.desk.calendar.shifts import ShiftList, list_shifts


@dataclass(frozen=True, slots=True)
class CalendarView:
    """Who is expected when, from a day on."""

    today: date
    shifts: ShiftList
    holidays: tuple[Holiday, ...]
    """From today on."""
    leave: tuple[LeaveEntry, ...]
    """Now and to come."""


def calendar_view(engine: Engine, zone: ZoneInfo, now: datetime) -> CalendarView:
    """Shifts, holidays and leave as of now. Raises: DatabaseError."""
    today = now.astimezone(zone).date()
    shifts, holidays, leave = list_shifts(engine, today), list_holidays(engine, today), list_leave(engine, today)
    return CalendarView(today, shifts, tuple(holidays), tuple(leave))
