"""The attendance ledger: append-only, and chained by hashes so that a change anywhere shows.

A row's hash is SHA-256 over the hash of the row before, a line feed, and the row's canonical form: a JSON
array of its columns without spaces, instants as ISO 8601 in UTC with microseconds, and `true` at the end where the
clock was suspect. Its `mac` is the HMAC of that hash with the installation's key (`db.proof.key`). People are in it by
pseudonym, so somebody can be erased and the chain stays whole.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from heapq import merge
from itertools import starmap
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, func, or_, select, text
from sqlalchemy.orm import Session

from db.batches import batches
from db.errors import InvalidRecord, WrongKey
from db.proof.entries import NO_KEY
from db.proof.key import of_session
from db.records.attendance import AttendanceEvent, LedgerEntry, LedgerKind, Method, NewEvent, Presence, Role
from db.schema.attendance import EventRow
from db.schema.forwarding import ForwardedRow, SiteEventRow
from db.schema.people import PersonRow, SubjectRow
from db.schema.types import raw, utc_of, uuid_of

_EVENT: Final = (
    EventRow.seq, EventRow.id, EventRow.kind, SubjectRow.person_id, EventRow.subject, EventRow.at, EventRow.time_zone,
    EventRow.kiosk_id, EventRow.method, EventRow.actor, EventRow.sighting_id, EventRow.target_id,
    EventRow.corrected_kind, EventRow.recorded_at, EventRow.hash, EventRow.clock_suspect,
)  # fmt: skip
"""In the order of an `AttendanceEvent`. Columns, because objects that the session keeps cost three times as much."""
_ENTRY: Final = (
    EventRow.seq, raw(EventRow.id), EventRow.kind, raw(SubjectRow.person_id),
    raw(EventRow.at), raw(EventRow.target_id), EventRow.corrected_kind,
    raw(EventRow.kiosk_id), EventRow.method, raw(EventRow.subject), EventRow.clock_suspect, raw(EventRow.recorded_at),
)  # fmt: skip
"""What a `LedgerEntry` is made of, as the driver gives it: converting each value anew took half of a month's time."""
_SITE_ENTRY: Final = (
    raw(SiteEventRow.origin), raw(SiteEventRow.id), SiteEventRow.kind, raw(SubjectRow.person_id),
    raw(SiteEventRow.at), raw(SiteEventRow.target_id), SiteEventRow.corrected_kind,
    raw(SiteEventRow.kiosk_id), SiteEventRow.method, raw(SiteEventRow.subject), SiteEventRow.clock_suspect,
    raw(SiteEventRow.recorded_at),
)  # fmt: skip
"""The same of another door's event; its chain takes the place of the number."""
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
_ID, _TARGET, _RECORDED = 1, 5, 11
"""Where these stand in both."""
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
    session.add_all(rows)
    session.flush()


def get(session: Session, event: UUID) -> AttendanceEvent | None:
    """The event with this id."""
    row = session.execute(_by_id(), {"event": event}).first()
    return None if row is None else AttendanceEvent(*row)


def by_id(session: Session, ids: Collection[UUID]) -> dict[UUID, AttendanceEvent]:
    """The rows with these ids; those that are not there are left out."""
    if not ids:
        return {}
    return {one.id: one for one in _events(session, _with_person(*_EVENT).where(EventRow.id.in_(ids)))}


def between(
    session: Session, start: datetime, end: datetime, *, people: Sequence[UUID] | None = None
) -> list[AttendanceEvent]:
    """Events with start <= at < end, with their voids and corrections, in the ledger's order."""
    return _events(session, _within(_with_person(*_EVENT), start, end, people))


