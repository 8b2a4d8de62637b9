"""People as lists show them: with what they agreed to, how many pictures they have, and who looks like them."""

from collections.abc import Sequence
from itertools import starmap
from uuid import UUID

from sqlalchemy import ColumnElement, false, select, true
from sqlalchemy.orm import Session

from db.faces.templates import count_by_person
from db.people import consents, look_alikes, people
from db.records.people import Person, PersonSummary
from db.schema.people import PersonRow


def list_people(
    session: Session,
    *,
    search: str = "",
    group: str | None = None,
    active: bool | None = None,
    missing: bool = False,
    limit: int | None = None,
    offset: int = 0,
) -> list[PersonSummary]:
    """People by name, those whom `matching` finds.

    Args:
        limit: at most so many.
        offset: so many before them are left out.
    """
    query = select(*people.COLUMNS).where(*matching(search, group=group, active=active, consent_missing=missing))
    query = query.order_by(PersonRow.search_text, PersonRow.id).limit(limit).offset(offset)
    return summaries(session, list(starmap(Person, session.execute(query))))


def matching(
    search: str,
    *,
    group: str | None = None,
    active: bool | None = None,
    but: UUID | None = None,
    consent_missing: bool = False,
) -> list[ColumnElement[bool]]:
    """Conditions on people; none where everybody is wanted.

    Args:
        search: occurs in name, number or group.
        but: one person who is left out.
        consent_missing: only those of `consents.missing`.
    """
    conditions = [people.found_by(search)] if search else []
    if group is not None:
        conditions.append(PersonRow.group == group)
    if active is not None:
        conditions.append(PersonRow.active == (true() if active else false()))
    if but is not None:
        conditions.append(PersonRow.id != but)
    if consent_missing:
        conditions.append(consents.missing())
    return conditions


def summaries(session: Session, persons: Sequence[Person]) -> list[PersonSummary]:
    """These people as lists show them."""
    ids = [person.id for person in persons]
    decided = consents.decisions(session, ids)
    counts, alike = count_by_person(session, ids), look_alikes.count_by_person(session, ids)
    return [
        PersonSummary(
            person=person,
            templates=counts.get(person.id, 0),
            face_consent=decided.get((person.id, "face")),
            mood_consent=decided.get((person.id, "mood")),
            look_alikes=alike.get(person.id, 0),
        )
        for person in persons
    ]
