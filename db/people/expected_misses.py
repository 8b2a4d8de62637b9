"""How often each person will probably not be recognised, as the gallery's last examination of itself found."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.people import people
from db.records.faces import BOUND, ExpectedMiss
from db.schema.faces import CandidateRow, ExpectedMissRow


def replace_all(session: Session, found: Iterable[ExpectedMiss]) -> None:
    """Keeps what an examination found in place of what the one before found."""
    session.execute(delete(ExpectedMissRow))
    session.add_all(
        ExpectedMissRow(
            person_id=one.person, at=one.at, passages=one.passages, misses=one.misses, low=one.low, high=one.high,
            images=one.images,
        )
        for one in found
    )  # fmt: skip
    session.flush()


def worst(session: Session, limit: int) -> list[ExpectedMiss]:
    """Those who will be missed more often than `BOUND`, the worst served first."""
    order = ExpectedMissRow.misses.desc(), ExpectedMissRow.images, ExpectedMissRow.person_id
    query = select(ExpectedMissRow).where(ExpectedMissRow.misses > BOUND).order_by(*order).limit(limit)
    return [_record(row) for row in session.scalars(query)]


def to_ask(session: Session, limit: int) -> set[UUID]:
    """Of those who will be missed more often than `BOUND`, the worst served first, whom a new view would help: who are
    active, agreed to be recognised, and have none that waits for a review."""
    waiting = set(session.scalars(select(CandidateRow.person_id)))
    found = [one.person for one in worst(session, limit) if one.person not in waiting]
    agreed = people.with_consents(session, found)
    return {id for id, one in agreed.items() if one.face is True and one.person.active}


def _record(row: ExpectedMissRow) -> ExpectedMiss:
    return ExpectedMiss(row.person_id, row.at, row.passages, row.misses, row.low, row.high, row.images)
