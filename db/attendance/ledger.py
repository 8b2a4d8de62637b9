"""The attendance ledger: append-only, and chained by hashes so that a change anywhere shows.

A row's hash is SHA-256 over the hash of the row before, a line feed, and the row's canonical form: a JSON
array of its columns without spaces, instants as ISO 8601 in UTC with microseconds, and `true` at the end where the
clock was suspect. Its `mac` is the HMAC of that hash with the installation's key (`db.proof.key`). People are in it by
pseudonym, so somebody can be erased and the chain stays whole.
"""

import hashlib
import json
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import cache
from itertools import starmap
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Select, Table, bindparam, func, insert, or_, select, text
from sqlalchemy.orm import Session

from db.errors import InvalidRecord, WrongKey
from db.proof.entries import NO_KEY
from db.proof.key import of_session
from db.records.attendance import AttendanceEvent, LedgerKind, Method, NewEvent, Presence
from db.schema.attendance import EventRow
from db.schema.people import PersonRow, SubjectRow

_EVENT: Final = (
    EventRow.seq, EventRow.id, EventRow.kind, SubjectRow.person_id, EventRow.subject, EventRow.at, EventRow.time_zone,
    EventRow.kiosk_id, EventRow.method, EventRow.actor, EventRow.sighting_id, EventRow.target_id,
    EventRow.corrected_kind, EventRow.recorded_at, EventRow.hash, EventRow.clock_suspect,
)  # fmt: skip
"""In the order of an `AttendanceEvent`. Columns, because objects that the session keeps cost three times as much."""
_LAST: Final = select(EventRow.seq, EventRow.hash, EventRow.mac).order_by(EventRow.seq.desc()).limit(1)
"""The end of the chain."""
_PSEUDONYM: Final = (
    select(SubjectRow.id)
    .where(SubjectRow.person_id == bindparam("person"))
    .order_by(SubjectRow.merged, SubjectRow.id)
    .limit(1)
)
"""A person's pseudonym, their own before those of whom was merged into them. Made once, as the one above: an arrival
needs both, and making a query takes longer than asking it."""
_INSERT: Final = insert(cast(Table, EventRow.__table__))
GENESIS: Final = "0" * 64
"""The hash before the first row."""

_LOCK: Final = 7_301_188_204
"""PostgreSQL's advisory lock that lets one transaction at a time append."""


def append(session: Session, event: NewEvent) -> AttendanceEvent:
    """Appends an event. An event whose id is in the ledger already is not written again: its row is returned.

    The session must come from `engine.writing`, so that no other process can append in between.

    Raises:
        InvalidRecord: the person is gone, the target does not exist, or the id is another event's.
    """
    lock(session)
    there = get(session, event.id)
    if there is not None:
        _require_same(there, event)
        return there
    return append_new(session, event)


def append_new(session: Session, event: NewEvent) -> AttendanceEvent:
    """As `append`, for an event whose id the caller did not find in the ledger."""
    lock(session)
    if event.target is not None and get(session, event.target) is None:
        raise InvalidRecord(f"There is no attendance event {event.target} to void or correct.")
    row = EventRow(
        id=event.id,
        kind=event.kind,
        subject=_pseudonym(session, event.person),
        at=event.at,
        time_zone=event.time_zone,
        kiosk_id=event.kiosk,
        method=event.method,
        actor=event.actor,
        sighting_id=event.sighting,
        target_id=event.target,
        corrected_kind=event.corrected_kind,
        recorded_at=event.recorded_at,
        clock_suspect=event.clock_suspect,
    )
    chain(session, [row])
    return _record(row, event.person)


def lock(session: Session) -> None:
    """Keeps others from appending until the transaction's end; SQLite's write lock does so anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def chain(session: Session, rows: Sequence[EventRow]) -> None:
    """Adds rows behind the last one, in their order; the caller holds the lock.

    Raises:
        WrongKey: the rows before are proved with a key, and none is given.
    """
    last = session.execute(_LAST).first()
    seq, previous = (last.seq, last.hash) if last else (0, GENESIS)
    prover = of_session(session)
    if prover is None and last and last.mac:
        raise WrongKey(NO_KEY)
    for row in rows:
        seq += 1
        row.clock_suspect = bool(row.clock_suspect)
        row.seq, row.previous_hash, row.hash = seq, previous, chain_hash(row, seq, previous)
        row.mac = prover.key.of_event(row.hash) if prover else None
        previous = row.hash
    # Without the session's bookkeeping, which costs as much as the rest of an arrival's writing.
    session.flush()
    if rows:
        columns = EventRow.__table__.columns.keys()
        session.execute(_INSERT, [{name: getattr(row, name) for name in columns} for row in rows])


def get(session: Session, event: UUID) -> AttendanceEvent | None:
    """The event with this id."""
    row = session.execute(_by_id(), {"event": event}).first()
    return None if row is None else AttendanceEvent(*row)


def by_id(session: Session, ids: Collection[UUID]) -> dict[UUID, AttendanceEvent]:
    """The rows with these ids; those that are not there are left out."""
    if not ids:
        return {}
    return {one.id: one for one in _events(session, with_person(*_EVENT).where(EventRow.id.in_(ids)))}


def between(
    session: Session, start: datetime, end: datetime, *, people: Sequence[UUID] | None = None
) -> list[AttendanceEvent]:
    """Events with start <= at < end, with their voids and corrections, in the ledger's order."""
    return _events(session, _within(with_person(*_EVENT), start, end, people))


