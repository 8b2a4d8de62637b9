"""Shifts and days: when people are expected, and which day an instant belongs to. Pure functions.

Days begin and end in the site's time zone. A day with a shift over midnight reaches until noon of the next one,
which then begins there, so every instant belongs to exactly one day of a person.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

_NOON: Final = time(12)


class Shift(Protocol):
    """When a person, a group or everybody is expected; see `db.calendar.Shift`."""

    @property
    def person(self) -> UUID | None: ...
    @property
    def group(self) -> str | None: ...
    @property
    def weekdays(self) -> frozenset[int]: ...
    @property
    def start(self) -> time: ...
    @property
    def end(self) -> time: ...
    @property
    def grace_minutes(self) -> int: ...
    @property
    def valid_from(self) -> date | None: ...
    @property
    def valid_to(self) -> date | None: ...
    @property
    def every_weeks(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Expected:
    """A shift on a certain day."""

    start: datetime
    end: datetime
    late_after: datetime


def expected(shifts: Iterable[Shift], person: UUID, group: str | None, day: date, zone: ZoneInfo) -> Expected | None:
    """When the person is expected that day: by their own shifts if any, else their group's, else everybody's."""
    valid = [
        shift
        for shift in shifts
        if (shift.valid_from is None or shift.valid_from <= day) and (shift.valid_to is None or day <= shift.valid_to)
    ]
    own = [shift for shift in valid if shift.person == person]
    of_group = [shift for shift in valid if shift.group is not None and shift.group == group]
    of_all = [shift for shift in valid if shift.person is None and shift.group is None]
    today = sorted(
        (shift for shift in own or of_group or of_all if _starts_on(shift, day)), key=lambda shift: shift.start
    )
    if not today:
        return None
    first, last = today[0], today[-1]
    start = _instant(day, first.start, zone)
    end = _instant(day + timedelta(days=last.end <= last.start), last.end, zone)
    return Expected(start, end, start + timedelta(minutes=first.grace_minutes))


def _starts_on(shift: Shift, day: date) -> bool:
    """Whether a valid shift starts on the day: by its weekday, and its week counted from that of `valid_from`."""
    monday = day - timedelta(days=day.weekday())
    first = shift.valid_from or monday
    weeks = (monday - first + timedelta(days=first.weekday())).days // 7
    return day.weekday() in shift.weekdays and weeks % shift.every_weeks == 0


def day_bounds(
    day: date, zone: ZoneInfo, *, tonight: bool = False, last_night: bool = False
) -> tuple[datetime, datetime]:
    """The day's first instant and the first one after it, in UTC.

    Args:
        tonight: the person's shift of this day ends on the next.
        last_night: the shift of the day before ends on this one.
    """
    start = _instant(day, _NOON if last_night else time(), zone)
    end = _instant(day + timedelta(days=1), _NOON if tonight else time(), zone)
    return start, end


def person_day(
    shifts: Sequence[Shift], person: UUID, group: str | None, day: date, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """The bounds of the day for this person, whose shifts may reach over midnight."""
    yesterday = day - timedelta(days=1)
    return day_bounds(
        day,
        zone,
        tonight=_over_midnight(expected(shifts, person, group, day, zone), day, zone),
        last_night=_over_midnight(expected(shifts, person, group, yesterday, zone), yesterday, zone),
    )


def day_of(shifts: Sequence[Shift], person: UUID, group: str | None, at: datetime, zone: ZoneInfo) -> date:
    """The day that an instant belongs to, for this person."""
    day = at.astimezone(zone).date()
    return day if at >= person_day(shifts, person, group, day, zone)[0] else day - timedelta(days=1)


def _over_midnight(shift: Expected | None, day: date, zone: ZoneInfo) -> bool:
    return (
        shift is not None
        and shift.end.astimezone(zone).date() > day
        and shift.end > _instant(day + timedelta(days=1), time(), zone)
    )


def _instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)
