"""Changes of a person's record: name, number, group, notes, consents, PIN. Each function blocks, in one transaction."""

from collections.abc import Mapping
from typing import Unpack
from uuid import UUID

from sqlalchemy import Engine

from db import audit
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.people import consents, people, pins
from db.records import ConsentKind, Person
from monitor.attendance.pin import hash_pin, pin_fault
from monitor.desk.actor import Actor
from monitor.desk.pin_entry import peppers
from monitor.errors import UsageError


def rename(engine: Engine, person: UUID, name: str, **by: Unpack[Actor]) -> tuple[Person, int]:
    """Give a person another name, and count the people who have that name now. Raises: InvalidRecord."""
    with writing(engine) as session:
        renamed = people.rename(session, person, name, **by)
        return renamed, len(people.find_by_name(session, renamed.name))


def change(
    engine: Engine,
    person: UUID,
    *,
    number: str | None = None,
    group: str | None = None,
    notes: str | None = None,
    **by: Unpack[Actor],
) -> Person:
    """Change what is given, all or nothing; an empty text deletes a value. Raises: InvalidRecord."""
    with writing(engine) as session:
        if number is not None:
            people.set_number(session, person, number or None, **by)
        if group is not None:
            people.set_group(session, person, group or None, **by)
        if notes is not None:
            people.set_notes(session, person, notes, **by)
        return people.get_person(session, person)


def set_active(engine: Engine, person: UUID, active: bool, **by: Unpack[Actor]) -> Person:
    """Deactivate someone, who is kept but not recognised any more, or reactivate them. Raises: InvalidRecord."""
    with writing(engine) as session:
        return people.set_active(session, person, active, **by)


def set_consents(engine: Engine, person: UUID, given: Mapping[ConsentKind, bool], **by: Unpack[Actor]) -> None:
    """Write down what a person agrees to (true) or refuses (false), where that changed. Raises: InvalidRecord."""
    with writing(engine) as session:
        for kind, agrees in given.items():
            before = consents.current(session, person, kind)
            if before is not agrees:
                consents.set_consent(session, person, kind, agrees, **by)
                detail = {"kind": kind, "before": before, "after": agrees}
                audit.note(session, "consent", person=person, detail=detail, **by)


def set_pin(
    engine: Engine,
    person: UUID,
    pin: str | None,
    *,
    cipher: TemplateCipher,
    shortest: int,
    number: str | None = None,
    **by: Unpack[Actor],
) -> None:
    """Store the hash of the PIN that a person types at the door after their number, or delete it.

    Args:
        pin: None deletes it.
        shortest: the setting `pin_digits`.
        number: set first, if given.

    Raises:
        UsageError: the PIN is too short, or has other characters than digits.
        InvalidRecord: the person has no number, or somebody else has it.
    """
    if pin is not None and (fault := pin_fault(pin, shortest)):
        raise UsageError(fault)
    with reading(engine) as session:
        kept = None if pin is None else hash_pin(pin, peppers(session, cipher))
    with writing(engine) as session:
        if number is not None:
            people.set_number(session, person, number, **by)
        before = pins.set_pin(session, person, kept)
        entry = audit.note(session, "set pin" if kept else "remove pin", person=person, **by)
        audit.keep(session, entry, {"before": before, "after": kept}, person=person)