def entries(
    session: Session,
    start: datetime,
    end: datetime,
    *,
    people: Sequence[UUID] | None = None,
    group: str | None = None,
    known_at: datetime | None = None,
) -> list[LedgerEntry]:
    """What the rules read of the events that `between` finds, and of other doors' recent ones; with a group, of its
    people's events.

    Args:
        known_at: only what had happened and was written by then.
    """
    query = _of(_with_person(*_ENTRY), people, group)
    if known_at is not None:
        end = min(end, known_at + timedelta(microseconds=1))
        query = query.where(EventRow.recorded_at <= known_at)
    inside = (EventRow.at >= start, EventRow.at < end)
    rows = list(session.execute(query.where(*inside).order_by(EventRow.seq)))
    changing = session.scalars(_amendments(start, end, people)).all()
    outside = query.where(~and_(*inside))
    amended = [row for some in batches(changing) for row in session.execute(outside.where(EventRow.id.in_(some)))]
    if amended:
        rows = sorted([*rows, *amended], key=lambda row: row[0])
    origins = _origins(session, start, end, people)
    others = _of_other_doors(session, start, end, people, group, {row[_ID] for row in rows}, known_at)
    if not others:
        return _read(rows, origins)
    origins |= {uuid_of(row[_ID]): uuid_of(row[0]) for row in others}
    return _read(_behind_targets(merge(rows, others, key=lambda row: row[_RECORDED])), origins)


def site_roles(session: Session) -> dict[UUID, Role]:
    """The roles of the other doors of which there are recent events here."""
    found = session.execute(select(SiteEventRow.kiosk_id, SiteEventRow.role).distinct())
    return {kiosk: cast(Role, role) for kiosk, role in found}


def _of(query: Select[Any], people: Sequence[UUID] | None, group: str | None) -> Select[Any]:
    if people is not None:
        query = query.where(SubjectRow.person_id.in_(people))
    if group is not None:
        query = query.join(PersonRow, PersonRow.id == SubjectRow.person_id).where(PersonRow.group == group)
    return query


def _of_other_doors(
    session: Session,
    start: datetime,
    end: datetime,
    people: Sequence[UUID] | None,
    group: str | None,
    known: set[Any],
    known_at: datetime | None,
) -> list[Any]:
    """Recent events of other doors of this time, and what voids or corrects these or known ones, as they came."""
    if session.scalar(select(SiteEventRow.id).limit(1)) is None:
        return []
    inside = and_(SiteEventRow.at >= start, SiteEventRow.at < end)
    columns: tuple[Any, ...] = (*_SITE_ENTRY, inside)
    query = select(*columns).join(SubjectRow, SubjectRow.id == SiteEventRow.subject)
    query = _of(query, people, group).where(or_(inside, SiteEventRow.target_id.is_not(None)))
    if known_at is not None:
        query = query.where(SiteEventRow.recorded_at <= known_at)
    found = []
    rows = session.execute(
        query.where(SiteEventRow.recorded_at >= start).order_by(SiteEventRow.recorded_at, SiteEventRow.id)
    )
    for row in _behind_targets(rows):
        if row[-1] or row[_TARGET] in known:
            known.add(row[_ID])
            found.append(row[:-1])
    return found


def _behind_targets(rows: Iterable[Any]) -> list[Any]:
    """Rows in their order, but each behind what it voids or corrects: the clocks of two doors may differ."""
    rows = list(rows)
    there, taken = {row[_ID] for row in rows}, set[Any]()
    waiting: dict[Any, list[Any]] = {}
    found = []
    for row in rows:
        if row[_TARGET] in there and row[_TARGET] not in taken:
            waiting.setdefault(row[_TARGET], []).append(row)
            continue
        due = [row]
        while due:
            found.append(due.pop())
            taken.add(found[-1][_ID])
            due += reversed(waiting.pop(found[-1][_ID], []))
    return found


def _amendments(start: datetime, end: datetime, people: Sequence[UUID] | None) -> Select[tuple[UUID]]:
    """What voids or corrects events of this time, or what events of this time correct, whenever it was written."""
    inside = [EventRow.at >= start, EventRow.at < end]
    if people is not None:
        inside.append(EventRow.subject.in_(select(SubjectRow.id).where(SubjectRow.person_id.in_(people))))
    there = select(EventRow.id).where(*inside)
    targets = select(EventRow.target_id).where(EventRow.target_id.is_not(None), *inside)
    first = select(EventRow.id).where(
        EventRow.target_id.is_not(None), or_(EventRow.target_id.in_(there), EventRow.target_id.in_(targets))
    )
    related = first.cte("related", recursive=True)
    related = related.union(select(EventRow.id).join(related, EventRow.target_id == related.c.id))
    return select(related.c.id)


