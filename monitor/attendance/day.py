"""What a day's stays say of somebody: status, late and early minutes, hours, overtime. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Final

from monitor.attendance.calendar import DayPlan, Due
from monitor.attendance.hours import Hours, hours
from monitor.attendance.passages import Passage
from monitor.attendance.rules import Rules, instant_of
from monitor.attendance.stays import VISIT, Piece

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


@dataclass(frozen=True)
class DaySummary:
    """Somebody's day. Minutes are whole; None: not known, not yet, or no target."""

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
    outside_minutes: int = field(default=0, repr=False)

    @cached_property
    def first_in(self) -> datetime | None:
        """As it was written, seconds cut; None if the day does not begin with a check-in."""
        first = self.pieces[0].start if self.pieces else None
        return None if first is None else instant_of(first)

    @cached_property
    def last_out(self) -> datetime | None:
        """None if the day does not end with a check-out."""
        last = self.pieces[-1] if self.pieces else None
        return None if last is None or last.running or last.end is None else instant_of(last.end)

    @property
    def present(self) -> timedelta:
        return timedelta(minutes=self.minutes)

    @property
    def late(self) -> bool:
        return bool(self.late_minutes)

    @property
    def overtime(self) -> timedelta | None:
        """Hours less expected hours, minus too."""
        return None if self.overtime_minutes is None else timedelta(minutes=self.overtime_minutes)

    @property
    def expected_time(self) -> timedelta | None:
        return None if self.expected_minutes is None else timedelta(minutes=self.expected_minutes)

    @property
    def came_on_leave(self) -> bool:
        return self.plan.on_leave and bool(self.pieces)

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """Of this day, in their order."""
        return tuple(one for piece in self.pieces for one in (piece.came, piece.left) if one is not None)

    @cached_property
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

    @cached_property
    def expected(self) -> tuple[tuple[datetime, datetime], ...]:
        """From when to when the person is expected: each shift, or the half that is left of it."""
        return tuple((instant_of(due.start), instant_of(due.end)) for due in self.plan.dues if due)

    @cached_property
    def marks(self) -> str:
        """Letters of `Mark`."""
        passages = self.passages
        doors = {one.kiosk for one in passages if one.method != "manual"}
        said = (
            (Mark.CORRECTED, any(one.corrected for one in passages)),
            (Mark.BY_PIN, any(one.method == "pin" for one in passages)),
            (Mark.BY_HAND, any(one.method == "manual" and not one.corrected for one in passages)),
            (Mark.TWO_DOORS, len(doors) > 1),
            (Mark.BY_RULE, self.closed_by_rule),
            (Mark.CLOCK, any(one.clock_suspect for one in passages)),
            (Mark.EARLY, bool(self.early_minutes)),
            (Mark.BEYOND, self.outside_minutes > BEYOND and bool(self.plan.windows)),
        )
        return "".join(mark.value for mark, holds in said if holds)

    @cached_property
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


def empty_day(day: date, plan: DayPlan, over: int, now: int) -> DaySummary:
    """The day of somebody who did not come: the same for all of the same plan."""
    expected = plan.expected
    return DaySummary(
        day,
        status_without_passages(plan, now),
        plan,
        expected_minutes=expected,
        overtime_minutes=-expected if expected is not None and now >= max(over, plan.ends) else None,
    )


def status_without_passages(plan: DayPlan, now: int) -> Status:
    """Absent from the first minute after a shift's start and grace."""
    if plan.is_due:
        return Status.ABSENT if _is_overdue(plan, (), now) else Status.DUE
    if plan.on_leave:
        return Status.ON_LEAVE
    return Status.HOLIDAY if plan.holiday else Status.NOT_EXPECTED


