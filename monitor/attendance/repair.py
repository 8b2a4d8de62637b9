"""Which days somebody is to look at, and what may have happened, the best evidence first. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median_low
from typing import Final, Literal, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from db.calendar import LeaveKind
from db.records.attendance import Presence
from db.records.people import Person
from monitor.attendance.days import PersonDay
from monitor.attendance.passages import Passage
from monitor.attendance.rules import instant_of, minute_of
from monitor.attendance.stays import VISIT, Piece
from monitor.attendance.summary import DaySummary, Reason
from monitor.calendar_text import WEEKDAYS

Evidence: TypeAlias = Literal["seen", "shift", "usual", "rule", "leave"]
USUAL_DAYS: Final = 20
"""How many days before tell when somebody usually comes and leaves."""
_FEWEST: Final = 5
_LONGEST: Final = 960
"""Minutes that a stay of which one end is missing may have lasted."""
_NEAR: Final = sorted(range(-4, 5), key=lambda days: (abs(days), -days))
"""Days beside an absence on which a leave tells what it may have been, the nearest first."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Somebody was seen without an entry."""

    at: datetime
    kiosk: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """What may have happened: an entry to add, one to make void, or leave to enter."""

    text: str
    kind: Presence | None
    at: datetime | None
    """In UTC; for an entry to add."""
    void: UUID | None = None
    """The entry that is to count no more."""
    evidence: Evidence = "shift"
    leave: LeaveKind | None = None
    """Leave of that day that is to be entered."""

    @property
    def reason(self) -> str:
        """Why it is written, as the desk would say it."""
        told = self.text.split(", ", 1)[-1]
        if self.void is not None:
            return "two arrivals were one"
        if self.leave is not None:
            return f"absent; {told}"
        forgotten = "leave" if self.kind == "check_out" else "check in"
        return f"forgot to {forgotten}; {told}{' then' if self.evidence == 'seen' else ''}"


@dataclass(frozen=True, slots=True)
class Repair:
    """A day that somebody is to look at."""

    person: Person
    summary: DaySummary
    reason: Reason
    piece: Piece | None
    """The stay that is in question."""
    proposals: tuple[Proposal, ...] = ()

    @property
    def day(self) -> date:
        return self.summary.day

    @property
    def key(self) -> str:
        """Tells it from all others, also when the list is made anew."""
        begins = self.piece and (self.piece.start or self.piece.end)
        return f"{self.person.id} {self.day} {self.reason.name} {begins or ''}"

    def text(self, zone: ZoneInfo) -> str:
        """What is wrong, in a few words: "came 08:50, never left"."""
        piece = self.piece
        if self.reason is Reason.NO_CHECK_OUT and piece and piece.start is not None:
            if (again := _came_again(self.summary, piece)) is not None:
                return f"came {_clock(instant_of(piece.start), zone)} and {_clock(again.at, zone)}"
            return f"came {_clock(instant_of(piece.start), zone)}, never left"
        if self.reason is Reason.NO_CHECK_IN and piece and piece.end is not None:
            return f"left {_clock(instant_of(piece.end), zone)}, never came"
        if self.reason is Reason.CLOSED_BY_RULE and piece and piece.end is not None:
            return f"closed by rule, {_clock(instant_of(piece.end), zone)}"
        return self.reason.value


def repairs(
    days: Sequence[PersonDay],
    sights: Mapping[UUID, Sequence[Sight]],
    zone: ZoneInfo,
    now: datetime,
    before: Sequence[PersonDay] = (),
) -> list[Repair]:
    """The days to look at, the oldest first.

    Args:
        sights: when people were seen, by person and by time.
        before: earlier days of the same people, which tell when they usually come and leave.
    """
    usual: dict[UUID, list[DaySummary]] = {}
    for one in (*before, *days):
        if not one.summary.incomplete and one.summary.pieces and not one.summary.closed_by_rule:
            usual.setdefault(one.person.id, []).append(one.summary)
    leave = {
        (one.person.id, one.summary.day): one.summary.plan.leave[0].kind
        for one in (*before, *days)
        if one.summary.plan.on_leave
    }
    found = []
    for one in days:
        for reason in one.summary.reasons:
            if reason is Reason.ABSENT and one.summary.overtime_minutes is None:
                continue  # the day is not over: they may still come
            for piece in _pieces(one.summary, reason):
                known = [day for day in usual.get(one.person.id, ()) if day.day != one.summary.day][-USUAL_DAYS:]
                proposals = _proposals(one.summary, reason, piece, sights.get(one.person.id, ()), known, zone)
                if reason is Reason.ABSENT:
                    proposals = _leave(one, leave)
                offered = tuple(each for each in proposals if each.at is None or each.at <= now)
                found.append(Repair(one.person, one.summary, reason, piece, offered))
    return sorted(found, key=lambda repair: repair.day)


