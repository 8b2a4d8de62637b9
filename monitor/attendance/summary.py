"""Somebody's day as it is shown: status, times, minutes, marks, and why it may need somebody; and days added up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from monitor.attendance.calendar import DayPlan
from monitor.attendance.passages import Passage
from monitor.attendance.rules import duration, instant_of
from monitor.attendance.stays import Piece
from monitor.text import hours_and_minutes

BEYOND: Final = 15
"""More minutes than this outside the shift are marked."""


class Status(StrEnum):
    """In this order on the board."""

    PRESENT = "present"
    LATE = "late"
    """In the house, and came after the shift's start and grace."""
    LEFT = "left"
    DUE = "due"
    """The shift is still to come, or its grace is not over."""
    ABSENT = "absent"
    ON_LEAVE = "on leave"
    NOT_EXPECTED = "not expected"
    HOLIDAY = "public holiday"
    INCOMPLETE = "incomplete"
    """A check-in or check-out is missing, or the door's clock was wrong."""


class Mark(StrEnum):
    """What stands beside a day, in this order."""

    CORRECTED = "c"
    BY_PIN = "p"
    BY_HAND = "m"
    TWO_DOORS = "d"
    BY_RULE = "r"
    CLOCK = "k"
    EARLY = "e"
    BEYOND = "+"


class Reason(StrEnum):
    """Why somebody is to look at a day, in the words of the list."""

    NO_CHECK_OUT = "came, never left"
    NO_CHECK_IN = "left, never came"
    CLOCK = "the door's clock was wrong"
    ABSENT = "absent, no reason"
    CLOSED_BY_RULE = "closed by the rule"
    CAME_ON_LEAVE = "came on a day of leave"
    TWO_INS = "two arrivals within minutes"


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay as it is shown: times in UTC, None where nobody knows them."""

    start: datetime | None
    end: datetime | None
    running: bool = False
    by_rule: bool = False


class DaySummary(NamedTuple):
    """Somebody's day. Minutes are whole; None: not known, not yet, or no target. A tuple, as `Passage`."""

    day: date
    status: Status
    plan: DayPlan
    pieces: tuple[Piece, ...] = ()
    minutes: int = 0
    """That count, after rounding and breaks; of an incomplete day those that are known."""
    break_minutes: int = 0
    late_minutes: int | None = 0
    early_minutes: int | None = 0
    expected_minutes: int | None = None
    overtime_minutes: int | None = None
    incomplete: bool = False
    closed_by_rule: bool = False
    outside_minutes: int = 0

    @property
    def first_in(self) -> datetime | None:
        """As it was written, seconds cut; None if the day does not begin with a check-in."""
        first = self.pieces[0].start if self.pieces else None
        return None if first is None else instant_of(first)

    @property
    def last_out(self) -> datetime | None:
        """None if the day does not end with a check-out."""
        last = self.pieces[-1] if self.pieces else None
        return None if last is None or last.running or last.end is None else instant_of(last.end)

    @property
    def present(self) -> timedelta:
        return duration(self.minutes)

    @property
    def hours(self) -> timedelta | None:
        """`present`; None for an incomplete day of which no stay is known."""
        return None if self.incomplete and not self.minutes else self.present

    @property
    def late(self) -> bool:
        return bool(self.late_minutes)

    @property
    def overtime(self) -> timedelta | None:
        """Hours less expected hours, minus too."""
        return None if self.overtime_minutes is None else duration(self.overtime_minutes)

    @property
    def expected_time(self) -> timedelta | None:
        return None if self.expected_minutes is None else duration(self.expected_minutes)

    @property
    def came_on_leave(self) -> bool:
        return self.plan.on_leave and bool(self.pieces)

    @property
    def passages(self) -> tuple[Passage, ...]:
        """Of this day, in their order."""
        return tuple([one for piece in self.pieces for one in (piece.came, piece.left) if one is not None])

    @property
    def stays(self) -> tuple[Stay, ...]:
        return tuple(
            Stay(
                None if one.start is None else instant_of(one.start),
                None if one.end is None else instant_of(one.end),
                one.running,
                one.by_rule,
            )
            for one in self.pieces
        )

    @property
    def expected(self) -> tuple[tuple[datetime, datetime], ...]:
        """From when to when the person is expected: each shift, or the half that is left of it."""
        return tuple((instant_of(due.start), instant_of(due.end)) for due in self.plan.dues if due)

    @property
    def marks(self) -> str:
        """Letters of `Mark`."""
        said = _marks(self.passages)
        if self.closed_by_rule:
            said.add(Mark.BY_RULE)
        if self.early_minutes:
            said.add(Mark.EARLY)
        if self.outside_minutes > BEYOND and self.plan.windows:
            said.add(Mark.BEYOND)
        return _in_order(frozenset(said)) if said else ""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why somebody should look at the day."""
        clock = any(one.clock_suspect for one in self.passages)
        ins = [one.start for one in self.pieces if one.is_forgotten and one.start is not None]
        starts = [one.start for one in self.pieces if one.start is not None]
        twice = any(0 < after - one < 60 for one in ins for after in starts)
        said = (
            (Reason.CLOCK, clock),
            (Reason.TWO_INS, twice),
            (Reason.NO_CHECK_OUT, bool(ins) and not twice),
            (Reason.NO_CHECK_IN, any(one.start is None for one in self.pieces) and not clock),
            (Reason.CLOSED_BY_RULE, self.closed_by_rule),
            (Reason.CAME_ON_LEAVE, self.came_on_leave),
            (Reason.ABSENT, self.status is Status.ABSENT),
        )
        return tuple(reason for reason, holds in said if holds)


def hours_text(day: DaySummary) -> str:
    """The hours that count, as h:mm; of an incomplete day those of its known stays, with a question mark."""
    if not day.pieces:
        return ""
    known = "" if day.hours is None else hours_and_minutes(day.hours)
    return f"{known}?" if day.incomplete else known


@lru_cache
def _in_order(said: frozenset[Mark]) -> str:
    """Letters; kept, since a report asks for the same ones thousands of times."""
    return "".join(mark for mark in Mark if mark in said)


def _marks(passages: Sequence[Passage]) -> set[Mark]:
    """What a day's passages alone say."""
    said: set[Mark] = set()
    door = None
    for one in passages:
        if one.method != "manual":
            door = door or one.kiosk
            if one.kiosk is not door and one.kiosk != door:  # most are one object, which is faster to see
                said.add(Mark.TWO_DOORS)
            if one.method == "pin":
                said.add(Mark.BY_PIN)
        elif not one.corrected:
            said.add(Mark.BY_HAND)
        if one.corrected:
            said.add(Mark.CORRECTED)
        if one.clock_suspect:
            said.add(Mark.CLOCK)
    return said


