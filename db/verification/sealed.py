"""Opens every sealed value: embeddings, faces and portraits."""

from collections import Counter

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher, key_of
from db.errors import DatabaseDamaged, WrongKey
from db.privacy.sealed_columns import sealed_columns
from db.schema.people import PersonRow
from monitor.text import plural

MOST_NAMED = 20
"""So many values that were changed are named one by one."""


def problems(session: Session, cipher: TemplateCipher) -> tuple[int, list[str]]:
    """How many values were opened; one clause for each that was changed, and one for all of each other key."""
    opened, found, other_keys = 0, [], Counter[str]()
    for column, bound_to in sealed_columns():
        query = select(column.class_).where(column.is_not(None)).execution_options(yield_per=200)
        for row in session.scalars(query):
            try:
                cipher.open(getattr(row, column.key), bound_to(row))
                opened += 1
            except WrongKey:
                other_keys[key_of(getattr(row, column.key))] += 1
            except DatabaseDamaged:
                whose = _whose(session, row)
                found.append(f"a sealed value ({column.class_.__tablename__}.{column.key}){whose} was changed or moved")
            session.expunge(row)
    left = len(found) - MOST_NAMED
    named = [*found[:MOST_NAMED], f"{plural(left, 'more sealed value')}"] if left > 0 else found
    missing = [
        f"{plural(count, 'sealed value needs', 'sealed values need')} the key {key}, which is not the present one"
        for key, count in sorted(other_keys.items())
    ]
    return opened, missing + named


def _whose(session: Session, row: object) -> str:
    person = getattr(row, "person_id", None)
    name = session.scalar(select(PersonRow.name).where(PersonRow.id == person)) if person else None
    return f" of {name}" if name else ""
