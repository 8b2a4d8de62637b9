"""People: who they are. Reports ask this, too, so nothing of faces is imported here."""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import starmap
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, false, func, select, true
from sqlalchemy.orm import Session

from db import audit
from db.batches import among
from db.errors import InvalidRecord
from db.ids import new_id
from db.names import clean, clean_number, clean_or_none
from db.records.people import Person, PersonConsents
from db.schema.folding import folded
from db.schema.people import ConsentRow, PersonRow, SubjectRow
from db.schema.types import raw, utc_of, uuid_of

COLUMNS: Final = (
    *(PersonRow.id, PersonRow.name, PersonRow.number, PersonRow.group),
    *(PersonRow.active, PersonRow.notes, PersonRow.created_at),
)
"""The columns of a `Person`, in its order; reading them costs a third of reading whole rows."""


def add_person(
    session: Session,
    name: str,
    *,
    at: datetime,
    actor: str,
    number: str | None = None,
    group: str | None = None,
    notes: str = "",
) -> Person:
    """Adds a person and their pseudonym in the ledger. Two people may have one name, but not one number.

    Raises:
        InvalidRecord: the name is empty or too long, or the number is taken.
    """
    number = clean_number(number)
    _require_free_number(session, number, None)
    row = PersonRow(
        id=new_id(),
        name=clean(name),
        number=number,
        group=clean_or_none(group, "group"),
        active=True,
        notes=notes,
        created_at=at,
    )
    session.add(row)
    session.flush()
    add_pseudonym(session, row.id)
    audit.note(session, "add", at=at, actor=actor, person=row.id)
    session.flush()
    return record(row)


def get_person(session: Session, person: UUID) -> Person:
    """The person with this id.

    Raises:
        InvalidRecord: there is none (any more).
    """
    return record(_row(session, person))


def with_consents(session: Session, people: Sequence[UUID]) -> dict[UUID, PersonConsents]:
    """The newest decisions of these people (a few hundred at most), without those who were erased; one query."""
    if not people:  # as of arrivals that were read before: to make the query took a tenth of writing one
        return {}
    query = (
        select(PersonRow, ConsentRow.kind, ConsentRow.given)
        .join(ConsentRow, ConsentRow.person_id == PersonRow.id, isouter=True)
        .where(PersonRow.id.in_(people))
        .order_by(ConsentRow.at, ConsentRow.id)
    )
    rows = session.execute(query).all()
    newest = {(row.id, kind): given for row, kind, given in rows}
    return {
        row.id: PersonConsents(record(row), newest.get((row.id, "face")), newest.get((row.id, "mood")))
        for row, _, _ in rows
    }


def find_by_name(session: Session, name: str) -> list[Person]:
    """People of exactly this name (after cleaning), oldest first."""
    rows = session.scalars(select(PersonRow).where(PersonRow.name == clean(name)).order_by(PersonRow.id))
    return [record(row) for row in rows]


def find_by_part(session: Session, part: str) -> list[Person]:
    """People whom a name means, whatever its case and accents, by name: those who have this name exactly, else in
    whose name it occurs, else in whose name each of its words occurs."""
    wanted = folded(part)
    if not wanted:
        return []
    longest = max(wanted.split(), key=len)
    query = select(*COLUMNS).where(found_by(longest)).order_by(PersonRow.search_text, PersonRow.id)
    found = [(folded(one.name), one) for one in starmap(Person, session.execute(query))]
    for fits in (
        [one for name, one in found if name == wanted],
        [one for name, one in found if wanted in name],
        [one for name, one in found if all(word in name for word in wanted.split())],
    ):
        if fits:
            return fits
    return []


def find_by_number(session: Session, number: str) -> Person | None:
    row = session.scalar(select(PersonRow).where(PersonRow.number == clean(number, "number")))
    return record(row) if row else None


def members(session: Session, *, group: str | None = None) -> list[Person]:
    """Everybody, or everybody of a group, by name."""
    query = select(*COLUMNS).order_by(PersonRow.search_text, PersonRow.id)
    return list(starmap(Person, session.execute(query if group is None else query.where(PersonRow.group == group))))


