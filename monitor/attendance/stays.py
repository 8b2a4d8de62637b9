"""Which stay a passage belongs to, and which shift and day a stay. Pure functions; times in minutes of UTC."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Final, NamedTuple

from monitor.attendance.calendar import NEVER, Block, Window
from monitor.attendance.passages import Passage
from monitor.attendance.person_calendar import Calendar
from monitor.attendance.rules import TOGETHER, Rules, minute_of

VISIT: Final = -1
"""In the place of a window's number: no shift."""
_SOON: Final = 60
"""An arrival may belong to a shift of its block that starts within so many minutes."""


class Piece(NamedTuple):
    """Presence in one window of one day: a stay, its part in one of several shifts, or a lone check-out."""

    window: int
    """The number of the window in its day, or VISIT."""
    start: int | None
    """None: nobody knows when it began."""
    end: int | None
    """None: nobody knows when it ended."""
    came: Passage | None
    """None: cut at the start of a shift, or a lone check-out."""
    left: Passage | None
    """None: cut, or not over, or forgotten."""
    running: bool = False
    """In the house now; `end` is now."""
    by_rule: bool = False
    """Closed by the site's rule."""

    @property
    def is_unknown(self) -> bool:
        """Whether its beginning or its end is missing."""
        return self.start is None or self.end is None

    @property
    def is_forgotten(self) -> bool:
        """A check-in without its check-out."""
        return self.start is not None and self.end is None and self.left is None


class Open(NamedTuple):
    """A check-in whose check-out is to come."""

    came: Passage
    start: int
    block: Block | None
    """None: a visit."""
    window: Window | None
    day: date


def arrival(passage: Passage, calendar: Calendar) -> Open:
    """To which shift an arrival belongs: to a block from its reach until its end, else it is a visit of its date."""
    minute = minute_of(passage.at)
    block = calendar.block_at(minute)
    if block is None or minute >= block.end:
        return Open(passage, minute, None, None, calendar.date_of(minute))
    window = _shift_of_arrival(block, minute)
    return Open(passage, minute, block, window, window.day)


def _shift_of_arrival(block: Block, minute: int) -> Window:
    """The shift that runs, or one that starts within the hour if that start is nearer; else the next one."""
    if len(block.windows) == 1:
        return block.windows[0]
    running = [one for one in block.windows if one.start <= minute < one.end]
    coming = [one for one in block.windows if one.start > minute]
    if not running:
        return coming[0] if coming else block.windows[-1]
    if coming and coming[0].start - minute <= _SOON and coming[0].start - minute < minute - running[-1].start:
        return coming[0]
    return running[-1]


def is_alive(stay: Open, minute: int, calendar: Calendar, rules: Rules) -> bool:
    """Whether a stay may still go on, so that a passage at this minute is its end."""
    if stay.came.clock_suspect:
        return True
    long = minute - stay.start >= rules.max_stay
    if stay.block is not None:
        return minute < stay.block.middle and (not long or minute <= stay.block.end + TOGETHER)
    coming = calendar.next_block(stay.start)
    return not long and (coming is None or minute < coming.start - TOGETHER)


def open_stay(passages: Sequence[Passage], calendar: Calendar) -> Open | None:
    """The stay that the last of somebody's passages began, alive or not; None after a check-out."""
    return arrival(passages[-1], calendar) if passages and passages[-1].kind == "check_in" else None


def pieces(passages: Sequence[Passage], calendar: Calendar, rules: Rules, now: int) -> dict[date, list[Piece]]:
    """Somebody's stays by the day that they belong to, in the order of time.

    Args:
        passages: of one person in their order.
    """
    rows: dict[date, list[Piece]] = defaultdict(list)
    begun: Open | None = None
    last_day: date | None = None
    for passage in passages:
        if passage.kind == "check_in":
            if begun is not None:
                rows[begun.day].append(_hole(begun))
            begun = _suspect(passage, calendar, last_day) if passage.clock_suspect else arrival(passage, calendar)
            last_day = begun.day
            continue
        minute = minute_of(passage.at)
        if begun is not None and (passage.clock_suspect or is_alive(begun, minute, calendar, rules)):
            last_day = _end(rows, begun, passage, minute, calendar)
        else:
            if begun is not None:
                rows[begun.day].append(_hole(begun))
            last_day = _lone_out(rows, passage, calendar, last_day)
        begun = None
    if begun is not None:
        if not begun.came.clock_suspect and is_alive(begun, now, calendar, rules):
            _run(rows, begun, max(now, begun.start))
        else:
            rows[begun.day].append(_hole(begun))
    return rows


