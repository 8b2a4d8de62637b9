"""Verifies the ledger row by row, from the first or from where an earlier check ended."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, literal_column, null, select
from sqlalchemy.orm import Session

from db.attendance.ledger import GENESIS
from db.batches import among
from db.proof.key import ProofKey
from db.schema.attendance import EventRow
from db.schema.forwarding import ForwardedRow

_AT_ONCE: Final = 5_000
_NOT_WRITTEN: Final = "row {seq} of the ledger was not written by Muster:"
CUT: Final = "the head that was noted earlier is missing: rows were cut off"


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What a check of a chain of events found."""

    events: int
    head: str
    """The last row's hash: note it down, and a later check can prove that nothing was cut off."""
    broken_seq: int | None = None
    problem: str | None = None
    foreign: int = 0
    """Rows whose codes are of another installation's key, so that only their hashes were verified."""
    before: int = 0
    """So many of the first rows were verified by an earlier check, and were only counted now."""
    again: range = range(0)
    """Rows of these that were read again all the same."""

    @property
    def whole(self) -> bool:
        return self.problem is None


@dataclass(frozen=True, slots=True)
class Proof:
    """What the codes of events are verified with."""

    keys: Mapping[str, ProofKey]
    adopted: int = 0
    """So many of the first rows were there before the key, and have no code."""
    shared: bool = False
    """Whether other installations write here too, with keys that are not known."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """A check that found the ledger whole up to a row."""

    events: int
    head: str
    """The hash of that row."""
    again: range
    """Rows of these that are read again all the same."""


def verify(
    session: Session,
    *,
    known_head: str | None = None,
    noted: Mapping[int, str] | None = None,
    proof: Proof | None = None,
    each: bool = False,
    earlier: Earlier | None = None,
) -> LedgerCheck:
    """Recomputes the chain, and names the first row that does not fit.

    Args:
        known_head: a head that was noted earlier; it must still be in the chain.
        noted: hashes of rows that were noted earlier, by their numbers.
        proof: verifies the rows' codes; None where the key is not at hand.
        each: verify each row's code. Else the last one of each key, which proves all rows before it by their hashes;
            where that is wrong, all are verified, to name the first.
        earlier: goes on from the end of this check. Of the rows before, the number, the noted hashes and those of
            `earlier.again` are verified; where one is wrong, the chain is read from its first row, to name it.
    """
    noted = {seq: kept for seq, kept in (noted or {}).items() if seq > 0}
    if earlier is None:
        found = _walk(session, _rows(session), _Place(0, GENESIS), noted, proof, each=each)
    elif _is_kept(session, earlier, noted, proof):
        later = {seq: kept for seq, kept in noted.items() if seq > earlier.events}
        place = _Place(earlier.events, earlier.head)
        found = _walk(session, _rows(session, earlier.events), place, later, proof)
        found = replace(found, before=earlier.events, again=earlier.again)
    else:
        return verify(session, known_head=known_head, noted=noted, proof=proof)
    missing = known_head not in (None, GENESIS) and not _has(session, known_head)
    return LedgerCheck(found.events, found.head, found.events + 1, CUT) if found.whole and missing else found


@dataclass(frozen=True, slots=True)
class _Place:
    """A row after which the chain is followed."""

    seq: int
    hash: str


def _is_kept(session: Session, earlier: Earlier, noted: Mapping[int, str], proof: Proof | None) -> bool:
    """Whether what lies before the end of an earlier check looks as it did then."""
    inside = EventRow.seq <= earlier.events
    if session.scalar(select(func.count()).select_from(EventRow).where(inside)) != earlier.events:
        return False
    wanted = {seq: kept for seq, kept in noted.items() if seq <= earlier.events} | {earlier.events: earlier.head}
    hashes = session.execute(select(EventRow.seq, EventRow.hash).where(among(EventRow.seq, wanted)))
    if {row.seq: row.hash for row in hashes} != wanted:
        return False
    start = earlier.again.start - 1
    before = session.scalar(select(EventRow.hash).where(EventRow.seq == start)) if start else GENESIS
    rows = _rows(session, start, earlier.again.stop - 1)
    return before is not None and _walk(session, rows, _Place(start, before), {}, proof).whole


def _has(session: Session, head: str | None) -> bool:
    return session.scalar(select(EventRow.seq).where(EventRow.hash == head)) is not None


def _walk(
    session: Session,
    rows: Select[Any],
    start: _Place,
    noted: Mapping[int, str],
    proof: Proof | None,
    *,
    each: bool = False,
) -> LedgerCheck:
    """Follows a chain through these rows, which come after a place."""
    waiting = dict(noted)
    events, previous, foreign = start.seq, start.hash, 0
    codes = {key.id: key.of_event for key in proof.keys.values()} if proof else {}
    latest: dict[str, tuple[str, str]] = {}
    canonical = _Canonical()
    for row in _read(session, rows):
        seq, before, kept, mac = row[0], row[-3], row[-2], row[-1]
        if seq != events + 1 or before != previous or canonical.hash(row) != kept:
            return LedgerCheck(events, previous, seq, _problem(events, previous, seq, before))
        if proof is not None:
            key = mac[:16] if mac else ""
            strange = _uncoded(proof, seq, mac) if key not in codes else None
            if strange is None and each and key in codes and codes[key](kept) != mac:
                strange = f"{_NOT_WRITTEN.format(seq=seq)} its code is wrong"
            if strange is not None:
                return LedgerCheck(events, previous, seq, strange)
            foreign += bool(mac) and key not in codes
            latest[key] = kept, mac
        if waiting and waiting.pop(seq, kept) != kept:
            problem = f"row {seq} of the ledger is not the one that was noted earlier: all was written anew"
            return LedgerCheck(events, previous, seq, problem)
        events, previous = seq, kept
    if any(code(latest[key][0]) != latest[key][1] for key, code in codes.items() if key in latest):
        return _walk(session, rows, start, noted, proof, each=True)
    if waiting:
        return LedgerCheck(events, previous, events + 1, CUT)
    return LedgerCheck(events, previous, foreign=foreign)


def _rows(session: Session, after: int = 0, last: int | None = None) -> Select[Any]:
    """The rows behind one, up to another; without a bound where there is none, so that a row 0 is seen too."""
    query = select(*_columns(session, EventRow.seq, EventRow.previous_hash, EventRow.hash, EventRow.mac))
    query = query.where(EventRow.seq > after) if after else query
    query = query.where(EventRow.seq <= last) if last is not None else query
    return query.order_by(EventRow.seq)


def verify_forwarded(session: Session, chain: UUID) -> LedgerCheck:
    """Recomputes another database's chain from what came here; its head is the one that was noted there."""
    place = ForwardedRow
    query = select(*_columns(session, place.seq, place.previous_hash, place.hash, null()))
    query = query.select_from(place).join(EventRow, EventRow.id == place.event_id, isouter=True)
    query = query.where(place.origin == chain).order_by(place.seq)
    found = _walk(session, query, _Place(0, GENESIS), {}, None)
    return found if found.whole else replace(found, problem=f"row {found.broken_seq} of the chain {chain} was changed")


def _problem(events: int, previous: str, seq: int, before: str) -> str:
    """What is wrong with the place or the hash of a row."""
    if seq != events + 1:
        missing = seq > events
        return (
            f"row {events + 1} of the ledger is missing" if missing else f"row {seq} of the ledger is out of its order"
        )
    changed = before == previous
    return f"row {seq} of the ledger " + ("was changed" if changed else "does not follow the row before it")


def _uncoded(proof: Proof, seq: int, mac: str | None) -> str | None:
    """What is wrong with a row without a code that can be verified."""
    if mac is None:
        return None if seq <= proof.adopted else f"{_NOT_WRITTEN.format(seq=seq)} its code is missing"
    return None if proof.shared else f"{_NOT_WRITTEN.format(seq=seq)} its code is of an unknown key"


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
