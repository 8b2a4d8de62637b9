"""Door PINs of people who check in without their face: only hashes, which `monitor.attendance.pin` makes."""

from uuid import UUID

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from db.errors import InvalidRecord
from db.names import clean
from db.records.people import PinRecord
from db.schema.people import PersonRow


def set_pin(session: Session, person_id: UUID, pin_hash: str | None) -> str | None:
    """Keeps the hash of a person's PIN; None deletes it. Returns the one of before.

    Raises:
        InvalidRecord: there is no such person, or they have no number to type before the PIN.
    """
    row = session.get(PersonRow, person_id)
    if row is None:
        raise InvalidRecord(f"There is no person with the id {person_id}.")
    if pin_hash is not None and row.number is None:
        raise InvalidRecord(f"{row.name} has no number to type before the PIN; give them one first.")
    before, row.pin_hash = row.pin_hash, pin_hash
    session.flush()
    return before


def all_hashes(session: Session) -> dict[UUID, str | None]:
    """The hash of everybody's PIN; None where they have none."""
    return {row.id: row.pin_hash for row in session.execute(select(PersonRow.id, PersonRow.pin_hash))}


def find(session: Session, number: str) -> PinRecord | None:
    """Who has this number, with the hash of their PIN; None where nobody active has it."""
    try:
        wanted = clean(number, "number")
    except InvalidRecord:
        return None
    row = session.scalar(select(PersonRow).where(PersonRow.number == wanted, PersonRow.active == true()))
    return PinRecord(row.id, row.name, row.pin_hash) if row else None


def any_set(session: Session) -> bool:
    """Whether anybody active has a PIN."""
    query = select(PersonRow.id).where(PersonRow.pin_hash.is_not(None), PersonRow.active == true()).limit(1)
    return session.scalar(query) is not None
