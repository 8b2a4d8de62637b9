"""Opens every sealed value: embeddings, faces and portraits."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.errors import DatabaseDamaged, WrongKey
from db.privacy.rotation import sealed_columns
from db.schema.people import PersonRow

MOST_NAMED = 20
"""So many values that cannot be opened are named one by one."""


def problems(session: Session, cipher: TemplateCipher) -> tuple[int, list[str]]:
    """How many values were opened, and one clause for each that cannot be."""
    opened, found = 0, []
    for table, column, owner in sealed_columns():
        query = select(table).where(column.is_not(None)).execution_options(yield_per=200)
        for row in session.scalars(query):
            try:
                cipher.open(getattr(row, column.key), owner(row))
                opened += 1
            except (DatabaseDamaged, WrongKey) as error:
                why = "was sealed with another key" if isinstance(error, WrongKey) else "was changed or moved"
                found.append(f"a sealed value ({table.__tablename__}.{column.key}){_whose(session, row)} {why}")
            session.expunge(row)
    left = len(found) - MOST_NAMED
    return opened, [*found[:MOST_NAMED], f"and {left:,} more sealed values"] if left > 0 else found


def _whose(session: Session, row: object) -> str:
    person = getattr(row, "person_id", None)
    name = session.scalar(select(PersonRow.name).where(PersonRow.id == person)) if person else None
    return f" of {name}" if name else ""
