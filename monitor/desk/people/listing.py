"""Everybody enrolled, as a list. Apart from `people.py`, whose vision and imports a list does not need."""

from sqlalchemy import Engine

from db.engine import reading
from db.people import listing, pages
from db.records.people import PersonSummary


def list_people(
    engine: Engine,
    search: str = "",
    group: str | None = None,
    *,
    inactive: bool = False,
    consent_missing: bool = False,
) -> list[PersonSummary]:
    """Everybody by name; `search` looks in names, numbers and groups. Raises: DatabaseError.

    Args:
        inactive: only those who are not recognised any more.
    """
    with reading(engine) as session:
        return listing.list_people(
            session, search=search, group=group, active=False if inactive else None, missing=consent_missing
        )


def people_between(
    engine: Engine, search: str, group: str | None, *, limit: int, offset: int
) -> tuple[list[PersonSummary], int]:
    """A part of `list_people`, and how many there are in all. Raises: DatabaseError."""
    with reading(engine) as session:
        found = listing.list_people(session, search=search, group=group, limit=limit, offset=offset)
        return found, pages.count_matching(session, search, group=group)
