"""The rows of the Shifts screen's lists, for narrow and for wide panes."""

from datetime import date, timedelta

from db.calendar import Holiday
from db.records.people import Person
from monitor.desk.calendar.leave import LeaveEntry
from monitor.desk.calendar.shifts import ShiftEntry
from monitor.text import MONTHS, date_text, hours_and_minutes
from monitor.tui.style.text import clean
from monitor.tui.widgets.table import Column, Row

WIDE = 92
"""Cells from which a table of shifts has room for whole weekdays."""
_DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def shift_columns(*, wide: bool) -> tuple[Column, ...]:
    """The columns of the shifts, where weekdays are pairs of letters or single ones."""
    return (
        Column("for", "For", most=30),
        Column("days", "Days", 20 if wide else 7),
        Column("weeks", "", 3),
        Column("time", "Time", 12),
        Column("grace", "Grace", 5, right=True),
        Column("break", "Break", 11 if wide else 5),
        Column("from", "Valid from", 11 if wide else 10),
        Column("to", "Valid to", 11, rank=1),
        Column("people", "People", 6, right=True),
    )


HOLIDAYS = (Column("day", "Day", 15), Column("name", "Name", most=40), Column("half", "Half", 9, rank=1))
LEAVE = (
    Column("name", "Name", most=40, least=12),
    Column("from", "From", 6),
    Column("to", "To", 6),
    Column("kind", "Kind", 8),
    Column("half", "Half", 9, rank=1),
    Column("days", "Days", 4, right=True),
)
WITHOUT = (Column("name", "Name", most=40), Column("group", "Group", 14, rank=1))


def shift_row(one: ShiftEntry, dash: str, dot: str, *, wide: bool) -> Row:
    shift = one.shift
    space = " " if wide else ""
    days = space.join(name if day in shift.weekdays else dot for day, name in enumerate(_DAYS))
    if not wide:
        days = "".join(name[0] if day in shift.weekdays else dot for day, name in enumerate(_DAYS))
    over = "»" if shift.end <= shift.start else ""
    paid = (" paid" if shift.break_paid else " unpaid") if wide else "p" * shift.break_paid
    minutes = _minutes(shift.break_minutes)
    first = _day(shift.valid_from) if wide else _short(shift.valid_from)
    cells = (
        clean(one.whose),
        days,
        f"{shift.every_weeks}w" if shift.every_weeks > 1 else "",
        f"{shift.start:%H:%M}{dash}{shift.end:%H:%M}{over}",
        _minutes(shift.grace_minutes),
        f"{minutes}{paid}" if shift.break_minutes else "none",
        first,
        _day(shift.valid_to),
        f"{one.people:,}",
    )
    return Row(str(shift.id), cells, ("faint",) if not one.people else ())


def holiday_row(one: Holiday) -> Row:
    return Row(str(one.id), (date_text(one.day), clean(one.name), one.half or ""))


def leave_row(one: LeaveEntry) -> Row:
    leave = one.leave
    days = "" if one.days is None else f"{float(one.days):g}"
    cells = (
        clean(one.person.name),
        _short(leave.first)[:6],
        _short(leave.last)[:6],
        leave.kind,
        leave.half or "",
        days,
    )
    return Row(str(leave.id), cells)


def person_row(one: Person) -> Row:
    return Row(str(one.id), (clean(one.name), clean(one.group)))


def _minutes(minutes: int) -> str:
    return hours_and_minutes(timedelta(minutes=minutes))


def _day(day: date | None) -> str:
    return "" if day is None else f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _short(day: date | None) -> str:
    return "" if day is None else f"{day.day} {MONTHS[day.month - 1]} {day:%y}"
