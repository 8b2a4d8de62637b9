"""The attendance events that the rules read: of this ledger, and recent ones of the site's other doors."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import merge
from operator import itemgetter
from typing import Any, Final, TypeAlias, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Result, Select, and_, exists, func, null, or_, select
from sqlalchemy.orm import Session, aliased

from db.batches import among, batches
from db.records.attendance import LedgerEntry, Role
from db.schema.attendance import EventRow
from db.schema.forwarding import ForwardedRow, SiteEventRow
from db.schema.people import PersonRow, SubjectRow
from db.schema.types import raw, utc_of, uuid_of

_AMENDMENT: Final = aliased(EventRow)
_ENTRY: Final = (
    EventRow.seq, raw(EventRow.id), EventRow.kind, raw(EventRow.subject), raw(EventRow.at), raw(EventRow.target_id),
    EventRow.corrected_kind, raw(EventRow.kiosk_id), EventRow.method, raw(EventRow.clock_suspect),
    raw(exists().where(_AMENDMENT.target_id == EventRow.id)),
)  # fmt: skip
"""What a `LedgerEntry` is made of, as the driver gives it: converting each value anew took half of a month's time. At
the end whether something voids or corrects the event."""
_SITE_ENTRY: Final = (
    raw(SiteEventRow.origin), raw(SiteEventRow.id), SiteEventRow.kind, raw(SiteEventRow.subject), raw(SiteEventRow.at),
    raw(SiteEventRow.target_id), SiteEventRow.corrected_kind, raw(SiteEventRow.kiosk_id), SiteEventRow.method,
    raw(SiteEventRow.clock_suspect),
)  # fmt: skip
"""The same of another door's event; its chain takes the place of the number. At the end whether it is of the time."""
_AT_ONCE: Final = 2_000
"""Rows whose texts are in memory at once; to keep those of a month took a fifth of the time of reading it."""
_Row: TypeAlias = tuple[Any, Any, Any, LedgerEntry]
"""An entry behind the first column, the last one, and when it was written."""


def entries(
    session: Session,
    start: datetime,
    end: datetime,
    *,
    people: Sequence[UUID] | None = None,
    group: str | None = None,
    known_at: datetime | None = None,
) -> list[LedgerEntry]:
    """What the rules read of the events that `ledger.between` finds, and of other doors' recent ones.

    Args:
        group: only its people's.
        known_at: only what had happened and was written by then.
    """
    alone = session.scalar(select(SiteEventRow.id).limit(1)) is None
    query, whose = select(*_ENTRY, null() if alone else raw(EventRow.recorded_at)), _pseudonyms(people, group)
    wanted: list[ColumnElement[bool]] = []
    if people is not None or group is not None:
        wanted.append(EventRow.subject.in_(whose))
    if known_at is not None:
        end = min(end, known_at + timedelta(microseconds=1))
        wanted.append(EventRow.recorded_at <= known_at)
    inside = and_(EventRow.at >= start, EventRow.at < end)
    # By their numbers, since to sort these takes SQLite a tenth of the time of whole rows; and by the connection, which
    # reads rows in two thirds of a session's time.
    found = query.where(EventRow.seq.in_(select(EventRow.seq).where(inside, *wanted))).order_by(EventRow.seq)
    rows = list(_rows(session, session.connection().execute(found)))
    outside = query.where(~inside, *wanted)
    amended = [
        row
        for some in batches(_amendments(session, rows))
        for row in _rows(session, session.execute(outside.where(EventRow.id.in_(some))))
    ]
    if amended:
        rows = sorted([*rows, *amended], key=itemgetter(0))
    if rows and (origins := _origins(session, start, end, whose)):
        rows = [(*row, entry._replace(origin=origins.get(entry.id))) for *row, entry in rows]
    others = () if alone else _of_other_doors(session, start, end, whose, rows, known_at)
    if others:
        rows = _behind_targets(merge(rows, others, key=itemgetter(2)))
    return [row[-1] for row in rows]


def site_roles(session: Session) -> dict[UUID, Role]:
    """The roles of the other doors of which there are recent events here."""
    found = session.execute(select(SiteEventRow.kiosk_id, SiteEventRow.role).distinct())
    return {kiosk: cast(Role, role) for kiosk, role in found}


def _pseudonyms(people: Sequence[UUID] | None, group: str | None) -> Select[UUID]:
    """Those of these people, of a group's, or of everybody."""
    query = select(SubjectRow.id)
    if people is not None:
        query = query.where(SubjectRow.person_id.in_(people))
    if group is not None:
        query = query.join(PersonRow, PersonRow.id == SubjectRow.person_id).where(PersonRow.group == group)
    return query


