"""Who is expected when: shifts become windows of days, windows become blocks. Pure functions; times in minutes of UTC.

Windows exist on holidays and on leave, too, so that work on such a day is found; what is expected is their `Due`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from db.calendar import Holiday, Leave, Shift
from monitor.attendance.rules import LONE_OUT, TOGETHER, Rules, instant_of, minute_of

NEVER: Final = 1 << 40
"""A minute that no clock reaches."""
AROUND: Final = 4
"""Days before and after a period whose shifts matter for its passages."""
_A_MONDAY: Final = date(1970, 1, 5)
_DAY: Final = timedelta(days=1)


class Window(NamedTuple):
    """A shift on a certain day."""

    day: date
    number: int
    """Among the windows of its day, from 0."""
    start: int
    end: int
    shift: Shift


class Due(NamedTuple):
    """What is expected in a window: the whole shift, or the half that leave or a holiday left."""

    start: int
    end: int
    minutes: int
    """Without an unpaid break."""


@dataclass(frozen=True)
class DayPlan:
    """A day of somebody's calendar."""

    windows: tuple[Window, ...] = ()
    dues: tuple[Due | None, ...] = ()
    """For each window; None: not expected."""
    has_target: bool = False
    """Whether hours of this day are held against expected hours."""
    holiday: Holiday | None = None
    """A holiday on which there would have been a shift, or which falls on a day without one."""
    leave: tuple[Leave, ...] = ()
    """Leave that this day took; see `with_leave`."""

    @cached_property
    def expected(self) -> int | None:
        """Minutes; None without a target."""
        return sum(due.minutes for due in self.dues if due) if self.has_target else None

    @cached_property
    def ends(self) -> int:
        """When the last shift ends; NEVER before without a shift."""
        return max((window.end for window in self.windows), default=-NEVER)

    @cached_property
    def is_due(self) -> bool:
        return any(self.dues)

    @cached_property
    def on_leave(self) -> bool:
        """Whether leave has left nothing of the day."""
        return bool(self.leave) and not self.is_due


@dataclass(frozen=True, slots=True)
class Block:
    """Shifts with less than two hours between them."""

    windows: tuple[Window, ...]
    start: int
    end: int
    reach: int
    """Arrivals from here on belong to it."""
    middle: int
    """No stay of this block is alive from here on: the middle between its end and the next block's start."""

    @property
    def lone_outs_until(self) -> int:
        return min(self.end + LONE_OUT, self.middle)


@dataclass(frozen=True, slots=True)
class Rota:
    """All shifts of a site, by whom they are for."""

    own: Mapping[UUID, Sequence[Shift]] = field(default_factory=dict)
    of_group: Mapping[str, Sequence[Shift]] = field(default_factory=dict)
    of_all: Sequence[Shift] = ()

    def moved(self, by: timedelta) -> "Rota":
        """The rota with every shift later by this, or earlier."""

        def later(shifts: Iterable[Shift]) -> tuple[Shift, ...]:
            return tuple(_moved(shift, by) for shift in shifts)

        own = {one: later(theirs) for one, theirs in self.own.items()}
        of_group = {one: later(theirs) for one, theirs in self.of_group.items()}
        return Rota(own, of_group, later(self.of_all))


def _moved(shift: Shift, by: timedelta) -> Shift:
    start, end = (datetime.combine(_A_MONDAY, one) + by for one in (shift.start, shift.end))
    weekdays = frozenset((day + (start.date() - _A_MONDAY).days) % 7 for day in shift.weekdays)
    return replace(shift, weekdays=weekdays, start=start.time(), end=end.time())


def rota(shifts: Iterable[Shift]) -> Rota:
    """The shifts by person and by group, so that nobody's are looked for among all."""
    own: dict[UUID, list[Shift]] = defaultdict(list)
    of_group: dict[str, list[Shift]] = defaultdict(list)
    of_all: list[Shift] = []
    for shift in shifts:
        mine = own[shift.person] if shift.person else of_group[shift.group] if shift.group is not None else of_all
        mine.append(shift)
    return Rota(dict(own), dict(of_group), of_all)


class Timetable(NamedTuple):
    """The shifts that may be somebody's, the narrowest first: their own, their group's, everybody's."""

    own: Sequence[Shift]
    of_group: Sequence[Shift]
    of_all: Sequence[Shift]

    def on(self, day: date) -> tuple[Shift, ...]:
        """The shifts that are in force on a day, whatever its weekday: those of the narrowest that has any."""
        for level in self:
            valid = tuple(shift for shift in level if shift.is_valid(day))
            if valid:
                return valid
        return ()


def timetable(rota: Rota, person: UUID | None, group: str | None) -> Timetable:
    """Whose shifts count for somebody; without a person, for people of this group who have none of their own."""
    own = rota.own.get(person, ()) if person else ()
    return Timetable(own, rota.of_group.get(group, ()) if group is not None else (), rota.of_all)


