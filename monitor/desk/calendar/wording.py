"""Shifts, holidays and leave in words: what a list, a question and an error say of them."""

from datetime import timedelta
from typing import Final

from db.calendar import Leave, Shift
from monitor.calendar_text import weekdays_text
from monitor.text import date_text, hours_and_minutes

_KINDS: Final = {
    "holiday": "on holiday", "sick": "sick", "training": "in training", "unpaid": "on unpaid leave", "other": "on leave"
}  # fmt: skip
EVERYBODY: Final = "everybody"


def times(shift: Shift, dash: str = "-") -> str:
    """From when to when: "09:00-17:30"."""
    return f"{shift.start:%H:%M}{dash}{shift.end:%H:%M}"


def hours_a_day(shift: Shift) -> str:
    """The hours that are expected on a day, on the clock: without an unpaid break."""
    unpaid = timedelta() if shift.break_paid else timedelta(minutes=shift.break_minutes)
    return hours_and_minutes(shift.length - unpaid)


def weeks_words(every_weeks: int) -> str:
    """In which weeks: "every week", "every second week", "every 3rd week"."""
    if every_weeks < 3:
        return ("every week", "every second week")[every_weeks - 1]
    return f"every {every_weeks}{'rd' if every_weeks == 3 else 'th'} week"


def shift_words(shift: Shift, whose: str) -> str:
    """A shift as one sentence: "Lab: mon-fri 08:00-16:30, 8:00 a day, from Fri 27 Nov 2026."."""
    parts = [f"{whose[:1].upper()}{whose[1:]}: {weekdays_text(shift.weekdays)} {times(shift)}"]
    if shift.end <= shift.start:
        parts[0] += " (ends on the next day)"
    if shift.every_weeks > 1:
        parts.append(weeks_words(shift.every_weeks))
    parts.append(f"{hours_a_day(shift)} a day")
    if shift.valid_from:
        parts.append(f"from {date_text(shift.valid_from)}")
    if shift.valid_to:
        parts.append(f"until {date_text(shift.valid_to)}")
    return f"{', '.join(parts)}."


def leave_words(leave: Leave, name: str) -> str:
    """A leave as one sentence: "Anna: sick on Mon 9 Mar 2026, in the morning."."""
    days = f"on {date_text(leave.first)}"
    if leave.last > leave.first:
        days = f"from {date_text(leave.first)} to {date_text(leave.last)}"
    return f"{name}: {_KINDS[leave.kind]} {days}{f', in the {leave.half}' if leave.half else ''}."