def _origins(session: Session, start: datetime, end: datetime, people: Sequence[UUID] | None) -> dict[UUID, UUID]:
    """From which chain the events of this time came that were forwarded."""
    if session.scalar(select(ForwardedRow.event_id).limit(1)) is None:
        return {}
    query = select(ForwardedRow.event_id, ForwardedRow.origin).join(EventRow, EventRow.id == ForwardedRow.event_id)
    if people is not None:
        query = query.join(SubjectRow, SubjectRow.id == EventRow.subject).where(SubjectRow.person_id.in_(people))
    return dict(session.execute(query.where(EventRow.at >= start, EventRow.at < end)).all())


def _read(rows: Sequence[Any], origins: Mapping[UUID, UUID]) -> list[LedgerEntry]:
    """Entries of rows with raw columns."""
    ids: dict[object, UUID] = {}

    def known(value: Any) -> UUID:
        found = ids.get(value)
        if found is None:
            found = ids[value] = uuid_of(value)
        return found

    found = []
    for _, id_, kind, person, at, target, corrected, kiosk, method, subject, suspect, _recorded in rows:
        event = uuid_of(id_)
        found.append(
            LedgerEntry(
                event,
                kind,
                None if person is None else known(person),
                utc_of(at),
                None if target is None else uuid_of(target),
                corrected,
                known(kiosk),
                method,
                known(subject),
                suspect,
                origins.get(event) if origins else None,
            )
        )
    return found


def merged_people(session: Session, people: Sequence[UUID] | None = None) -> set[UUID]:
    """Who, of everybody or of these people, was several before: they have more than one pseudonym."""
    query = select(SubjectRow.person_id).group_by(SubjectRow.person_id)
    if people is not None:
        query = query.where(SubjectRow.person_id.in_(people))
    return set(session.scalars(query.having(func.count() > 1)))


def people_since(session: Session, after: int) -> set[UUID]:
    """Whom the events behind this row of the ledger are about, as far as they are not erased."""
    query = select(SubjectRow.person_id).join(EventRow, EventRow.subject == SubjectRow.id).where(EventRow.seq > after)
    return set(session.scalars(query))


def of_person(session: Session, person: UUID, since: datetime | None = None) -> list[AttendanceEvent]:
    """A person's events in the ledger's order, with all that changes those since an instant."""
    query = _with_person(*_EVENT).where(SubjectRow.person_id == person).order_by(EventRow.seq)
    if since is not None:
        query = query.where(or_(EventRow.at >= since, EventRow.recorded_at >= since))
    return _events(session, query)


def is_voided(session: Session, sighting: UUID) -> bool:
    """Whether an event that this sighting made was voided."""
    made = select(EventRow.id).where(EventRow.sighting_id == sighting)
    query = select(EventRow.id).where(EventRow.kind == "void", EventRow.target_id.in_(made)).limit(1)
    return session.scalar(query) is not None


def count(session: Session) -> int:
    """How many rows the ledger has: they are numbered from 1, and none is ever deleted."""
    return session.scalar(select(func.max(EventRow.seq))) or 0


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
    return _with_person(*_EVENT).where(EventRow.id == bindparam("event"))


def _with_person(*columns: Any) -> Select[Any]:
    return select(*columns).join(SubjectRow, SubjectRow.id == EventRow.subject, isouter=True)


def _events(session: Session, query: Select[Any]) -> list[AttendanceEvent]:
    return list(starmap(AttendanceEvent, session.execute(query)))


def _record(row: EventRow, person: UUID | None) -> AttendanceEvent:
    return AttendanceEvent(
        row.seq, row.id, cast(LedgerKind, row.kind), person, row.subject, row.at, row.time_zone, row.kiosk_id,
        cast(Method, row.method), row.actor, row.sighting_id, row.target_id,
        cast("Presence | None", row.corrected_kind), row.recorded_at, row.hash, row.clock_suspect,
    )  # fmt: skip