def summarise(day: date, plan: DayPlan, pieces: Sequence[Piece], rules: Rules, *, over: int, now: int) -> DaySummary:
    """Somebody's day, as known at `now`.

    Args:
        pieces: of this day, in the order of time; at least one.
        over: the minute at which the local date ends.
    """
    row, by_rule = (pieces, False) if rules.close == "never" else _closed(plan, pieces, rules)
    came = [_attended(row, number, due) for number, due in enumerate(plan.dues)]
    worked = _hours(plan, row, rules)
    incomplete, running = False, row[-1].running
    for one in row:
        incomplete = incomplete or one.start is None or one.end is None
    late, early = (0 if row[0].start is not None else None), (0 if not running and row[-1].end is not None else None)
    for number, due in enumerate(plan.dues):
        if due is not None:
            late = late + _late(plan, came[number], number) if late is not None else None
            early = early + _early(row, due, number, rules) if early is not None else None
    expected, overtime = plan.expected, None
    if expected is not None and not incomplete and not running and now >= over and now >= plan.ends:
        overtime = worked.worked - expected
        overtime = 0 if abs(overtime) <= rules.overtime_tolerance else overtime
    if incomplete:
        status = Status.INCOMPLETE
    elif running:
        status = Status.LATE if late else Status.PRESENT
    else:
        status = _status(plan, came, now)
    return DaySummary(
        day, status, plan, tuple(row), worked.worked, worked.breaks, late, early, expected, overtime, incomplete,
        by_rule, worked.outside,
    )  # fmt: skip


def _closed(plan: DayPlan, pieces: Sequence[Piece], rules: Rules) -> tuple[list[Piece], bool]:
    """The pieces with the last check-in of each shift or visit closed by the site's rule, where it has one."""
    row, by_rule = list(pieces), False
    for number, one in enumerate(row):
        after = row[number + 1] if number + 1 < len(row) else None
        if not one.is_forgotten or (
            one.window != VISIT and any(other.window == one.window for other in row[number + 1 :])
        ):
            continue
        end = _closing(plan, one, rules)
        if end is not None and (after is None or after.start is None or end <= after.start):
            row[number], by_rule = one._replace(end=end, by_rule=True), True
    return row, by_rule


def _closing(plan: DayPlan, one: Piece, rules: Rules) -> int | None:
    assert one.start is not None
    if rules.close == "after_hours":
        return one.start + rules.close_after
    if one.window == VISIT:
        return None
    due = plan.dues[one.window]
    end = due.end if due else plan.windows[one.window].end
    return end if one.start < end else None


def _hours(plan: DayPlan, row: Sequence[Piece], rules: Rules) -> Hours:
    """Those of each shift and of each visit, added up."""
    if len(row) == 1:
        return _hours_of(plan, row, rules)
    groups = [[one] for one in row if one.window == VISIT]
    groups += [[one for one in row if one.window == number] for number in range(len(plan.windows))]
    each = [_hours_of(plan, some, rules) for some in groups if some]
    return Hours(*(sum(part) for part in zip(*each, strict=True)))


def _hours_of(plan: DayPlan, row: Sequence[Piece], rules: Rules) -> Hours:
    number = row[0].window
    if number == VISIT:
        return hours(row, None, None, rules)
    window, due = plan.windows[number], plan.dues[number]
    begins = None if rules.count_from == "arrival" else due.start if due else window.start
    return hours(row, window, begins, rules)


def _attended(row: Sequence[Piece], number: int, due: Due | None) -> Piece | None:
    """The first presence in a shift that reaches past its start; None for who came only after its end."""
    if due is not None:
        for one in row:
            in_it = one.window == number and one.start is not None and one.start < due.end
            if in_it and (one.end is None or one.end > due.start):
                return one
    return None


def _late(plan: DayPlan, first: Piece | None, number: int) -> int:
    due = plan.dues[number]
    if due is None or first is None or first.start is None or first.came is None:
        return 0
    late = first.start - due.start
    return late if late > plan.windows[number].shift.grace_minutes else 0


def _early(row: Sequence[Piece], due: Due, number: int, rules: Rules) -> int:
    """Minutes between the last presence in a shift and its end; a lone check-out counts, a cut and a closing do not."""
    last = None
    for one in row:
        if one.window == number and (one.start is None or one.start < due.end):
            last = one if one.end is None or one.end > due.start else last
    if last is None or last.end is None or last.left is None:
        return 0
    early = due.end - last.end
    return early if early > rules.early_grace else 0


def _is_overdue(plan: DayPlan, came: Sequence[Piece | None], now: int) -> bool:
    return any(
        due is not None and now > due.start + window.shift.grace_minutes and not (came and came[window.number])
        for window, due in zip(plan.windows, plan.dues, strict=True)
    )


def _status(plan: DayPlan, came: Sequence[Piece | None], now: int) -> Status:
    """Of somebody who is not in the house, and whose day is whole."""
    if plan.on_leave:
        return Status.ON_LEAVE
    if any(came) or not plan.is_due:
        return Status.LEFT
    return Status.ABSENT if _is_overdue(plan, came, now) else Status.DUE
