"""Everybody's calendar over a period: shifts, holidays, leave, enrolment, and who was active in which group when."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from db.calendar import Holiday, Leave, Shift
from db.records.people import MembershipChange, Person
from monitor.attendance.calendar import (
    AROUND,
    NEVER,
    Block,
    DayPlan,
    Rota,
    Timetable,
    blocks_of,
    local_minute,
    plain_day,
    rota,
    timetable,
    with_leave,
)
from monitor.attendance.rules import Rules, instant_of, minute_of

Terms: TypeAlias = tuple[object, ...]
"""What a shift says, whoever it is for."""
_LONGEST_ROTATION = 70
"""Days in which somebody's first shift after their enrolment is looked for."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Somebody's days and blocks of shifts, from a few days before a period to a few after it."""

    zone: ZoneInfo
    days: Mapping[date, DayPlan]
    blocks: Sequence[Block]
    reaches: Sequence[int]
    """Where each block's reach begins."""
    starts: Sequence[int]
    """Where each shift begins, by time."""
    dates: dict[int, date]
    """The local date of minutes that were asked for."""

    def block_at(self, minute: int) -> Block | None:
        """The block that reaches back to this minute at the latest; it may be over."""
        index = bisect_right(self.reaches, minute) - 1
        return self.blocks[index] if index >= 0 else None

    def next_block(self, minute: int) -> Block | None:
        """The first block that reaches only to a later minute."""
        index = bisect_right(self.reaches, minute)
        return self.blocks[index] if index < len(self.blocks) else None

    def date_of(self, minute: int) -> date:
        """The site's date."""
        found = self.dates.get(minute)
        if found is None:
            found = self.dates[minute] = instant_of(minute).astimezone(self.zone).date()
        return found


@dataclass(frozen=True, slots=True)
class Calendars:
    """Makes the calendars of people; those with the same shifts, and no leave, share one."""

    rota: Rota
    holidays: Mapping[date, Holiday]
    leave: Mapping[UUID, Sequence[Leave]]
    changes: Mapping[UUID, Sequence[MembershipChange]]
    """Of groups and of being active, by person and by time; only those since a few days before the period."""
    first: date
    last: date
    zone: ZoneInfo
    rules: Rules
    _begins: int
    """The minute at which the period begins."""
    _recent: datetime
    """Who was enrolled before then has long had a first shift."""
    _shared: dict[tuple[object, ...], Calendar] = field(default_factory=dict)
    _of_own: dict[tuple[int, str | None], Calendar] = field(default_factory=dict)
    _dates: dict[int, date] = field(default_factory=dict)

    def moved(self, by: timedelta) -> "Calendars":
        """The calendars with every shift later by this, or earlier."""
        return replace(self, rota=self.rota.moved(by), _shared={}, _of_own={})

    def with_own(self, own: Mapping[UUID, Sequence[Shift]]) -> "Calendars":
        """The calendars with more people's own shifts."""
        rota = replace(self.rota, own={**own, **self.rota.own})
        return replace(self, rota=rota, _of_own={**self._of_own})  # its keys are of lists that `rota` keeps alive

    def of(self, person: Person) -> Calendar:
        # Hashing an id thousands of times is a tenth of Today's time, so nothing is looked up where nothing is.
        changes = self.changes.get(person.id, ()) if self.changes else ()
        leave = self.leave.get(person.id, ()) if self.leave else ()
        if changes and any(change.kind == "group" for change in changes):
            days = {day: self._plain(self._times(person, day), day) for day in self._days()}
            calendar = self._calendar(days)
        else:
            calendar = self._of_terms(person)
        if leave:
            touched = {day: with_leave(plan, day, leave) for day, plan in calendar.days.items()}
            calendar = replace(calendar, days=touched)
        if not person.active or changes:
            calendar = replace(calendar, days=_while_active(calendar, person, changes))
        if person.created_at >= self._recent and not self._began(calendar, person.created_at):
            days_since = self._since_enrolment(calendar, person, minute_of(person.created_at))
            calendar = replace(calendar, days=days_since)
        return calendar

    def _began(self, calendar: Calendar, enrolled: datetime) -> bool:
        """Whether somebody's first shift after their enrolment is before the period."""
        index = bisect_left(calendar.starts, minute_of(enrolled))
        return index < len(calendar.starts) and calendar.starts[index] < self._begins

    def group_of(self, person: Person, day: date) -> str | None:
        """The group on a day: a change counts from the day on which it was entered."""
        for change in self.changes.get(person.id, ()):
            if change.kind == "group" and change.at.astimezone(self.zone).date() > day:
                return change.group_before
        return person.group

    def of_group(self, group: str | None) -> Calendar:
        """The calendar of people of a group who have no shifts of their own."""
        key = ("group", group if group in self.rota.of_group else None)
        return self._known(key, None, group)

    def _of_terms(self, person: Person) -> Calendar:
        own = self.rota.own.get(person.id) if self.rota.own else None
        if own is None:
            return self.of_group(person.group)
        group = person.group if person.group in self.rota.of_group else None
        found = self._of_own.get((id(own), group))  # `own` is the rota's, and lives as long
        if found is None:
            found = self._known((tuple(map(_terms, own)), group), person.id, person.group)
            self._of_own[id(own), group] = found
        return found

    def _known(self, key: tuple[object, ...], person: UUID | None, group: str | None) -> Calendar:
        found = self._shared.get(key)
        if found is None:
            times = timetable(self.rota, person, group)
            found = self._calendar({day: self._plain(times, day) for day in self._days()})
            self._shared[key] = found
        return found

    def _calendar(self, days: Mapping[date, DayPlan]) -> Calendar:
        blocks = blocks_of((window for day in sorted(days) for window in days[day].windows), self.rules)
        starts = sorted(window.start for plan in days.values() for window in plan.windows)
        return Calendar(self.zone, days, blocks, [block.reach for block in blocks], starts, self._dates)

    def _plain(self, times: Timetable, day: date) -> DayPlan:
        return plain_day(times, day, self.zone, self.holidays.get(day))

    def _times(self, person: Person, day: date) -> Timetable:
        return timetable(self.rota, person.id, self.group_of(person, day))

    def _days(self) -> list[date]:
        start = self.first - timedelta(days=AROUND)
        return [start + timedelta(days=number) for number in range((self.last - self.first).days + 2 * AROUND + 1)]

    def _since_enrolment(self, calendar: Calendar, person: Person, enrolled: int) -> dict[date, DayPlan]:
        """Expectation begins with the first shift that starts at or after the enrolment."""
        first = calendar.date_of(enrolled)
        begun = self._worked_before(person, first, enrolled)
        found = {}
        for day in sorted(calendar.days):
            plan = calendar.days[day]
            if not begun:
                kept = tuple(
                    due if window.start >= enrolled else None
                    for window, due in zip(plan.windows, plan.dues, strict=True)
                )
                begun = day >= first and any(window.start >= enrolled for window in plan.windows)
                takes_leave = begun or (day >= first and not plan.windows)
                leave = plan.leave if takes_leave else ()
                plan = replace(plan, dues=kept, has_target=plan.has_target and begun, leave=leave)
            found[day] = plan
        return found

    def _worked_before(self, person: Person, first: date, enrolled: int) -> bool:
        """Whether the first shift after the enrolment starts before the calendar's first day."""
        start = self.first - timedelta(days=AROUND)
        for number in range((start - first).days):
            day = first + timedelta(days=number)
            plan = self._plain(self._times(person, day), day)
            if any(window.start >= enrolled for window in plan.windows):
                return True
        return False


