"""The attendance events that the rules read: of this ledger, and recent ones of the site's other doors."""

from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import datetime, timedelta
from heapq import merge
from operator import itemgetter
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from db.attendance.ledger import with_person
from db.batches import batches
from db.records.attendance import LedgerEntry, Role
from db.schema.attendance import EventRow
from db.schema.forwarding import ForwardedRow, SiteEventRow
from db.schema.people import PersonRow, SubjectRow
from db.schema.types import raw, utc_of, uuid_of

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
_ID, _TARGET, _RECORDED = 1, 5, 11
"""Where these stand in both."""
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
    query = _of(with_person(*_ENTRY), people, group)
    if known_at is not None:
        end = min(end, known_at + timedelta(microseconds=1))
        query = query.where(EventRow.recorded_at <= known_at)
    inside = (EventRow.at >= start, EventRow.at < end)
    # By the connection, which reads rows in two thirds of a session's time.
    rows = sorted(session.connection().execute(query.where(*inside)).all(), key=_SEQ)
    corrected = {uuid_of(row[_TARGET]) for row in rows if row[_TARGET] is not None}
    changing = list(_amendments(session, start, end, people, corrected))
    outside = query.where(~and_(*inside))
    amended = [row for some in batches(changing) for row in session.execute(outside.where(EventRow.id.in_(some)))]
    if amended:
        rows = sorted([*rows, *amended], key=_SEQ)
    origins = _origins(session, start, end, people)
    others = _of_other_doors(session, start, end, people, group, rows, known_at)
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
    ours: Sequence[Any],
    known_at: datetime | None,
) -> list[Any]:
    """Recent events of other doors of this time, and what voids or corrects these or ours, as they came."""
    if session.scalar(select(SiteEventRow.id).limit(1)) is None:
        return []
    known = {row[_ID] for row in ours}
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


def _amendments(
    session: Session, start: datetime, end: datetime, people: Sequence[UUID] | None, corrected: Set[UUID]
) -> set[UUID]:
    """What voids or corrects events of this time, or of what these correct, whenever it was written.

    Args:
        corrected: what events of this time void or correct.
    """
    target = aliased(EventRow)  # joined, not "in (…)": the database would first collect all events of the time
    of_these = select(EventRow.id).join(target, EventRow.target_id == target.id)
    of_these = of_these.where(target.at >= start, target.at < end)
    if people is not None:
        subjects = select(SubjectRow.id).where(SubjectRow.person_id.in_(people))
        of_these = of_these.where(target.subject.in_(subjects))
    found = set(session.scalars(of_these))
    new: Set[UUID] = found | corrected
    while new:  # what voids or corrects those in turn
        of_new = (select(EventRow.id).where(EventRow.target_id.in_(some)) for some in batches(list(new)))
        new = {id for query in of_new for id in session.scalars(query)} - found
        found |= new
    return found


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
    known = _Ids()
    found = []
    for _, id_, kind, person, at, target, corrected, kiosk, method, subject, suspect, _recorded in rows:
        event = uuid_of(id_)
        found.append(
            LedgerEntry(
                event,
                kind,
                None if person is None else known[person],
                utc_of(at),
                None if target is None else uuid_of(target),
                corrected,
                known[kiosk],
                method,
                known[subject],
                suspect,
                origins.get(event) if origins else None,
            )
        )
    return found


class _Ids(dict[Any, UUID]):
    """Ids by what raw columns gave, each made once."""

    def __missing__(self, value: Any) -> UUID:
        found = self[value] = uuid_of(value)
        return found


def merged_people(session: Session, people: Sequence[UUID] | None = None) -> set[UUID]:
    """Who, of everybody or of these people, was several before: they have more than one pseudonym."""
    query = select(SubjectRow.person_id).group_by(SubjectRow.person_id)
    if people is not None:
        query = query.where(SubjectRow.person_id.in_(people))
    return set(session.scalars(query.having(func.count() > 1)))
