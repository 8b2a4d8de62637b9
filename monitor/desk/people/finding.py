"""Whom a name, a number or an id means. Reports ask this, too, so nothing of pictures is imported here."""

from typing import Final
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.engine import reading
from db.errors import InvalidRecord
from db.people import people
from db.records.people import Person
from monitor.errors import UsageError

_CANDIDATES: Final = 10
"""So many people are named where a part of a name means several."""


def find_person(engine: Engine, who: str) -> Person:
    """The person with this id or number, or whom this name or a part of it means, whatever its case and accents.

    Raises:
        UsageError: there is none, or several; then they are named.
    """
    with reading(engine) as session:
        return person_of(session, who)


def person_of(session: Session, who: str) -> Person:
    """`find_person` in an open session."""
    if not who.strip():
        raise UsageError("No person is named; give a name, a number or an id.")
    try:
        return people.get_person(session, UUID(who.strip()))
    except (ValueError, InvalidRecord):
        pass  # not an id; then it is a number or a name
    if by_number := people.find_by_number(session, who):
        return by_number
    found = people.find_by_part(session, who)
    if not found:
        raise UsageError(f"Nobody enrolled has the name or number {who!r}; see 'muster people list'.")
    if len(found) > 1:
        names = [one.name for one in found]
        told = [one.name + (f" ({one.number or one.id})" * (names.count(one.name) > 1)) for one in found[:_CANDIDATES]]
        more = f" and {len(found) - _CANDIDATES:,} more" if len(found) > _CANDIDATES else ""
        raise UsageError(
            f"{len(found):,} people match {who!r}: {', '.join(told)}{more}; give more of the name, or a number or id."
        )
    return found[0]
