"""Verifies the ledger row by row, from the first."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, literal_column, null, select
from sqlalchemy.orm import Session

from db.attendance.ledger import GENESIS
from db.proof.key import ProofKey
from db.records import LedgerCheck
from db.schema import EventRow, ForwardedRow

_AT_ONCE: Final = 5_000
_WRONG_CODE: Final = "row {seq} was not written by Muster: its code is wrong"
CUT: Final = "the head that was noted earlier is missing: rows were cut off"


@dataclass(frozen=True, slots=True)
class Proof:
    """What the codes of events are verified with."""

    keys: Mapping[str, ProofKey]
    adopted: int = 0
    """So many of the first rows were there before the key, and have no code."""
    shared: bool = False
    """Whether other installations write here too, with keys that are not known."""


def verify(
    session: Session,
    *,
    known_head: str | None = None,
    noted: Mapping[int, str] | None = None,
    proof: Proof | None = None,
    each: bool = False,
) -> LedgerCheck:
    """Recomputes the whole chain, and names the first row that does not fit.

    Args:
        known_head: a head that was noted earlier; it must still be in the chain.
        noted: hashes of rows that were noted earlier, by their numbers.
        proof: verifies the rows' codes; None where the key is not at hand.
        each: verify each row's code. Else the last one of each key, which proves all rows before it by their hashes;
            where that is wrong, all are verified, to name the first.
    """
    query = select(*_columns(session, EventRow.seq, EventRow.previous_hash, EventRow.hash, EventRow.mac))
    query = query.order_by(EventRow.seq)
    waiting = {seq: kept for seq, kept in (noted or {}).items() if seq > 0}
    seen = known_head is None or known_head == GENESIS
    events, previous, foreign = 0, GENESIS, 0
    codes = {key.id: key.of_event for key in proof.keys.values()} if proof else {}
    last: dict[str, tuple[str, str]] = {}
    canonical = _Canonical()
    for row in _read(session, query):
        seq, before, kept, mac = row[0], row[-3], row[-2], row[-1]
        if seq != events + 1 or before != previous or canonical.hash(row) != kept:
            return LedgerCheck(events, previous, seq, _problem(events, previous, seq, before))
        if proof is not None:
            key = mac[:16] if mac else ""
            strange = _uncoded(proof, seq, mac) if key not in codes else None
            if strange is None and each and key in codes and codes[key](kept) != mac:
                strange = _WRONG_CODE.format(seq=seq)
            if strange is not None:
                return LedgerCheck(events, previous, seq, strange)
            foreign += bool(mac) and key not in codes
            last[key] = kept, mac
        if waiting and waiting.pop(seq, kept) != kept:
            problem = f"row {seq} is not the one that was noted earlier: the ledger was written anew"
            return LedgerCheck(events, previous, seq, problem)
        events, previous = seq, kept
        seen = seen or kept == known_head
    if any(code(last[key][0]) != last[key][1] for key, code in codes.items() if key in last):
        return verify(session, proof=proof, each=True)
    if waiting or not seen:
        return LedgerCheck(events, previous, events + 1, CUT)
    return LedgerCheck(events, previous, foreign=foreign)


def verify_forwarded(session: Session, chain: UUID) -> LedgerCheck:
    """Recomputes another database's chain from what came here; its head is the one that was noted there."""
    place = ForwardedRow
    query = select(*_columns(session, place.seq, place.previous_hash, place.hash, null()))
    query = query.select_from(place).join(EventRow, EventRow.id == place.event_id, isouter=True)
    query = query.where(place.origin == chain).order_by(place.seq)
    events, previous = 0, GENESIS
    canonical = _Canonical()
    for row in _read(session, query):
        seq, before, kept = row[0], row[-3], row[-2]
        if seq != events + 1 or before != previous or canonical.hash(row) != kept:
            return LedgerCheck(events, previous, seq, f"row {seq} of the chain {chain} was changed")
        events, previous = seq, kept
    return LedgerCheck(events, previous)


