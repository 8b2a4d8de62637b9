"""Changes of a person's record: name, number, group, notes, consents, PIN. Each function blocks, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Unpack
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import audit
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.people import consents, people, pins
from db.records.people import ConsentKind, Person
from monitor.attendance.pin import hash_pin, pin_fault
from monitor.desk.actor import Actor
from monitor.desk.pin_entry import peppers
from monitor.errors import UsageError


@dataclass(frozen=True, slots=True)
class NewPin:
    """A PIN that a person types at the door after their number."""

    digits: str | None
    """None deletes it."""
    cipher: TemplateCipher
    shortest: int
    """The setting `pin_digits`."""

    def kept(self, engine: Engine) -> str | None:
        """Its hash. Raises: UsageError, where it is too short or has other characters than digits."""
        if self.digits is None:
            return None
        if fault := pin_fault(self.digits, self.shortest):
            raise UsageError(fault)
        with reading(engine) as session:
            return hash_pin(self.digits, peppers(session, self.cipher))


def change(
    engine: Engine,
    person: UUID,
    *,
    name: str | None = None,
    number: str | None = None,
    group: str | None = None,
    notes: str | None = None,
    active: bool | None = None,
    pin: NewPin | None = None,
    **by: Unpack[Actor],
) -> tuple[Person, int]:
    """Change what is given, all or nothing; an empty number, group or note deletes it.

    Args:
        active: False keeps the person, but does not recognise them any more.

    Returns:
        The person, and how many people have that name now.

    Raises:
        UsageError: the PIN is not acceptable.
        InvalidRecord: another value is not, or somebody else has the number.
    """
    kept = pin.kept(engine) if pin else None
    with writing(engine) as session:
        if name is not None:
            people.rename(session, person, name, **by)
        if number is not None:
            people.set_number(session, person, number or None, **by)
        if group is not None:
            people.set_group(session, person, group or None, **by)
        if notes is not None:
            people.set_notes(session, person, notes, **by)
        if active is not None:
            people.set_active(session, person, active, **by)
        if pin is not None:
            _keep_pin(session, person, kept, **by)
        changed = people.get_person(session, person)
        return changed, len(people.find_by_name(session, changed.name))


def set_consents(
    engine: Engine, persons: Sequence[UUID], given: Mapping[ConsentKind, bool], **by: Unpack[Actor]
) -> set[UUID]:
    """Write down what people agree to (true) or refuse (false), where that changed, all or nothing.

    Of several people at once, who refused stays refused: only they themselves change that.

    Returns:
        Who stays refused.

    Raises:
        InvalidRecord: somebody was erased.
    """
    stay: set[UUID] = set()
    with writing(engine) as session:
        decided = consents.decisions(session, persons)
        for person, (kind, agrees) in product(persons, given.items()):
            before = decided.get((person, kind))
            if before is False and agrees and len(persons) > 1:
                stay.add(person)
            elif before is not agrees:
                consents.set_consent(session, person, kind, agrees, **by)
                detail = {"kind": kind, "before": before, "after": agrees}
                audit.note(session, "consent", person=person, detail=detail, **by)
    return stay


def has_pin(engine: Engine, person: Person) -> bool:
    """Whether a person can check in with number and PIN. Raises: DatabaseError."""
    with reading(engine) as session:
        found = pins.find(session, person.number) if person.number else None
    return found is not None and found.pin_hash is not None


def _keep_pin(session: Session, person: UUID, kept: str | None, **by: Unpack[Actor]) -> None:
    """Keep the hash of a PIN, or none; that of before stays with the entry, for undo."""
    before = pins.set_pin(session, person, kept)
    if kept or before:
        entry = audit.note(session, "set pin" if kept else "remove pin", person=person, **by)
        audit.keep(session, entry, {"before": before, "after": kept}, person=person)