def calendars(
    shifts: Iterable[Shift],
    holidays: Iterable[Holiday],
    leave: Iterable[Leave],
    changes: Iterable[MembershipChange],
    *,
    first: date,
    last: date,
    zone: ZoneInfo,
    rules: Rules,
) -> Calendars:
    """Everybody's calendars for the days from first to last.

    Args:
        changes: by time.
    """
    on_leave: dict[UUID, list[Leave]] = defaultdict(list)
    for one in leave:
        on_leave[one.person].append(one)
    changed: dict[UUID, list[MembershipChange]] = defaultdict(list)
    for change in changes:
        changed[change.person].append(change)
    free: dict[date, Holiday] = {}
    for holiday in holidays:
        if holiday.day not in free or holiday.half is None:
            free[holiday.day] = holiday
    begins = local_minute(first, time(), zone)
    recent = instant_of(begins) - timedelta(days=AROUND + _LONGEST_ROTATION)
    return Calendars(rota(shifts), free, on_leave, changed, first, last, zone, rules, begins, recent)


def _while_active(calendar: Calendar, person: Person, changes: Sequence[MembershipChange]) -> dict[date, DayPlan]:
    """Shifts that start while somebody is inactive are not expected, and those days have no target."""
    spans = _inactive(person, [change for change in changes if change.kind != "group"])
    found = {}
    for day, plan in calendar.days.items():
        gone = [any(start <= window.start < end for start, end in spans) for window in plan.windows]
        begins = local_minute(day, time(), calendar.zone)
        away = all(gone) if gone else any(start < begins < end for start, end in spans)
        if away or any(gone):
            kept = tuple(None if out else due for out, due in zip(gone, plan.dues, strict=True))
            plan = replace(plan, dues=kept, has_target=plan.has_target and not away, leave=() if away else plan.leave)
        found[day] = plan
    return found


def _inactive(person: Person, changes: Sequence[MembershipChange]) -> list[tuple[int, int]]:
    """When somebody was inactive, in minutes; from the beginning and without end where no change says otherwise."""
    since = -NEVER if (changes[0].kind == "activate" if changes else not person.active) else None
    spans = []
    for change in changes:
        if change.kind == "deactivate" and since is None:
            since = minute_of(change.at)
        elif change.kind == "activate" and since is not None:
            spans.append((since, minute_of(change.at)))
            since = None
    return spans if since is None else [*spans, (since, NEVER)]


def _terms(shift: Shift) -> Terms:
    return (
        shift.weekdays, shift.start, shift.end, shift.grace_minutes, shift.break_minutes, shift.break_paid,
        shift.valid_from, shift.valid_to, shift.every_weeks,
    )  # fmt: skip