def _problem(events: int, previous: str, seq: int, before: str) -> str:
    """What is wrong with the place or the hash of a row."""
    if seq != events + 1:
        return f"row {events + 1} is missing" if seq > events else f"row {seq} is out of its order"
    return f"row {seq} was changed" if before == previous else f"row {seq} does not follow the row before it"


def _uncoded(proof: Proof, seq: int, mac: str | None) -> str | None:
    """What is wrong with a row without a code that can be verified."""
    if mac is None:
        return None if seq <= proof.adopted else f"row {seq} was not written by Muster: its code is missing"
    return None if proof.shared else f"row {seq} was not written by Muster: its code is of an unknown key"


class _Texts(dict[object, str]):
    """JSON of texts, each made once: a ledger has few."""

    def __missing__(self, value: object) -> str:
        self[value] = made = json.dumps(value, ensure_ascii=False, default=repr)
        return made


class _Ids(dict[object, str]):
    """JSON of ids that come again and again, each made once."""

    def __missing__(self, value: object) -> str:
        self[value] = made = _id(value)
        return made


class _Canonical:
    """Hashes rows as `ledger.chain_hash` does, from what the driver gives: two million in seconds."""

    def __init__(self) -> None:
        self._texts, self._ids = _Texts(), _Ids()

    def hash(self, row: Sequence[Any]) -> str | None:
        """The hash that the row should have, hexadecimal; None where a column is not what it should be."""
        seq, id, kind, subject, at, zone, kiosk, method, actor, seen, target, corrected, written, suspect, before = row[
            :15
        ]
        text, ids = self._texts, self._ids
        try:
            canonical = (
                f'{before}\n[{seq},"{id[:8]}-{id[8:12]}-{id[12:16]}-{id[16:20]}-{id[20:]}",{text[kind]},{ids[subject]},'
                f'"{at[:10]}T{at[11:]}+00:00",{text[zone]},{ids[kiosk]},{text[method]},{text[actor]},{_id(seen)},'
                f'{_id(target)},{text[corrected]},"{written[:10]}T{written[11:]}+00:00"{",true" if suspect else ""}]'
            )
        except TypeError:
            return None
        return sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def _id(value: Any) -> str:
    return f'"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"' if value is not None else "null"


def _read(session: Session, query: Select[Any]) -> Iterator[Sequence[Any]]:
    """Rows as the driver gives them: plain tuples cost a third of SQLAlchemy's rows."""
    statement = str(query.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
    connection: Any = session.connection().connection.driver_connection
    on_server = session.get_bind().dialect.name == "postgresql"
    cursor: Any = connection.cursor(name="muster_ledger") if on_server else connection.cursor()
    try:
        cursor.execute(statement)
        while rows := cursor.fetchmany(_AT_ONCE):
            yield from rows
    finally:
        cursor.close()


def _columns(session: Session, seq: Any, before: Any, kept: Any, mac: Any) -> tuple[Any, ...]:
    """The columns of a row's canonical form in its order, ids and instants as SQLite keeps them; hash and code."""
    forms = _FORMS[session.get_bind().dialect.name]
    columns: Iterator[Any] = (
        literal_column(forms.get(form, "#").replace("#", f"attendance_event.{name}")).label(name)
        for name, form in (
            *(("id", "id"), ("kind", ""), ("subject", "id"), ("at", "instant"), ("time_zone", ""), ("kiosk_id", "id")),
            *(("method", ""), ("actor", ""), ("sighting_id", "id"), ("target_id", "id"), ("corrected_kind", "")),
            *(("recorded_at", "instant"), ("clock_suspect", "")),
        )
    )
    return seq, *columns, before, kept, mac


_FORMS: Final[Mapping[str, Mapping[str, str]]] = {
    "sqlite": {},
    "postgresql": {
        "id": "replace(#::text, '-', '')",
        "instant": "to_char(# AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
    },
}
