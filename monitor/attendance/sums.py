"""Somebody's days added up. Pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from monitor.attendance.summary import DaySummary, Status


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
    hours: timedelta
    """All that are known: of an incomplete day those of its known stays."""
    expected: timedelta
    overtime: timedelta
    """Less what is missing."""
    has_target: bool
    """Whether hours were expected of any of the days."""

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
    times = (late_minutes, minutes, expected, overtime)
    return Sums(came, late, absent, on_leave, incomplete, *(timedelta(minutes=one) for one in times), has_target)
