"""Verifies the ledger row by row, two million in seconds: the database writes each row's canonical form itself."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import literal_column, null, select
from sqlalchemy.orm import Session

from db.attendance.ledger import GENESIS
from db.proof.key import ProofKey
from db.records import LedgerCheck
from db.schema import EventRow, ForwardedRow

_AT_ONCE: Final = 10_000
CUT: Final = "the head that was noted earlier is missing: rows were cut off"


@dataclass(frozen=True, slots=True)
class Proof:
    """What the codes of events are verified with."""

    keys: Mapping[str, ProofKey]
    adopted: int = 0
    """So many of the first rows were there before the key, and have no code."""
    shared: bool = False
    """Whether other installations write here too, with keys that are not known."""


@dataclass(slots=True)
class _Walk:
    """Where the check stands."""

    events: int = 0
    previous: str = GENESIS
    foreign: int = 0
    noted: dict[int, str] = field(default_factory=dict)


def verify(
    session: Session,
    *,
    known_head: str | None = None,
    noted: Mapping[int, str] | None = None,
    proof: Proof | None = None,
) -> LedgerCheck:
    """Recomputes the whole chain, and names the first row that does not fit.

    Args:
        known_head: a head that was noted earlier; it must still be in the chain.
        noted: hashes of rows that were noted earlier, by their numbers.
        proof: verifies the rows' codes; None where the key is not at hand.
    """
    walk = _Walk(noted=dict(noted or {}))
    seen = known_head is None or known_head == GENESIS
    for row in _rows(session):
        walk.events += 1
        problem = _problem(walk, *row) or (_code_problem(walk, proof, row[0], *row[-2:]) if proof else None)
        if problem is not None:
            return LedgerCheck(walk.events - 1, walk.previous, row[0], problem)
        walk.previous = row[-2]
        seen = seen or walk.previous == known_head
    missing = [seq for seq in walk.noted if seq > 0]
    if not seen or missing:
        return LedgerCheck(walk.events, walk.previous, walk.events + 1, CUT)
    return LedgerCheck(walk.events, walk.previous, foreign=walk.foreign)


def verify_forwarded(session: Session, chain: UUID) -> LedgerCheck:
    """Recomputes another database's chain from what came here; its head is the one that was noted there."""
    columns = _canonical(session, ForwardedRow.seq, ForwardedRow.previous_hash, ForwardedRow.hash, null())
    query = select(*columns).join(EventRow, EventRow.id == ForwardedRow.event_id, isouter=True)
    query = query.where(ForwardedRow.origin == chain).order_by(ForwardedRow.seq)
    walk = _Walk()
    for row in session.execute(query.execution_options(yield_per=_AT_ONCE)):
        walk.events += 1
        if _problem(walk, *row) is not None:
            problem = f"row {row[0]} of the chain {chain} was changed"
            return LedgerCheck(walk.events - 1, walk.previous, row[0], problem)
        walk.previous = row[-2]
    return LedgerCheck(walk.events, walk.previous)


def _problem(walk: _Walk, seq: int, *row: Any) -> str | None:
    """What is wrong with the place and the hash of a row."""
    *parts, previous, kept, _ = row
    if seq != walk.events:
        return f"row {walk.events} is missing" if seq > walk.events else f"row {seq} is there twice"
    if previous != walk.previous:
        return f"row {seq} does not follow the row before it"
    head, kind, subject, zone, kiosk, method, actor, targets, corrected, tail = parts
    text = (
        f"{previous}\n[{seq},{head},{_json(kind)},{subject},{_json(zone)},{kiosk},{_json(method)},{_json(actor)},"
        f"{targets},{_json(corrected)},{tail}]"
    )
    if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != kept:
        return f"row {seq} was changed"
    if walk.noted and walk.noted.pop(seq, kept) != kept:
        return f"row {seq} is not the one whose hash was noted earlier: the ledger was written anew"
    return None


def _code_problem(walk: _Walk, proof: Proof, seq: int, kept: str, mac: str | None) -> str | None:
    """What is wrong with the code of a row whose hash is right."""
    if mac is None:
        return None if seq <= proof.adopted else f"row {seq} was not written by Muster: its code is missing"
    key = proof.keys.get(mac[:16])
    if key is None:
        walk.foreign += 1
        return None if proof.shared else f"row {seq} was not written by Muster: its code is of an unknown key"
    return None if key.of_event(kept) == mac else f"row {seq} was not written by Muster: its code is wrong"


@lru_cache(maxsize=4096)
def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=repr)


def _rows(session: Session) -> Iterator[Any]:
    columns = _canonical(session, EventRow.seq, EventRow.previous_hash, EventRow.hash, EventRow.mac)
    query = select(*columns).order_by(EventRow.seq)
    yield from session.execute(query.execution_options(yield_per=_AT_ONCE))


def _canonical(session: Session, seq: Any, previous: Any, kept: Any, mac: Any) -> tuple[Any, ...]:
    """The parts of a row's canonical form (see `ledger.chain_hash`), as far as the database can write them."""
    uuid, instant = _FORMS[session.get_bind().dialect.name]

    def one(name: str) -> str:
        return uuid.replace("#", f"attendance_event.{name}")

    def at(name: str) -> str:
        return instant.replace("#", f"attendance_event.{name}")

    parts = (
        *(one("id"), "attendance_event.kind", f"{one('subject')} || ',' || {at('at')}", "attendance_event.time_zone"),
        *(one("kiosk_id"), "attendance_event.method", "attendance_event.actor"),
        *(f"{one('sighting_id')} || ',' || {one('target_id')}", "attendance_event.corrected_kind"),
        f"{at('recorded_at')} || CASE WHEN attendance_event.clock_suspect THEN ',true' ELSE '' END",
    )
    return (seq, *(literal_column(part).label(f"part_{at}") for at, part in enumerate(parts)), previous, kept, mac)


_FORMS: Final = {
    "sqlite": (
        "coalesce('\"' || substr(#, 1, 8) || '-' || substr(#, 9, 4) || '-' || substr(#, 13, 4) || '-' || "
        "substr(#, 17, 4) || '-' || substr(#, 21) || '\"', 'null')",
        "coalesce('\"' || substr(#, 1, 10) || 'T' || substr(#, 12) || '+00:00\"', 'null')",
    ),
    "postgresql": (
        "coalesce('\"' || #::text || '\"', 'null')",
        "coalesce('\"' || to_char(# AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') || '+00:00\"', 'null')",
    ),
}
"""A UUID and an instant as JSON strings, of the column #."""
