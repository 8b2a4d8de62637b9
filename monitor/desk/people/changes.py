"""What is written down about a person beside the faces. Every function is one transaction, and blocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine

from db import audit
from db.engine import writing
from db.people import consents, people, pins
from db.records import ConsentKind, Person
from monitor.attendance.pin import hash_pin, pin_fault
from monitor.errors import UsageError


@dataclass(frozen=True, slots=True)
class Renamed:
    """A person with a new name."""

    person: Person
    before: str
    """The name until now."""
    namesakes: int
    """People who have this name now, this person included."""


def rename(engine: Engine, person: UUID, name: str, *, at: datetime, actor: str) -> Renamed:
    """Give a person another name. Raises: InvalidRecord."""
    with writing(engine) as session:
        before = people.get_person(session, person).name
        renamed = people.rename(session, person, name, at=at, actor=actor)
        return Renamed(renamed, before, len(people.find_by_name(session, renamed.name)))


def change(
    engine: Engine,
    person: UUID,
    *,
    number: str | None = None,
    group: str | None = None,
    notes: str | None = None,
    at: datetime,
    actor: str,
) -> Person:
    """Change all that is given or nothing; an empty text takes it away. Raises: InvalidRecord."""
    with writing(engine) as session:
        if number is not None:
            people.set_number(session, person, number or None, at=at, actor=actor)
        if group is not None:
            people.set_group(session, person, group or None, at=at, actor=actor)
        if notes is not None:
            people.set_notes(session, person, notes, at=at, actor=actor)
        return people.get_person(session, person)


def set_active(engine: Engine, person: UUID, active: bool, *, at: datetime, actor: str) -> Person:
    """Deactivate someone, who is kept but not recognised any more, or reactivate them. Raises: InvalidRecord."""
    with writing(engine) as session:
        return people.set_active(session, person, active, at=at, actor=actor)


def set_consents(engine: Engine, person: UUID, given: Mapping[ConsentKind, bool], *, at: datetime, actor: str) -> None:
    """Write down what a person agrees to (true) or refuses (false), where that changed. Raises: InvalidRecord."""
    with writing(engine) as session:
        for kind, agrees in given.items():
            if consents.current(session, person, kind) is not agrees:
                consents.set_consent(session, person, kind, agrees, at=at, actor=actor)


def set_pin(
    engine: Engine, person: UUID, pin: str | None, *, number: str | None = None, at: datetime, actor: str
) -> None:
    """Keep the hash of the PIN that a person types at the door after their number, or forget it.

    Args:
        pin: None to forget it.
        number: given to the person first.

    Raises:
        UsageError: the PIN is too short, or has other characters than digits.
        InvalidRecord: the person has no number, or somebody else has it.
    """
    if pin is not None and (fault := pin_fault(pin)):
        raise UsageError(fault)
    kept = None if pin is None else hash_pin(pin)
    with writing(engine) as session:
        if number is not None:
            people.set_number(session, person, number, at=at, actor=actor)
        pins.set_pin(session, person, kept)
        audit.note(session, "set pin" if kept else "remove pin", at=at, actor=actor, person=person)
