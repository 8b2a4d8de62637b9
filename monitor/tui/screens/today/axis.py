"""A day as a line of characters: came, break, left, expected, late. Each state has its own sign."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from monitor.attendance.rules import minute_of
from monitor.attendance.stays import VISIT, Piece
from monitor.attendance.summary import DaySummary

Span: TypeAlias = tuple[int, int]
"""From a minute to another."""

_FIRST: Final = 6
_HOURS: Final = 16
_LONGEST_BREAK: Final = 120
"""Minutes; a longer absence inside a shift is missing time."""
_UNKNOWN: Final = 480
"""Minutes for which a stay without a shift is drawn when nobody knows its end."""


@dataclass(frozen=True, slots=True)
class AxisSigns:
    inside: str
    outside: str
    missing: str
    pause: str
    to_come: str
    leave: str
    unknown: str
    earlier: str
    later: str
    now: str

    @property
    def legend(self) -> str:
        """What the signs mean."""
        said = (
            (self.inside, "in the shift"), (self.outside, "outside it"), (self.missing, "missing"),
            (self.pause, "break"), (self.to_come, "to come"), (self.leave, "leave"), (self.unknown, "unknown"),
            (self.earlier + self.later, "goes on"), (self.now, "now"),
        )  # fmt: skip
        return "  ".join(f"{sign} {word}" for sign, word in said)


UNICODE: Final = AxisSigns("█", "▄", "░", "▁", "·", "◇", "?", "«", "»", "│")
ASCII: Final = AxisSigns("=", "+", "x", "-", ".", "L", "?", "<", ">", "|")


@dataclass(frozen=True, slots=True)
class Axis:
    """The hours from 6 to 22 of a day, by cells of 15 or 30 minutes."""

    per_hour: int

    @property
    def cells(self) -> int:
        return _HOURS * self.per_hour

    @property
    def title(self) -> str:
        """The hours, each over its first cell; those that there is room for."""
        step = 1 if self.per_hour >= 4 else 3
        return "".join(f"{hour:02d}".ljust(step * self.per_hour) for hour in range(_FIRST, _FIRST + _HOURS, step))[
            : self.cells
        ]

    def line(self, summary: DaySummary, zone: ZoneInfo, now: datetime, signs: AxisSigns) -> str:
        """The day of somebody, a sign a cell."""
        at = minute_of(now)
        states = _States(summary, at, signs)
        first, size = _minute(summary.day, zone), 60 // self.per_hour
        end = first + self.cells * size
        cells = [states.sign(start, start + size) for start in range(first, end, size)]
        if first <= at < end:
            cells[(at - first) // size] = signs.now
        around = [*states.inside, *states.due]
        if any(one[0] < first for one in around):
            cells[0] = signs.earlier
        if any(one[1] > end for one in around):
            cells[-1] = signs.later
        return "".join(cells)


class _States:
    """What is known of each minute of somebody's day."""

    def __init__(self, summary: DaySummary, now: int, signs: AxisSigns) -> None:
        self._signs, self._now = signs, now
        row = summary.pieces
        self.due: list[Span] = [(due.start, due.end) for due in summary.plan.dues if due]
        self.inside: list[Span] = [(one.start, one.end) for one in row if one.start is not None and one.end is not None]
        self._unknown = [span for index, one in enumerate(row) if (span := _unknown(summary, row, index)) is not None]
        between = zip(self.inside, self.inside[1:], strict=False)
        self._breaks = [(one[1], other[0]) for one, other in between if 0 < other[0] - one[1] <= _LONGEST_BREAK]
        windows = zip(summary.plan.windows, summary.plan.dues, strict=True) if summary.plan.leave else ()
        self._leave = [(window.start, window.end) for window, due in windows if due is None]
        self._late = {start for start, _ in self.due} if summary.late_minutes else set()

    def sign(self, start: int, end: int) -> str:
        """The sign for the minutes start <= minute < end: what holds for at least half of them."""
        signs, half = self._signs, (end - start) / 2
        if _within(self._unknown, start, end) >= half:
            return signs.unknown
        present, due = _within(self.inside, start, end), _within(self.due, start, end)
        if present < end - start and any(start <= one < end for one in self._late):
            return signs.missing  # who comes late is late on the axis, too, even by a few minutes
        if present >= half:
            return signs.inside if due >= half else signs.outside
        if _within(self._breaks, start, end) >= half:
            return signs.pause
        if due >= half:
            return signs.to_come if start >= self._now else signs.missing
        return signs.leave if _within(self._leave, start, end) >= half else " "


def _unknown(summary: DaySummary, row: Sequence[Piece], index: int) -> Span | None:
    """The time of a stay of which nobody knows the beginning or the end: as far as the shift and the stays around."""
    one = row[index]
    due = summary.plan.dues[one.window] if one.window != VISIT else None
    if one.start is not None and one.end is None:
        after = next((other.start for other in row[index + 1 :] if other.start is not None), None)
        end = due.end if due and due.end > one.start else one.start + _UNKNOWN
        return one.start, min(end, after) if after is not None else end
    if one.start is None and one.end is not None:
        before = next((other.end for other in reversed(row[:index]) if other.end is not None), None)
        start = due.start if due and due.start < one.end else one.end - _UNKNOWN
        return max(start, before) if before is not None else start, one.end
    return None


def _within(spans: Iterable[Span], start: int, end: int) -> int:
    """How many of the minutes lie in one of the spans."""
    return sum(max(0, min(end, last) - max(start, first)) for first, last in spans)


def _minute(day: date, zone: ZoneInfo) -> int:
    return minute_of(datetime.combine(day, time(_FIRST), tzinfo=zone))
