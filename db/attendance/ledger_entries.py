"""The attendance events that the rules read: of this ledger, and recent ones of the site's other doors."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import merge
from itertools import repeat
from operator import itemgetter
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, null, or_, select
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
_ID, _TARGET, _LAST, _RECORDED = 1, 5, 10, 11
"""Where these stand in both; when it was written is behind them."""
_SEQ: Final = itemgetter(0)
"""The ledger's order; sorting here takes a tenth of what it takes SQLite, which sorts whole rows."""


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
    if people is not None or group is not None:
        query = query.where(EventRow.subject.in_(whose))
    if known_at is not None:
        end = min(end, known_at + timedelta(microseconds=1))
        query = query.where(EventRow.recorded_at <= known_at)
    inside = (EventRow.at >= start, EventRow.at < end)
    # By the connection, which reads rows in two thirds of a session's time; and tuples are read faster than its rows.
    rows = sorted(map(tuple, session.connection().execute(query.where(*inside)).all()), key=_SEQ)
    amending = _amendments(session, rows)
    outside = query.where(~and_(*inside))
    amended = [row for some in batches(amending) for row in session.execute(outside.where(EventRow.id.in_(some)))]
    if amended:
        rows = sorted([*rows, *amended], key=_SEQ)
    origins = _origins(session, start, end, whose)
    others = () if alone else _of_other_doors(session, start, end, whose, rows, known_at)
    if others:
        origins |= {uuid_of(row[_ID]): uuid_of(row[0]) for row in others}
        rows = _behind_targets(merge(rows, others, key=lambda row: row[_RECORDED]))
    return _read(session, rows, origins)


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
    ours: Sequence[Any],
    known_at: datetime | None,
) -> list[Any]:
    """Recent events of other doors of this time, and what voids or corrects these or ours, as they came."""
    known = {row[_ID] for row in ours}
    inside = and_(SiteEventRow.at >= start, SiteEventRow.at < end)
    columns: tuple[Any, ...] = (*_SITE_ENTRY, inside, raw(SiteEventRow.recorded_at))
    query = select(*columns).where(SiteEventRow.subject.in_(whose), or_(inside, SiteEventRow.target_id.is_not(None)))
    if known_at is not None:
        query = query.where(SiteEventRow.recorded_at <= known_at)
    found = []
    rows = session.execute(
        query.where(SiteEventRow.recorded_at >= start).order_by(SiteEventRow.recorded_at, SiteEventRow.id)
    )
    for row in _behind_targets(rows):
        if row[_LAST] or row[_TARGET] in known:
            known.add(row[_ID])
            found.append(row)
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


def _amendments(session: Session, rows: Sequence[Any]) -> list[UUID]:
    """What voids or corrects these events, or what these correct, whenever it was written."""
    targets = {row[_ID] for row in rows if row[_LAST]} | {row[_TARGET] for row in rows if row[_TARGET] is not None}
    found: list[UUID] = []
    for some in batches([uuid_of(one) for one in targets]):
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


def _read(session: Session, rows: Sequence[Any], origins: Mapping[UUID, UUID]) -> list[LedgerEntry]:
    """Entries of rows with raw columns; column by column, which takes half the time of row by row."""
    if not rows:
        return []
    _, ids, kinds, subjects, times, targets, corrected, kiosks, methods, suspects, *_ = zip(*rows, strict=True)
    events = [uuid_of(one) for one in ids]
    known = {one: uuid_of(one) for one in {*subjects, *kiosks}}
    persons = _persons(session, [known[one] for one in {*subjects}])
    return list(
        map(
            LedgerEntry,
            events,
            kinds,
            map(persons.get, subjects),
            map(utc_of, times),
            [None if one is None else uuid_of(one) for one in targets],
            corrected,
            map(known.get, kiosks),
            methods,
            map(known.get, subjects),
            map(bool, suspects),
            map(origins.get, events) if origins else repeat(None),
        )
    )


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
