"""Passages that doors guessed without knowing what others had seen: events that arrive late, and merged people.

A door of role auto takes an arrival for the other of what it knows. What it could not know, because another database
kept it or because two people were not one yet, puts its guess right: from all passages in the order of their time.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from db.records.attendance import LedgerEntry, Role
from monitor.attendance.door import Arrival, decide
from monitor.attendance.passages import Passage, passages
from monitor.attendance.person_calendar import Calendar
from monitor.attendance.rules import Rules

_PRESENCE: Final = ("check_in", "check_out")


def set_right(
    events: Sequence[LedgerEntry], roles: Mapping[UUID, Role], calendar: Calendar, rules: Rules
) -> list[Passage]:
    """What counts of one person's events, with the guesses of doors of role auto put right.

    Other doors, entries by hand and corrected passages keep their kind. So does what a door knew wholly: a void that
    was entered later turns no passage round.

    Args:
        events: in the ledger's order.
        roles: of kiosks.
    """
    counted = passages(events)
    sources = {event.id: (event.origin, event.subject) for event in events}
    if len({sources[one.event] for one in counted}) < 2:
        return counted
    voided = _voids(events)
    # A passage that was made void later counted when the next one passed.
    late = [event for event in events if event.id in voided and event.kind in _PRESENCE]
    gone = passages(late)
    right: dict[UUID, Passage | None] = {}
    before: list[Passage] = []
    for one in sorted([*counted, *gone], key=lambda passage: passage.at):
        known = [each for each in before if each.event not in voided or voided[each.event] > one.at]
        guessed = roles.get(one.kiosk) == "auto" and one.method != "manual"
        unknown = any(sources[each.event] != sources[one.event] for each in known)
        if guessed and unknown and not one.corrected and not one.clock_suspect:
            kind = decide(Arrival(one.at, one.kiosk, "auto"), known, calendar, rules)
            right[one.event] = one._replace(kind=kind, corrected=kind != one.kind) if kind else None
        now = right.get(one.event, one)
        if now is not None:
            before.append(now)
    return [found for one in counted if (found := right.get(one.event, one)) is not None]


def _voids(events: Sequence[LedgerEntry]) -> dict[UUID, datetime]:
    """When each event that counts no more was made void."""
    found: dict[UUID, datetime] = {}
    for event in reversed(events):
        if event.kind == "void" and event.target is not None and event.id not in found:
            found[event.target] = event.at
    return found
