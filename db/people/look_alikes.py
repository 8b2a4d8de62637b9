"""Pairs that need care: templates that are much alike, and people who were taken for somebody else."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from db.ids import new_id
from db.records import LookAlike, WrongPair
from db.schema import LookAlikeRow, WrongPairRow


def replace_for(session: Session, person: UUID, others: Iterable[tuple[UUID, float]], *, at: datetime) -> None:
    """Sets who looks like this person, with the similarity of the templates, in place of what was known."""
    session.execute(delete(LookAlikeRow).where(or_(LookAlikeRow.person_id == person, LookAlikeRow.other_id == person)))
    for other, similarity in others:
        first, second = sorted((person, other), key=lambda one: one.hex)
        session.add(LookAlikeRow(person_id=first, other_id=second, similarity=similarity, found_at=at))
    session.flush()


def pairs(session: Session) -> list[LookAlike]:
    """All pairs, the most alike first."""
    query = select(LookAlikeRow).order_by(LookAlikeRow.similarity.desc())
    return [LookAlike(row.person_id, row.other_id, row.similarity) for row in session.scalars(query)]


def by_person(session: Session) -> dict[UUID, list[UUID]]:
    """Everybody who looks like somebody, and whom."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    for person, other in session.execute(select(LookAlikeRow.person_id, LookAlikeRow.other_id)):
        found[person].append(other)
        found[other].append(person)
    return dict(found)


def add_wrong_pair(
    session: Session,
    person: UUID,
    *,
    event: UUID,
    sighting: UUID | None,
    similarity: float | None,
    at: datetime,
    actor: str,
    other: UUID | None = None,
) -> WrongPair:
    """Remembers that somebody was taken for `person` and said "not me"."""
    row = WrongPairRow(
        id=new_id(),
        person_id=person,
        other_id=other,
        sighting_id=sighting,
        event_id=event,
        similarity=similarity,
        at=at,
        actor=actor,
    )
    session.add(row)
    session.flush()
    return _record(row)


def is_wrong(session: Session, event: UUID) -> bool:
    """Whether somebody said "not me" to this event."""
    return session.scalar(select(WrongPairRow.id).where(WrongPairRow.event_id == event).limit(1)) is not None


def wrong_pairs(session: Session) -> list[WrongPair]:
    """All mistakes that were reported, newest first."""
    return [_record(row) for row in session.scalars(select(WrongPairRow).order_by(WrongPairRow.at.desc()))]


def wrongly_named(session: Session) -> dict[UUID, int]:
    """How often somebody else was taken for a person, where it happened."""
    query = select(WrongPairRow.person_id, func.count()).group_by(WrongPairRow.person_id)
    return dict(session.execute(query).all())


def _record(row: WrongPairRow) -> WrongPair:
    return WrongPair(row.id, row.person_id, row.other_id, row.sighting_id, row.event_id, row.similarity, row.at)
