"""Groups of people: their names, and when their first member was enrolled."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.schema.people import PersonRow


def group_names(session: Session) -> list[str]:
    """The groups that people are in, by name."""
    query = select(PersonRow.group).where(PersonRow.group.is_not(None)).distinct().order_by(PersonRow.group)
    return [name for name in session.scalars(query) if name]


def first_enrolled(session: Session, *, person: UUID | None = None, group: str | None = None) -> datetime | None:
    """When the first person was enrolled, of this group, or of all; this person, where one is given."""
    query = select(func.min(PersonRow.created_at))
    if person is not None:
        query = query.where(PersonRow.id == person)
    elif group is not None:
        query = query.where(PersonRow.group == group)
    return session.scalar(query)