@dataclass(frozen=True, slots=True)
class Sums:
    """The sums of somebody's days. Days that are incomplete or not over are in no overtime."""

    came: int
    """Days, like `late` to `incomplete`."""
    late: int
    absent: int
    on_leave: int
    incomplete: int
    late_time: timedelta
    known: timedelta
    """The hours that are known: of an incomplete day those of its known stays."""
    expected: timedelta
    overtime: timedelta
    """Less what is missing."""
    has_target: bool
    """Whether hours were expected of any of the days."""

    @property
    def hours(self) -> timedelta | None:
        """`known`; None where days are incomplete and no stay of any day is known."""
        return None if self.incomplete and not self.known else self.known

    @property
    def balance(self) -> timedelta | None:
        """Overtime; None for somebody without expected hours."""
        return self.overtime if self.has_target else None


def added_up(days: Iterable[DaySummary]) -> Sums:
    """The sums of these days."""
    came = late = absent = on_leave = incomplete = 0
    late_minutes = minutes = expected = overtime = 0
    has_target = False
    for day in days:
        plan = day.plan
        has_target = has_target or plan.has_target
        on_leave += plan.on_leave
        expected += day.expected_minutes or 0
        overtime += day.overtime_minutes or 0
        if not day.pieces:
            absent += day.status is Status.ABSENT
            continue
        came += 1
        minutes += day.minutes
        if day.late_minutes:
            late += 1
            late_minutes += day.late_minutes
        incomplete += day.incomplete
        absent += day.status is Status.ABSENT
    return Sums(
        came, late, absent, on_leave, incomplete, duration(late_minutes), duration(minutes), duration(expected),
        duration(overtime), has_target,
    )  # fmt: skip


def sum_text(sums: Sums) -> str:
    """The hours of some days as h:mm; a question mark where nobody knows any."""
    return "?" if sums.hours is None else hours_and_minutes(sums.hours)
