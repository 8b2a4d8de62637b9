"""Whom a name, a number or an id means. Reports ask this, too, so nothing of pictures is imported here."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.engine import reading
from db.errors import InvalidRecord
from db.people import people
from db.records.people import Person
from db.schema.folding import folded
from monitor.errors import UsageError

_CANDIDATES: Final = 10
"""So many people are named where a part of a name means several."""
_NEAR: Final = 3
"""So many people are named to whom a row of a list is near."""


def find_person(engine: Engine, who: str) -> Person:
    """The person with this id or number, or whom this name or a part of it means, whatever its case and accents.

    Raises:
        UsageError: there is none, or several; then they are named.
    """
    with reading(engine) as session:
        return person_of(session, who)


def person_of(session: Session, who: str) -> Person:
    """`find_person` in an open session."""
    return _by_id_or_number(session, who) or _only(who, people.find_by_part(session, who))


def person_in_list(session: Session, who: str) -> Person:
    """The person with this id or number, or of this whole name, whatever its case, accents and the order of its words.

    Nobody looks at each row of a list before it is entered, so a part of a name means nobody there.

    Raises:
        UsageError: there is none, then it says whose name has this in it; or there are several.
    """
    if person := _by_id_or_number(session, who):
        return person
    found = people.find_by_part(session, who)
    whole = [one for one in found if sorted(folded(one.name).split()) == sorted(folded(who).split())]
    if found and not whole:
        more = f" or one of {len(found) - _NEAR:,} more" if len(found) > _NEAR else ""
        names = ", ".join(one.name for one in found[:_NEAR])
        raise UsageError(f"Nobody enrolled has the whole name or number {who!r}; did you mean {names}{more}?")
    return _only(who, whole)


def _by_id_or_number(session: Session, who: str) -> Person | None:
    if not who.strip():
        raise UsageError("No person is named; give a name, a number or an id.")
    try:
        return people.get_person(session, UUID(who.strip()))
    except (ValueError, InvalidRecord):  # not an id; then it is a number or a name
        return people.find_by_number(session, who)


def _only(who: str, found: Sequence[Person]) -> Person:
    if not found:
        raise UsageError(f"Nobody enrolled has the name or number {who!r}; see 'muster people list'.")
    if len(found) > 1:
        names = [one.name for one in found]
        told = [
            f"{one.name} ({one.number or one.id})" if one.number or names.count(one.name) > 1 else one.name
            for one in found[:_CANDIDATES]
        ]
        more = f" and {len(found) - _CANDIDATES:,} more" if len(found) > _CANDIDATES else ""
        raise UsageError(
            f"{len(found):,} people match {who!r}: {', '.join(told)}{more}; give more of the name, or a number or id."
        )
    return found[0]
