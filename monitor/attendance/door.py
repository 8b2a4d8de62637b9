"""What an arrival at a door means. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from db.records.attendance import Presence, Role
from monitor.attendance.passages import Passage
from monitor.attendance.person_calendar import Calendar
from monitor.attendance.rules import SAME_ARRIVAL, Rules, minute_of
from monitor.attendance.stays import is_alive, open_stay

_SAME: Final = timedelta(minutes=SAME_ARRIVAL)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody before a door."""

    at: datetime
    """When they came into view, or gave their PIN."""
    kiosk: UUID
    role: Role
    last_seen: datetime | None = None
    """Until when they were in view before, at any door, in a sighting that began earlier; it may still go on."""
    clock_suspect: bool = False


def decide(arrival: Arrival, before: Sequence[Passage], calendar: Calendar, rules: Rules) -> Presence | None:
    """The passage that an arrival is; None where it is none, or the same as the one before.

    All doors of the site count together. Direction is decided by the stay that is open and alive: also over midnight.

    Args:
        before: what counts now of the person's passages at all doors, in their order, of a few days.
    """
    at, role = arrival.at, arrival.role
    if arrival.clock_suspect:
        seen = arrival.last_seen
        return None if seen is not None and abs(at - seen) < rules.cool_down else _by_place(before)
    if arrival.last_seen is not None and at - arrival.last_seen < rules.cool_down:
        return None
    trusted = [one for one in before if not one.clock_suspect]
    if any(abs(at - one.at) < rules.cool_down for one in trusted):
        return None
    if role == "auto" and any(
        one.kiosk != arrival.kiosk and abs(at - one.at) < rules.between_doors for one in trusted
    ):  # fmt: skip
        return None
    begun = open_stay([one for one in before if one.clock_suspect or one.at <= at], calendar)
    alive = begun is not None and is_alive(begun, minute_of(at), calendar, rules)
    if role == "auto":
        return "check_out" if alive else "check_in"
    if role == "in":
        same = alive and begun is not None and not begun.came.clock_suspect and at - begun.came.at < _SAME
        return None if same else "check_in"
    if alive:
        return "check_out"
    last = next((one for one in reversed(trusted) if one.at <= at), None)
    return None if last is not None and last.kind == "check_out" and at - last.at < _SAME else "check_out"


def _by_place(before: Sequence[Passage]) -> Presence:
    """With a wrong clock only the order tells the direction."""
    return "check_out" if before and before[-1].kind == "check_in" else "check_in"