def by_id(session: Session, ids: Collection[UUID]) -> dict[UUID, Person]:
    """These people, as far as they are not erased."""
    if not ids:
        return {}
    query = select(
        raw(PersonRow.id), PersonRow.name, PersonRow.number, PersonRow.group, raw(PersonRow.active), PersonRow.notes,
        raw(PersonRow.created_at),
    )  # fmt: skip
    found = session.execute(query.where(among(PersonRow.id, ids))).all()
    made = (
        Person(uuid_of(id_), name, number, group, bool(active), notes, utc_of(created))
        for id_, name, number, group, active, notes, created in found
    )
    return {person.id: person for person in made}


def added_between(session: Session, start: datetime, end: datetime) -> list[Person]:
    """People who were added with start <= at < end."""
    query = select(*COLUMNS).where(PersonRow.created_at >= start, PersonRow.created_at < end)
    return list(starmap(Person, session.execute(query)))


def found_by(search: str, *, number: bool = True) -> ColumnElement[bool]:
    """Who is found by this text, whatever its case and accents: in the name, the group and, if wanted, the number."""
    wanted = re.sub(r"([/%_])", r"/\1", folded(search))
    return PersonRow.search_text.like(f"%{wanted}%" if number else f"%{wanted}%\n%", escape="/")


def count_people(session: Session, *, active: bool = True) -> int:
    return session.scalar(select(func.count()).where(PersonRow.active == (true() if active else false()))) or 0


def rename(session: Session, person: UUID, name: str, *, at: datetime, actor: str) -> Person:
    """Raises: InvalidRecord."""
    _change(session, person, "rename", "name", clean(name), at=at, actor=actor)
    return get_person(session, person)


def set_number(session: Session, person: UUID, number: str | None, *, at: datetime, actor: str) -> Person:
    """Without a number the PIN goes, too. Raises: InvalidRecord, also when another person has the number."""
    number = clean_number(number)
    _require_free_number(session, number, person)
    entry = _change(session, person, "number", "number", number, at=at, actor=actor)
    if entry is not None and number is None:
        row = _row(session, person)
        audit.keep(session, entry, {"pin_hash": row.pin_hash}, person=person)
        row.pin_hash = None
        session.flush()
    return get_person(session, person)


def set_group(session: Session, person: UUID, group: str | None, *, at: datetime, actor: str) -> Person:
    """Raises: InvalidRecord."""
    _change(session, person, "group", "group", clean_or_none(group, "group"), at=at, actor=actor)
    return get_person(session, person)


def set_notes(session: Session, person: UUID, notes: str, *, at: datetime, actor: str) -> Person:
    """Raises: InvalidRecord."""
    _change(session, person, "notes", "notes", notes, at=at, actor=actor)
    return get_person(session, person)


def set_active(session: Session, person: UUID, active: bool, *, at: datetime, actor: str) -> Person:
    """Deactivates (all data stays, but nobody is recognised) or reactivates. Raises: InvalidRecord."""
    _change(session, person, "activate" if active else "deactivate", "active", active, at=at, actor=actor)
    return get_person(session, person)


def _change(
    session: Session, person: UUID, action: str, column: str, value: object, *, at: datetime, actor: str
) -> UUID | None:
    """Gives a column another value; the audit log's entry of it, or None where it has this value already."""
    row = _row(session, person)
    before = getattr(row, column)
    if before == value:
        return None
    detail = {"before": before, "after": value}
    entry = audit.note(session, action, at=at, actor=actor, person=person, detail=detail)
    setattr(row, column, value)
    session.flush()
    return entry


def add_pseudonym(session: Session, person: UUID) -> UUID:
    """A new random pseudonym for the ledger; random, so that it tells nothing about when it was made."""
    pseudonym = uuid4()
    session.add(SubjectRow(id=pseudonym, person_id=person))
    return pseudonym


def record(row: PersonRow) -> Person:
    return Person(row.id, row.name, row.number, row.group, row.active, row.notes, row.created_at)


def _row(session: Session, person: UUID) -> PersonRow:
    row = session.get(PersonRow, person)
    if row is None:
        raise InvalidRecord(f"There is no person with the id {person} (any more); they may have been erased or merged.")
    return row


def _require_free_number(session: Session, number: str | None, person: UUID | None) -> None:
    if number is None:
        return
    taken = session.scalar(select(PersonRow.id).where(PersonRow.number == number))
    if taken is not None and taken != person:
        raise InvalidRecord(f"The number {number} belongs to somebody else already; give another.")
