"""What a day's stays say of somebody: status, late and early minutes, hours, overtime. Pure functions."""

from collections.abc import Sequence
from datetime import date

from monitor.attendance.calendar import DayPlan, Due, Window
from monitor.attendance.hours import Hours, hours
from monitor.attendance.rules import Rules
from monitor.attendance.stays import VISIT, Piece
from monitor.attendance.summary import DaySummary, Status


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
    worked = _hours(plan, row, rules)
    incomplete, running = False, row[-1].running
    for one in row:
        incomplete = incomplete or one.start is None or one.end is None
    came: list[Piece | None] = []
    late = early = 0
    for number, due in enumerate(plan.dues):
        first = None if due is None else _attended(row, number, due)
        came.append(first)
        if due is not None:
            late += _late(plan.windows[number], due, first)
            early += _early(row, due, number, rules)
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
        day, status, plan, tuple(row), worked.worked, worked.breaks, late if row[0].start is not None else None,
        early if not running and row[-1].end is not None else None, expected, overtime, incomplete, by_rule,
        worked.outside,
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


def _attended(row: Sequence[Piece], number: int, due: Due) -> Piece | None:
    """The first presence in a shift that reaches past its start; None for who came only after its end."""
    for one in row:
        in_it = one.window == number and one.start is not None and one.start < due.end
        if in_it and (one.end is None or one.end > due.start):
            return one
    return None


def _late(window: Window, due: Due, first: Piece | None) -> int:
    if first is None or first.start is None or first.came is None or first.start <= due.start:
        return 0
    late = first.start - due.start
    return late if late > window.shift.grace_minutes else 0


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
