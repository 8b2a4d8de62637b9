"""What people agreed to or refused. Every decision is kept; the newest counts."""

from collections.abc import Collection
from datetime import datetime
from typing import TypeAlias, cast, get_args
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import Session, aliased

from db.batches import among
from db.faces import candidates
from db.ids import new_id
from db.observations import views
from db.people.people import get_person
from db.records.people import Consent, ConsentKind
from db.schema.people import ConsentRow, PersonRow

Decided: TypeAlias = tuple[UUID, str]
"""A person, and "face" or "mood"."""


def set_consent(
    session: Session, person: UUID, kind: ConsentKind, given: bool | None, *, at: datetime, actor: str
) -> Consent:
    """Writes a decision down. A refusal of "face" deletes the person's waiting candidates and kept views.

    Args:
        given: None takes the decision before back: the person counts as not asked.

    Raises:
        InvalidRecord: there is no such person.
    """
    get_person(session, person)
    row = ConsentRow(id=new_id(), person_id=person, kind=kind, given=given, at=at, recorded_by=actor)
    session.add(row)
    if kind == "face" and given is False:
        candidates.discard_of_person(session, person)
        views.discard_of_person(session, person)
    session.flush()
    return _record(row)


def history(session: Session, person: UUID) -> list[Consent]:
    """All decisions of a person, oldest first."""
    query = select(ConsentRow).where(ConsentRow.person_id == person).order_by(ConsentRow.at, ConsentRow.id)
    return [_record(row) for row in session.scalars(query)]


def current(session: Session, person: UUID, kind: ConsentKind) -> bool | None:
    """The newest decision; None when the person was not asked."""
    return decisions(session, [person]).get((person, kind))


def decisions(session: Session, people: Collection[UUID]) -> dict[Decided, bool]:
    """The newest decisions of these people; nothing where somebody was not asked."""
    query = select(ConsentRow.person_id, ConsentRow.kind, ConsentRow.given).where(among(ConsentRow.person_id, people))
    rows = session.execute(query.order_by(ConsentRow.at, ConsentRow.id))
    newest = {(person, kind): given for person, kind, given in rows}
    return {decided: given for decided, given in newest.items() if given is not None}


def missing() -> ColumnElement[bool]:
    """Condition on people: active, and not asked about "face" or about "mood"."""
    asked = select(func.count(ConsentRow.kind.distinct())).where(ConsentRow.person_id == PersonRow.id)
    few = asked.scalar_subquery() < len(get_args(ConsentKind))
    return and_(PersonRow.active == true(), or_(few, PersonRow.id.in_(taken_back())))


def taken_back(kind: ConsentKind | None = None) -> Select[UUID]:
    """The ids of people whose last decision, about "face" or "mood" or either, was taken back."""
    last, later = aliased(ConsentRow), aliased(ConsentRow)
    after = or_(later.at > last.at, and_(later.at == last.at, later.id > last.id))
    is_last = ~exists().where(later.person_id == last.person_id, later.kind == last.kind, after)
    found = select(last.person_id).where(last.given.is_(None), is_last)
    return found if kind is None else found.where(last.kind == kind)


def refusals(session: Session) -> set[Decided]:
    """Who refuses what at present."""
    ever = session.scalars(select(ConsentRow.person_id).where(ConsentRow.given == false()))  # DISTINCT sorts all rows
    return {decided for decided, given in decisions(session, set(ever)).items() if not given}


def _record(row: ConsentRow) -> Consent:
    return Consent(row.id, row.person_id, cast(ConsentKind, row.kind), row.given, row.at, row.recorded_by)
