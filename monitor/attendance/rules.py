"""Attendance rules: what a sighting means, and what a day's events say about a person. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from db.records import Presence, Role
from monitor.attendance.shifts import Expected, Shift, expected, person_day

_PRESENCE: Final[Mapping[str, Presence]] = {"check_in": "check_in", "check_out": "check_out"}


class LedgerEvent(Protocol):
    """What the rules read of a row of the ledger."""

    @property
    def id(self) -> UUID: ...
    @property
    def kind(self) -> str: ...
    @property
    def person(self) -> UUID | None: ...
    @property
    def at(self) -> datetime: ...
    @property
    def target(self) -> UUID | None: ...
    @property
    def corrected_kind(self) -> str | None: ...


class Member(Protocol):
    """What the rules read of a person."""

    @property
    def id(self) -> UUID: ...
    @property
    def group(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Passage:
    """A check-in or check-out that counts, after voids and corrections."""

    event: UUID
    person: UUID | None
    kind: Presence
    at: datetime


class Status(StrEnum):
    PRESENT = "present"
    LATE = "late"
    """Present, and came after the shift's start and grace."""
    ABSENT = "absent"
    LEFT = "left"
    INCOMPLETE = "incomplete"
    """The day is over and a check-in or check-out is missing."""


@dataclass(frozen=True, slots=True)
class DaySummary:
    """One person's day."""

    person: UUID
    day: date
    status: Status | None
    """None for somebody who did not come and is not expected, or not yet."""
    first_in: datetime | None
    last_out: datetime | None
    present: timedelta
    """Time between check-ins and their check-outs; for somebody who is in, until now."""
    late: bool
    incomplete: bool
    """A check-in without its check-out, or the other way round (somebody who is in does not count)."""
    passages: tuple[Passage, ...]


def passages(events: Sequence[LedgerEvent]) -> list[Passage]:
    """What counts, by time. A void undoes its target wholly; a correction takes its target's place.

    Args:
        events: in the ledger's order.
    """
    voided: set[UUID] = set()
    replaced: set[UUID] = set()
    counted: list[Passage] = []
    # Backwards, because only later rows can say that an earlier one does not count.
    for event in reversed(events):
        if event.id in voided:
            continue
        if event.kind == "void" and event.target is not None:
            voided.add(event.target)
        elif event.kind == "correction" and event.target is not None:
            replaced.add(event.target)
        if event.id not in replaced:
            kind = _PRESENCE.get((event.corrected_kind or "") if event.kind == "correction" else event.kind)
            if kind is not None:
                counted.append(Passage(event.id, event.person, kind, event.at))
    counted.reverse()
    return sorted(counted, key=lambda passage: passage.at)


def decide(
    at: datetime, role: Role, *, today: Sequence[Passage], last_seen: datetime | None, cool_down: timedelta
) -> Presence | None:
    """What an arrival at a door means.

    Somebody who was in view, or made an event, less than the cool-down ago has not arrived anew. At a door of
    role `in` nobody comes in twice, at `out` nobody leaves twice; at `auto` an arrival is the other of the last.

    Args:
        at: when the person came into view.
        today: their passages of this day so far, by time.
        last_seen: until when they were in view before, in a sighting that began earlier; it may still go on.
    """
    if last_seen is not None and at - last_seen < cool_down:
        return None
    if any(abs(at - passage.at) < cool_down for passage in today):
        return None
    inside = bool(today) and today[-1].kind == "check_in"
    if role == "auto":
        return "check_out" if inside else "check_in"
    if role == "in":
        return None if inside else "check_in"
    return None if today and not inside else "check_out"


def summarise(
    member: Member, day: date, counted: Iterable[Passage], shifts: Sequence[Shift], zone: ZoneInfo, now: datetime
) -> DaySummary:
    """One person's day, as known at `now`.

    Args:
        counted: the person's passages, of this day and maybe others, by time.
        shifts: all shifts of the site; when there are none at all, everybody is expected every day.
    """
    start, end = person_day(shifts, member.id, member.group, day, zone)
    today = tuple(passage for passage in counted if start <= passage.at < end)
    due = expected(shifts, member.id, member.group, day, zone)
    ins = [passage.at for passage in today if passage.kind == "check_in"]
    outs = [passage.at for passage in today if passage.kind == "check_out"]
    over = now >= end
    present, unmatched = _presence(today, None if over else max(now, start))
    late = bool(due and ins and ins[0] > due.late_after)
    return DaySummary(
        person=member.id,
        day=day,
        status=_status(today, late=late, over=over, unmatched=unmatched, absent=_is_absent(shifts, due, start, now)),
        first_in=ins[0] if ins else None,
        last_out=outs[-1] if outs else None,
        present=present,
        late=late,
        incomplete=unmatched,
        passages=today,
    )


def _status(today: Sequence[Passage], *, late: bool, over: bool, unmatched: bool, absent: bool) -> Status | None:
    if not today:
        return Status.ABSENT if absent else None
    if over and unmatched:
        return Status.INCOMPLETE
    if today[-1].kind == "check_out":
        return Status.LEFT
    return Status.LATE if late else Status.PRESENT


def _is_absent(shifts: Sequence[Shift], due: Expected | None, start: datetime, now: datetime) -> bool:
    if due is not None:
        return now > due.late_after
    return not shifts and now >= start


def _presence(today: Sequence[Passage], until: datetime | None) -> tuple[timedelta, bool]:
    """The time between check-ins and check-outs, and whether one of them has no partner."""
    total, unmatched = timedelta(), bool(today) and today[0].kind == "check_out"
    for one, after in pairwise(today):
        if one.kind == "check_in" and after.kind == "check_out":
            total += after.at - one.at
        elif one.kind == after.kind:
            unmatched = True
    if today and today[-1].kind == "check_in":
        if until is None:
            unmatched = True
        else:
            total += max(until - today[-1].at, timedelta())
    return total, unmatched
