"""Pairs that need care: people with similar templates, and people who were taken for somebody else."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from db.batches import among
from db.ids import new_id
from db.schema.faces import LookAlikeRow, WrongPairRow


def replace_for(session: Session, person: UUID, others: Iterable[tuple[UUID, float]], *, at: datetime) -> None:
    """Replaces the look-alikes of this person, each with the similarity of the templates."""
    session.execute(delete(LookAlikeRow).where(or_(LookAlikeRow.person_id == person, LookAlikeRow.other_id == person)))
    for other, similarity in others:
        first, second = sorted((person, other), key=lambda one: one.hex)
        session.add(LookAlikeRow(person_id=first, other_id=second, similarity=similarity, found_at=at))
    session.flush()


def of_person(session: Session, person: UUID) -> list[tuple[UUID, float]]:
    """Who looks like this person, with the similarity, the most similar first."""
    query = (
        select(LookAlikeRow)
        .where(or_(LookAlikeRow.person_id == person, LookAlikeRow.other_id == person))
        .order_by(LookAlikeRow.similarity.desc())
    )
    return [
        (row.other_id if row.person_id == person else row.person_id, row.similarity) for row in session.scalars(query)
    ]


def count_by_person(session: Session, people: Sequence[UUID]) -> dict[UUID, int]:
    """How many look-alikes each of these people has, where there are any."""
    found: Counter[UUID] = Counter()
    for column in (LookAlikeRow.person_id, LookAlikeRow.other_id):
        query = select(column, func.count()).where(among(column, people)).group_by(column)
        found.update(dict(session.execute(query).all()))
    return found


def by_person(session: Session) -> dict[UUID, list[UUID]]:
    """The look-alikes of everybody who has any."""
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
) -> None:
    """Notes that somebody was taken for `person` and said "not me"."""
    row = WrongPairRow(
        id=new_id(),
        person_id=person,
        sighting_id=sighting,
        event_id=event,
        similarity=similarity,
        at=at,
        actor=actor,
    )
    session.add(row)
    session.flush()


def is_wrong(session: Session, event: UUID) -> bool:
    """Whether somebody said "not me" to this event."""
    return session.scalar(select(WrongPairRow.id).where(WrongPairRow.event_id == event).limit(1)) is not None


def wrongly_named(session: Session) -> dict[UUID, int]:
    """How often somebody else was taken for each person, where it happened."""
    query = select(WrongPairRow.person_id, func.count()).group_by(WrongPairRow.person_id)
    return dict(session.execute(query).all())