def _pieces(summary: DaySummary, reason: Reason) -> list[Piece | None]:
    """The stays in question; None for the day as a whole."""
    match reason:
        case Reason.NO_CHECK_OUT | Reason.TWO_INS:
            return [piece for piece in summary.pieces if piece.is_forgotten]
        case Reason.NO_CHECK_IN:
            return [piece for piece in summary.pieces if piece.start is None]
        case Reason.CLOSED_BY_RULE:
            return [piece for piece in summary.pieces if piece.by_rule]
        case _:
            return [None]


def _proposals(
    summary: DaySummary,
    reason: Reason,
    piece: Piece | None,
    sights: Sequence[Sight],
    usual: Sequence[DaySummary],
    zone: ZoneInfo,
) -> list[Proposal]:
    if piece is None:
        return []
    if reason is Reason.TWO_INS:
        return _one_arrival(summary, piece, zone)
    if reason in (Reason.NO_CHECK_OUT, Reason.CLOSED_BY_RULE) and piece.start is not None:
        left = _missing(summary, piece, piece.start, "check_out", sights, usual, zone)
        return [*left, *_one_arrival(summary, piece, zone)]
    if reason is Reason.NO_CHECK_IN and piece.end is not None:
        return _missing(summary, piece, piece.end, "check_in", sights, usual, zone)
    return []


def _leave(one: PersonDay, leave: Mapping[tuple[UUID, date], LeaveKind]) -> list[Proposal]:
    """The leave that somebody who did not come may have been on: that of the days beside."""
    for days in _NEAR:
        day = one.summary.day + timedelta(days=days)
        if (kind := leave.get((one.person.id, day))) is not None:
            text = f"leave: {kind}, as on {WEEKDAYS[day.weekday()].capitalize()} {day.day}"
            return [Proposal(text, None, None, evidence="leave", leave=kind)]
    return []


def _missing(
    summary: DaySummary,
    piece: Piece,
    known: int,
    kind: Presence,
    sights: Sequence[Sight],
    usual: Sequence[DaySummary],
    zone: ZoneInfo,
) -> list[Proposal]:
    """When somebody who came may have left, or who left may have come: where they were seen, by the shift, as usual.

    Args:
        known: the minute of the entry that is there.
        kind: what is missing.
    """
    leaves = kind == "check_out"
    due = summary.plan.dues[piece.window] if piece.window != VISIT else None
    if leaves:
        later = (one.start for one in summary.pieces if one.start is not None and one.start > known)
        since, until = known, min(later, default=known + _LONGEST)
        seen = [one for one in sights if since + 1 < minute_of(one.at) < until][-1:]
        planned, times, after = due and due.end, [one.last_out for one in usual], instant_of(known)
    else:
        earlier = (one.end for one in summary.pieces if one.end is not None and one.end < known)
        since, until = max(earlier, default=known - _LONGEST), known
        seen = [one for one in sights if since < minute_of(one.at) < until - 1][:1]
        planned, times = due and due.start, [one.first_in for one in usual]
        after = instant_of(known) - timedelta(hours=23)
    found: list[tuple[datetime, str, Evidence]] = [
        (one.at.replace(second=0, microsecond=0), f"seen at {one.kiosk}", "seen") for one in seen
    ]
    if planned is not None and since < planned < until:
        found.append((instant_of(planned), f"the shift's {'end' if leaves else 'start'}", "shift"))
    at_usual = _usual(times, after, zone)
    if at_usual is not None and since < minute_of(at_usual) < until:
        found.append((at_usual, "as usual", "usual"))
    verb = "left" if leaves else "came"
    return [Proposal(f"{verb} {_clock(at, zone)}, {why}", kind, at, evidence=evidence) for at, why, evidence in found]


def _usual(times: Sequence[datetime | None], after: datetime, zone: ZoneInfo) -> datetime | None:
    """The first instant behind another at which the clock shows the median of these times; None for a few days only."""
    local = [one.astimezone(zone) for one in times if one is not None]
    if len(local) < _FEWEST:
        return None
    base = after.astimezone(zone)
    minutes = median_low([(one.hour * 60 + one.minute - base.hour * 60 - base.minute) % 1440 for one in local])
    return after.replace(second=0, microsecond=0) + timedelta(minutes=minutes)


def _one_arrival(summary: DaySummary, piece: Piece, zone: ZoneInfo) -> list[Proposal]:
    """That somebody who came twice came once, at the first of the two times."""
    again = _came_again(summary, piece)
    if again is None or piece.start is None:
        return []
    text = f"one arrival, {_clock(instant_of(piece.start), zone)}"
    return [Proposal(text, None, None, void=again.event, evidence="rule")]


def _came_again(summary: DaySummary, piece: Piece) -> Passage | None:
    """The check-in right after that of a stay which nobody ended."""
    if not piece.is_forgotten:
        return None
    each = pairwise(summary.passages)
    return next((after for one, after in each if one == piece.came and after.kind == "check_in"), None)


def _clock(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%H:%M")