def _suspect(passage: Passage, calendar: Calendar, last_day: date | None) -> Open:
    """Its own time would place it wrongly, so it stands on the day of the passage before it."""
    return Open(passage, -NEVER, None, None, last_day or calendar.date_of(minute_of(passage.at)))


def _hole(begun: Open) -> Piece:
    start = None if begun.came.clock_suspect else begun.start
    return Piece(begun.window.number if begun.window else VISIT, start, None, begun.came, None)


def _end(rows: dict[date, list[Piece]], begun: Open, left: Passage, minute: int, calendar: Calendar) -> date:
    if left.clock_suspect:
        rows[begun.day].append(_hole(begun)._replace(left=left))
        return begun.day
    if begun.came.clock_suspect:
        return _lone_out(rows, left, calendar, begun.day, came=begun.came)
    if begun.block is None or begun.window is None or len(begun.block.windows) == 1:
        window = begun.window.number if begun.window else VISIT
        rows[begun.day].append(Piece(window, begun.start, minute, begun.came, left))
        return begun.day
    last = min(begun.block.windows, key=lambda one: abs(one.end - minute))
    return _cut(rows, begun, last, Piece(VISIT, None, minute, None, left))


def _run(rows: dict[date, list[Piece]], begun: Open, now: int) -> None:
    """A stay that goes on is cut at the start of each shift that has begun since."""
    window = begun.window
    if begun.block is not None and window is not None:
        window = [one for one in begun.block.windows if one is window or window.start < one.start <= now][-1]
        _cut(rows, begun, window, Piece(VISIT, None, now, None, None, running=True))
    else:
        rows[begun.day].append(Piece(VISIT, begun.start, now, begun.came, None, running=True))


def _cut(rows: dict[date, list[Piece]], begun: Open, last: Window, end: Piece) -> date:
    """Adds a stay, cut at the start of each shift behind the first and up to the last. Returns the last part's day."""
    block, first = begun.block, begun.window
    assert block is not None
    assert first is not None
    parts = [first, *(one for one in block.windows if first.start < one.start <= last.start)]
    start = begun.start
    came: Passage | None = begun.came
    for window, following in pairwise(parts):
        rows[window.day].append(Piece(window.number, start, max(start, following.start), came, None))
        start, came = max(start, following.start), None
    rows[parts[-1].day].append(end._replace(window=parts[-1].number, start=start, came=came))
    return parts[-1].day


def _lone_out(
    rows: dict[date, list[Piece]],
    left: Passage,
    calendar: Calendar,
    last_day: date | None,
    came: Passage | None = None,
) -> date:
    """A check-out without a known beginning belongs to the shift with the nearest end, else to its date."""
    minute = minute_of(left.at)
    if left.clock_suspect:
        day = last_day or calendar.date_of(minute)
        rows[day].append(Piece(VISIT, None, None, came, left))
        return day
    window = _nearest_end(minute, calendar)
    day, index = (window.day, window.number) if window else (calendar.date_of(minute), VISIT)
    rows[day].append(Piece(index, None, minute, came, left))
    return day


def _nearest_end(minute: int, calendar: Calendar) -> Window | None:
    """The shift to which a check-out without its check-in belongs."""
    block = calendar.block_at(minute)
    if block is None or minute > block.lone_outs_until:
        return None
    return min(block.windows, key=lambda one: abs(one.end - minute))


def day_of(minute: int, calendar: Calendar, *, leaves: bool) -> date:
    """The day to which a passage belongs that has no partner."""
    if leaves:
        window = _nearest_end(minute, calendar)
        return window.day if window else calendar.date_of(minute)
    block = calendar.block_at(minute)
    return _shift_of_arrival(block, minute).day if block and minute < block.end else calendar.date_of(minute)