def _of_other_doors(
    session: Session,
    start: datetime,
    end: datetime,
    whose: Select[UUID],
    ours: Sequence[_Row],
    known_at: datetime | None,
) -> list[_Row]:
    """Recent events of other doors of this time, and what voids or corrects these or ours, as they came."""
    known = {entry.id for *_, entry in ours}
    inside = and_(SiteEventRow.at >= start, SiteEventRow.at < end)
    columns: tuple[Any, ...] = (*_SITE_ENTRY, inside, raw(SiteEventRow.recorded_at))
    query = select(*columns).where(SiteEventRow.subject.in_(whose), or_(inside, SiteEventRow.target_id.is_not(None)))
    if known_at is not None:
        query = query.where(SiteEventRow.recorded_at <= known_at)
    found: list[_Row] = []
    rows = session.execute(
        query.where(SiteEventRow.recorded_at >= start).order_by(SiteEventRow.recorded_at, SiteEventRow.id)
    )
    for origin, is_inside, recorded, entry in _behind_targets(_rows(session, rows)):
        if is_inside or entry.target in known:
            known.add(entry.id)
            found.append((origin, is_inside, recorded, entry._replace(origin=uuid_of(origin))))
    return found


def _behind_targets(rows: Iterable[_Row]) -> list[_Row]:
    """Rows in their order, but each behind what it voids or corrects: the clocks of two doors may differ."""
    rows = list(rows)
    there, taken = {entry.id for *_, entry in rows}, set[UUID]()
    waiting: dict[UUID, list[_Row]] = {}
    found = []
    for row in rows:
        target = row[-1].target
        if target in there and target not in taken:
            waiting.setdefault(target, []).append(row)
            continue
        due = [row]
        while due:
            found.append(due.pop())
            id = found[-1][-1].id
            taken.add(id)
            due += reversed(waiting.pop(id, []))
    return found


def _amendments(session: Session, rows: Sequence[_Row]) -> list[UUID]:
    """What voids or corrects these events, or what these correct, whenever it was written."""
    targets = {row[-1].id for row in rows if row[1]}
    targets |= {target for row in rows if (target := row[-1].target) is not None}
    found: list[UUID] = []
    for some in batches(list(targets)):
        related = select(EventRow.id).where(EventRow.target_id.in_(some)).cte("related", recursive=True)
        related = related.union(select(EventRow.id).join(related, EventRow.target_id == related.c.id))
        found += session.scalars(select(related.c.id))
    return list(dict.fromkeys(found))


def _origins(session: Session, start: datetime, end: datetime, whose: Select[UUID]) -> dict[UUID, UUID]:
    """From which chain the events of this time came that were forwarded."""
    if session.scalar(select(ForwardedRow.event_id).limit(1)) is None:
        return {}
    query = select(ForwardedRow.event_id, ForwardedRow.origin).join(EventRow, EventRow.id == ForwardedRow.event_id)
    inside = (EventRow.at >= start, EventRow.at < end)
    return dict(session.execute(query.where(*inside, EventRow.subject.in_(whose))).all())


def _rows(session: Session, found: Result[Any]) -> Iterator[_Row]:
    """Entries of rows with raw columns; column by column, which takes half the time of row by row."""
    known: dict[Any, UUID] = {}
    persons: dict[Any, UUID] = {}
    for some in found.partitions(_AT_ONCE):
        first, ids, kinds, subjects, times, targets, corrected, kiosks, methods, suspects, last, recorded = zip(
            *some, strict=True
        )
        new = {*subjects} - persons.keys()
        known |= {one: uuid_of(one) for one in {*new, *kiosks}}
        persons |= _persons(session, [known[one] for one in new])
        entries = map(
            LedgerEntry,
            map(uuid_of, ids),
            kinds,
            map(persons.get, subjects),
            map(utc_of, times),
            [None if one is None else uuid_of(one) for one in targets],
            corrected,
            map(known.get, kiosks),
            methods,
            map(known.get, subjects),
            map(bool, suspects),
        )
        yield from zip(first, last, recorded, entries, strict=True)


def _persons(session: Session, subjects: Sequence[UUID]) -> dict[Any, UUID]:
    """Whose these pseudonyms are, by what the raw column gives; those of erased people are left out."""
    query = select(raw(SubjectRow.id), raw(SubjectRow.person_id))
    found = session.execute(query.where(among(SubjectRow.id, subjects)))
    return {subject: uuid_of(person) for subject, person in found}


def merged_people(session: Session, people: Sequence[UUID] | None = None) -> set[UUID]:
    """Who, of everybody or of these people, was several before: they have more than one pseudonym."""
    query = select(SubjectRow.person_id).group_by(SubjectRow.person_id)
    if people is not None:
        query = query.where(SubjectRow.person_id.in_(people))
    return set(session.scalars(query.having(func.count() > 1)))
