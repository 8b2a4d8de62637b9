"""What counts of a ledger: passages, after voids and corrections, as they happened. Pure functions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from db.records.attendance import Method, Presence

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
    @property
    def kiosk(self) -> UUID: ...
    @property
    def method(self) -> Method: ...
    @property
    def clock_suspect(self) -> bool: ...


class Passage(NamedTuple):
    """A check-in or check-out that counts. A tuple: a month of a large site has tens of thousands."""

    event: UUID
    person: UUID | None
    kind: Presence
    at: datetime
    kiosk: UUID
    method: Method = "face"
    corrected: bool = False
    """Whether a correction took the place of what was written first."""
    clock_suspect: bool = False
    """Whether the door's clock was wrong: the passage keeps its place, and its time counts for nothing."""


def passages(events: Iterable[LedgerEvent]) -> list[Passage]:
    """What counts of one person's events, by time. A void undoes its target wholly, also a void or a correction; a
    correction takes its target's place.

    Args:
        events: in the ledger's order.
    """
    return _ordered(_counted(events))


def by_person(events: Iterable[LedgerEvent]) -> dict[UUID, tuple[Passage, ...]]:
    """What counts of everybody's events, by person and by time; those of erased people are left out."""
    found: dict[UUID, list[Passage]] = defaultdict(list)
    lists: dict[
        int, list[Passage]
    ] = {}  # by the object: hashing an id for each passage takes longer than all else here
    for passage in _counted(events):
        if passage.person is not None:
            theirs = lists.get(id(passage.person))
            if theirs is None:
                theirs = lists[id(passage.person)] = found[passage.person]
            theirs.append(passage)
    return {person: tuple(_ordered(theirs)) for person, theirs in found.items()}


def _counted(events: Iterable[LedgerEvent]) -> list[Passage]:
    """In the ledger's order."""
    voided: set[UUID] = set()
    replaced: set[UUID] = set()
    counted: list[Passage] = []
    # Backwards, because only later rows can say that an earlier one does not count.
    for event in reversed(events if isinstance(events, Sequence) else list(events)):
        if voided and event.id in voided:
            continue
        corrects = False
        kind = _PRESENCE.get(event.kind)
        if kind is None and event.target is not None:
            if event.kind == "void":
                voided.add(event.target)
            elif event.target not in replaced:  # of several corrections the last counts
                replaced.add(event.target)
                corrects, kind = True, _PRESENCE.get(event.corrected_kind or "")
        if kind is not None and not (replaced and event.id in replaced):
            counted.append(
                Passage(
                    event.id, event.person, kind, event.at, event.kiosk, event.method, corrects, event.clock_suspect
                )
            )
    counted.reverse()
    return counted


def _ordered(counted: Sequence[Passage]) -> list[Passage]:
    """By time; the same instant counts once. Who has a wrong time stays behind what was written before it."""
    trusted = sorted((one for one in counted if not one.clock_suspect), key=attrgetter("at"))
    ordered = [one for index, one in enumerate(trusted) if not index or one.at != trusted[index - 1].at]
    if len(trusted) == len(counted):
        return ordered
    kept = {one.event for one in ordered}
    behind: dict[UUID | None, list[Passage]] = defaultdict(list)
    before: UUID | None = None
    for one in counted:
        if one.clock_suspect:
            behind[before].append(one)
        elif one.event in kept:
            before = one.event
    return [*behind[None], *(each for one in ordered for each in (one, *behind.get(one.event, ())))]
