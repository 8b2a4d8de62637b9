"""Hours of a shift or a visit: rounding, what counts before the start, breaks. Pure functions; times in minutes."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from monitor.attendance.calendar import Window
from monitor.attendance.rules import Rules
from monitor.attendance.stays import Piece


class Hours(NamedTuple):
    worked: int = 0
    """Minutes that count."""
    breaks: int = 0
    """Minutes of breaks in the shift that do not count, punched or taken off."""
    outside: int = 0
    """Minutes of presence outside the shift."""


def hours(row: Sequence[Piece], window: Window | None, begins: int | None, rules: Rules) -> Hours:
    """The hours of one shift or one visit.

    Args:
        row: its pieces, in the order of time.
        window: None for a visit.
        begins: from when hours count, if arrivals before the shift do not.
    """
    if len(row) == 1:
        one = row[0]
        if one.start is None or one.end is None:
            return Hours()
        if not rules.rounding and begins is None:
            return _of_one(one.start, one.end, window, rules)
    spans = _counted(row, rules)
    raw = [(one.start, one.end) for one in row if one.start is not None and one.end is not None]
    if begins is not None:
        spans = [(max(start, begins), end) for start, end in spans]
    worked = sum(max(0, end - start) for start, end in spans)
    if window is None:
        return Hours(worked, 0, sum(end - start for start, end in raw))
    inside = sum(_overlap(*span, window) for span in spans)
    outside = sum(end - start - _overlap(start, end, window) for start, end in raw)
    gaps = sum(
        _overlap(one.end, after.start, window)
        for one, after in pairwise(row)
        if one.end is not None and after.start is not None and not after.is_unknown
    )
    if window.shift.break_paid:
        paid = min(gaps, window.shift.break_minutes)
        return Hours(worked + paid, gaps - paid, outside)
    off = 0
    if rules.break_mode == "rule" and inside > rules.break_after:
        off = min(max(0, window.shift.break_minutes - gaps), inside - rules.break_after)
    return Hours(worked - off, gaps + off, outside)


def _of_one(start: int, end: int, window: Window | None, rules: Rules) -> Hours:
    """Of a single stay as it is: most days are."""
    if window is None:
        return Hours(end - start, 0, end - start)
    inside, off = _overlap(start, end, window), 0
    if inside > rules.break_after and rules.break_mode == "rule" and not window.shift.break_paid:
        off = min(window.shift.break_minutes, inside - rules.break_after)
    return Hours(end - start - off, off, end - start - inside)


def _counted(row: Sequence[Piece], rules: Rules) -> list[tuple[int, int]]:
    """The known spans, with the first check-in and the last check-out rounded; the others stay as they are."""
    spans = [(one.start, one.end) for one in row if one.start is not None and one.end is not None]
    if not rules.rounding or not spans:
        return spans
    first, last = row[0], row[-1]
    if first.came is not None and not first.is_unknown:
        start, end = spans[0]
        spans[0] = (rounded(start, rules, arrival=True), end)
    if last.left is not None and not last.is_unknown:
        start, end = spans[-1]
        spans[-1] = (start, rounded(end, rules, arrival=False))
    return spans


def rounded(minute: int, rules: Rules, *, arrival: bool) -> int:
    """In favour of the person an arrival goes down and a departure up, in favour of the site the other way round."""
    step = rules.rounding
    if rules.favour == "nearest":
        return (minute + step // 2) // step * step
    down = arrival == (rules.favour == "person")
    return minute // step * step if down else -(-minute // step) * step


def _overlap(start: int, end: int, window: Window) -> int:
    begins = max(window.start, start)
    ends = min(window.end, end)
    return ends - begins if ends > begins else 0  # `min` and `max` take twice as long