@lru_cache(maxsize=100_000)
def local_minute(day: date, clock: time, zone: ZoneInfo) -> int:
    """The minute at which the site's clock shows this; in the hour left out it is where the clock lands, in the hour
    that comes twice the first one."""
    shown = datetime.combine(day, clock, tzinfo=zone)
    minute = minute_of(shown)
    if instant_of(minute).astimezone(zone).replace(tzinfo=None) == shown.replace(tzinfo=None, second=0, microsecond=0):
        return minute
    first = minute_of(shown.replace(fold=1))  # before the jump
    offset = instant_of(first).astimezone(zone).utcoffset()
    return next(
        (at for at in range(first, minute) if instant_of(at).astimezone(zone).utcoffset() != offset), minute
    )  # fmt: skip


@lru_cache(1024)
def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The day's first instant and the first one after it, in UTC."""
    return instant_of(local_minute(day, time(), zone)), instant_of(local_minute(day + _DAY, time(), zone))


def windows_of(shifts: Sequence[Shift], day: date, zone: ZoneInfo) -> tuple[Window, ...]:
    """The windows of the shifts that start on a day, by time; two at the same time are one."""
    spans: dict[tuple[int, int], Shift] = {}
    for shift in shifts:
        if shift.starts_on(day):
            ends = day if shift.end > shift.start else day + _DAY
            spans.setdefault((local_minute(day, shift.start, zone), local_minute(ends, shift.end, zone)), shift)
    return tuple(Window(day, index, *span, spans[span]) for index, span in enumerate(sorted(spans)))


def plain_day(times: Timetable, day: date, zone: ZoneInfo, holiday: Holiday | None) -> DayPlan:
    """A day without regard to leave, enrolment and deactivation."""
    shifts = times.on(day)
    if not shifts:
        return DayPlan(holiday=holiday)
    windows = windows_of(shifts, day, zone)
    free = [holiday.half] if holiday else []
    return DayPlan(windows, dues(windows, free), has_target=True, holiday=holiday)


def dues(windows: Sequence[Window], free: Sequence[str | None]) -> tuple[Due | None, ...]:
    """What is expected in the windows of one day.

    Args:
        free: halves of the day that are free: "morning", "afternoon", or None for the whole day.
    """
    whole = [Due(one.start, one.end, _net(one)) for one in windows]
    if not free:
        return tuple(whole)
    if None in free or {"morning", "afternoon"} <= set(free):
        return (None,) * len(whole)
    left = sum(due.minutes for due in whole) // 2
    found: dict[int, Due] = {}
    order = range(len(whole)) if "afternoon" in free else reversed(range(len(whole)))
    for index in order:
        due, take = whole[index], min(left, whole[index].minutes)
        left -= take
        if take == due.minutes:
            found[index] = due
        elif take:
            found[index] = (
                Due(due.start, due.start + take, take) if "afternoon" in free else Due(due.end - take, due.end, take)
            )
    return tuple(found.get(index) for index in range(len(whole)))


def _net(window: Window) -> int:
    unpaid = 0 if window.shift.break_paid else window.shift.break_minutes
    return max(0, window.end - window.start - unpaid)


def blocks_of(windows: Iterable[Window], rules: Rules) -> list[Block]:
    """The blocks of somebody's windows, by time.

    Args:
        windows: of consecutive days, by start.
    """
    groups: list[list[Window]] = []
    end = -NEVER
    for window in windows:
        if groups and window.start - end < TOGETHER:
            groups[-1].append(window)
        else:
            groups.append([window])
        end = max(end, window.end)
    spans = [(some[0].start, max(one.end for one in some)) for some in groups]
    found = []
    for index, (start, end) in enumerate(spans):
        gap = start - spans[index - 1][1] if index else NEVER
        after = spans[index + 1][0] if index + 1 < len(spans) else None
        # Exactly in the middle a stay of the block before is over, and an arrival belongs to this one.
        reach = max(start - rules.reach, start - gap // 2)
        middle = end + (after - end + 1) // 2 if after is not None else NEVER
        found.append(Block(tuple(groups[index]), start, end, reach, middle))
    return found


def with_leave(plan: DayPlan, day: date, leave: Iterable[Leave]) -> DayPlan:
    """The day with somebody's leave; days off between shifts, and whole holidays, take none.

    Of somebody who has no shift at all, any day takes leave of a whole day: it would be in no report else.
    """
    taken = tuple(one for one in leave if one.first <= day <= one.last)
    if not plan.has_target and plan.holiday is None:
        return replace(plan, leave=tuple(one for one in taken if one.half is None))
    if not taken or not plan.is_due:
        return plan
    halves: list[str | None] = [one.half for one in taken]
    if plan.holiday:
        halves.append(plan.holiday.half)
    return replace(plan, leave=taken, dues=dues(plan.windows, halves))