def people_since(session: Session, after: int) -> set[UUID]:
    """Whom the events behind this row of the ledger are about, as far as they are not erased."""
    query = select(SubjectRow.person_id).join(EventRow, EventRow.subject == SubjectRow.id).where(EventRow.seq > after)
    return set(session.scalars(query))


def of_person(session: Session, person: UUID, since: datetime | None = None) -> list[AttendanceEvent]:
    """A person's events in the ledger's order, with all that changes those since an instant."""
    query = with_person(*_EVENT).where(SubjectRow.person_id == person).order_by(EventRow.seq)
    if since is not None:
        query = query.where(or_(EventRow.at >= since, EventRow.recorded_at >= since))
    return _events(session, query)


def instants_before(
    session: Session, end: datetime, *, person: UUID | None = None, group: str | None = None
) -> list[datetime]:
    """When this person, people of this group, or all came or left before an instant; UTC, voided entries among them."""
    query = with_person(EventRow.at).join(PersonRow, PersonRow.id == SubjectRow.person_id).where(EventRow.at < end)
    if person is not None:
        query = query.where(PersonRow.id == person)
    elif group is not None:
        query = query.where(PersonRow.group == group)
    return list(session.scalars(query))


def count(session: Session) -> int:
    """How many rows the ledger has: they are numbered from 1, and none is ever deleted."""
    return session.scalar(select(func.max(EventRow.seq))) or 0


def hash_of(session: Session, seq: int) -> str | None:
    """The hash of a row, which is of all rows before it, too; None where there is no such row."""
    return session.scalar(select(EventRow.hash).where(EventRow.seq == seq))


def last_before(session: Session, at: datetime) -> datetime | None:
    """The time of the newest event up to an instant; None where there is none."""
    return session.scalar(select(func.max(EventRow.at)).where(EventRow.at <= at))


def chain_hash(row: EventRow, seq: int, previous: str) -> str:
    """The hash of a row at a place of a chain, hexadecimal."""
    columns: list[Any] = [
        seq,
        str(row.id),
        row.kind,
        str(row.subject),
        _instant(row.at),
        row.time_zone,
        str(row.kiosk_id),
        row.method,
        row.actor,
        str(row.sighting_id) if row.sighting_id else None,
        str(row.target_id) if row.target_id else None,
        row.corrected_kind,
        _instant(row.recorded_at),
        *([True] if row.clock_suspect else []),  # rows of before this column keep their hash
    ]
    canonical = json.dumps(columns, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{canonical}".encode()).hexdigest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _pseudonym(session: Session, person: UUID) -> UUID:
    pseudonym = session.scalar(_PSEUDONYM, {"person": person})
    if pseudonym is None:
        raise InvalidRecord(f"There is no person with the id {person}; they may have been erased.")
    return pseudonym


def _require_same(there: AttendanceEvent, event: NewEvent) -> None:
    known = (there.kind, there.person, there.at, there.kiosk, there.target)
    if known != (event.kind, event.person, event.at, event.kiosk, event.target):
        raise InvalidRecord(f"The id {event.id} belongs to another attendance event already.")


def _within(query: Select[Any], start: datetime, end: datetime, people: Sequence[UUID] | None) -> Select[Any]:
    """Restricts a query to events of this time, and what voids or corrects them, whenever that was."""
    first = select(EventRow.id).where(EventRow.at >= start, EventRow.at < end)
    if people is not None:
        query = query.where(SubjectRow.person_id.in_(people))
        first = first.join(SubjectRow, SubjectRow.id == EventRow.subject).where(SubjectRow.person_id.in_(people))
    related = first.cte("related", recursive=True)
    related = related.union(select(EventRow.id).join(related, EventRow.target_id == related.c.id))
    return query.where(EventRow.id.in_(select(related.c.id))).order_by(EventRow.seq)


@cache
def _by_id() -> Select[Any]:
    """Made once: each arrival asks twice, and making it took a quarter of an arrival's time."""
    return with_person(*_EVENT).where(EventRow.id == bindparam("event"))


def with_person(*columns: Any) -> Select[Any]:
    """These columns of the ledger's rows; `SubjectRow` says whose they are, as far as they are not erased."""
    return select(*columns).join(SubjectRow, SubjectRow.id == EventRow.subject, isouter=True)


def _events(session: Session, query: Select[Any]) -> list[AttendanceEvent]:
    return list(starmap(AttendanceEvent, session.execute(query)))


def _record(row: EventRow, person: UUID | None) -> AttendanceEvent:
    return AttendanceEvent(
        row.seq, row.id, cast(LedgerKind, row.kind), person, row.subject, row.at, row.time_zone, row.kiosk_id,
        cast(Method, row.method), row.actor, row.sighting_id, row.target_id,
        cast("Presence | None", row.corrected_kind), row.recorded_at, row.hash, row.clock_suspect,
    )  # fmt: skip
