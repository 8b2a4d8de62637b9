"""What is done with people after enrolment. Every function is one transaction, and says who did it in the audit log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import numpy as np
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from db import audit
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.errors import InvalidRecord
from db.faces import templates
from db.people import consents, people, pins
from db.privacy import erasure
from db.records import ConsentKind, Person, Template
from db.schema import PortraitRow
from enroll.faces.similarity_limits import FITS, fit_of_each, mean_template
from enroll.people.gallery_index import load_roster
from enroll.people.store import Identity, find_person, mark_alike, refresh_template
from monitor.errors import UsageError
from monitor.vision.encoder import ENCODER_NAME, unit

_SPLIT_OFF: Final = "split off"
"""Where an image comes from that was somebody else's: its path would tell that name even after the other's erasure."""


@dataclass(frozen=True, slots=True)
class EnrolledImage:
    """An enrolled image and how well it fits the person's others."""

    template: Template
    fit: float | None
    """Cosine to the mean of the others; None for the only one, or for one of another encoder."""


def find(session: Session, who: str) -> Person:
    """The person whom a user means, by id, number or name.

    Raises:
        UsageError: there is none, or several have the name.
    """
    try:
        return people.get_person(session, UUID(who))
    except (ValueError, InvalidRecord):
        # No id; then it is a number or a name.
        pass
    if not who.strip():
        raise UsageError("No person is named; give a name, a number or an id.")
    by_number = people.find_by_number(session, who)
    if by_number is not None:
        return by_number
    named = people.find_by_name(session, who)
    if not named:
        raise UsageError(f"Nobody enrolled has the name or number {who!r}; see 'muster people list'.")
    if len(named) > 1:
        ids = ", ".join(str(person.id) for person in named)
        raise UsageError(f"{len(named)} people have the name {who!r}; give one's number or id: {ids}.")
    return named[0]


def images_of(session: Session, cipher: TemplateCipher, person: UUID) -> list[EnrolledImage]:
    """The person's images, oldest first. Raises: WrongKey, DatabaseDamaged."""
    members = templates.load_members(session, cipher, person, ENCODER_NAME)
    fits: dict[UUID, float] = {}
    if len(members) > 1:
        found = fit_of_each(np.stack([member.embedding for member in members]))
        fits = {member.template.id: float(fit) for member, fit in zip(members, found, strict=True)}
    return [EnrolledImage(one, fits.get(one.id)) for one in templates.list_templates(session, person)]


def rename(engine: Engine, person: Person, name: str, *, at: datetime, actor: str) -> Person:
    """Raises: InvalidRecord."""
    with writing(engine) as session:
        return people.rename(session, person.id, name, at=at, actor=actor)


def change(engine: Engine, person: UUID, wanted: Mapping[str, str], *, at: datetime, actor: str) -> Person:
    """Change all of this or nothing. Raises: InvalidRecord.

    Args:
        wanted: any of "number", "group" and "notes"; an empty text takes it away.
    """
    with writing(engine) as session:
        if "number" in wanted:
            people.set_number(session, person, wanted["number"] or None, at=at, actor=actor)
        if "group" in wanted:
            people.set_group(session, person, wanted["group"] or None, at=at, actor=actor)
        if "notes" in wanted:
            people.set_notes(session, person, wanted["notes"], at=at, actor=actor)
        return people.get_person(session, person)


def set_active(engine: Engine, person: Person, active: bool, *, at: datetime, actor: str) -> Person:
    """Deactivate someone, who is kept but not recognised any more, or the other way round."""
    with writing(engine) as session:
        return people.set_active(session, person.id, active, at=at, actor=actor)


def set_consent(engine: Engine, person: Person, kind: ConsentKind, given: bool, *, at: datetime, actor: str) -> None:
    """Writes down what the person agrees to, or refuses from now on."""
    with writing(engine) as session:
        consents.set_consent(session, person.id, kind, given, at=at, actor=actor)


def set_pin(
    engine: Engine, person: Person, pin_hash: str | None, *, number: str | None = None, at: datetime, actor: str
) -> None:
    """Keeps the hash of a person's PIN, or forgets it; a number is given to them first. Raises: InvalidRecord."""
    with writing(engine) as session:
        if number is not None:
            people.set_number(session, person.id, number, at=at, actor=actor)
        pins.set_pin(session, person.id, pin_hash)
        audit.note(session, "set pin" if pin_hash else "remove pin", at=at, actor=actor, person=person.id)


def likeness(session: Session, cipher: TemplateCipher, one: UUID, other: UUID) -> float | None:
    """Cosine of two people's templates; None when one has none."""
    means = []
    for person in (one, other):
        members = templates.load_members(session, cipher, person, ENCODER_NAME)
        if not members:
            return None
        means.append(unit(mean_template(np.stack([member.embedding for member in members]))))
    return float(means[0] @ means[1])


def merge(
    engine: Engine,
    cipher: TemplateCipher,
    source: Person,
    into: Person,
    *,
    at: datetime,
    actor: str,
    force: bool = False,
) -> None:
    """Make two people one: everything of `source` becomes `into`'s, and `source` is gone.

    Args:
        force: also when the faces do not look like one person's.

    Raises:
        UsageError: the faces do not look like one person's, or the two are the same.
    """
    if source.id == into.id:
        raise UsageError("A person cannot be merged with themselves; give two different people.")
    with writing(engine) as session:
        similarity = likeness(session, cipher, source.id, into.id)
        if similarity is not None and similarity < FITS and not force:
            raise UsageError(
                f"{source.name} and {into.name} do not look like one person (similarity {similarity:.3f}); "
                "add --force if they are."
            )
        erasure.merge(session, cipher, source.id, into.id, at=at, actor=actor)
        _renew(session, cipher, [into], at=at)


def split(
    engine: Engine, cipher: TemplateCipher, person: Person, image: UUID, to: Identity, *, at: datetime, actor: str
) -> Person:
    """Move one enrolled image to another person, who is made if there is none of that name or number.

    Raises:
        UsageError: the person has no such image, or would get it back.
        InvalidRecord: the name is not acceptable, or several people have it.
    """
    with writing(engine) as session:
        kept = {one.id: one for one in templates.list_templates(session, person.id)}
        if image not in kept:
            raise UsageError(f"{person.name} has no image with the id {image}; see 'muster people show'.")
        other = _find_or_add(session, to, at=at, actor=actor)
        if other.id == person.id:
            raise UsageError(f"The image belongs to {person.name} already; give another person.")
        _move(session, cipher, kept[image], other, at=at, actor=actor)
        for changed in (person, other):
            _give_portrait(session, cipher, changed.id, at=at)
        _renew(session, cipher, [person, other], at=at)
        return other


def _find_or_add(session: Session, to: Identity, *, at: datetime, actor: str) -> Person:
    existing = find_person(session, to)
    return existing or people.add_person(session, to.name, at=at, actor=actor, number=to.number, group=to.group)


def _move(session: Session, cipher: TemplateCipher, image: Template, to: Person, *, at: datetime, actor: str) -> None:
    members = templates.load_members(session, cipher, image.person, image.encoder)
    embedding = next(member.embedding for member in members if member.template.id == image.id)
    chip = templates.load_chip(session, cipher, image.id)
    if chip is not None and chip == templates.load_portrait(session, cipher, image.person):
        session.execute(delete(PortraitRow).where(PortraitRow.person_id == image.person))
    templates.delete_template(session, image.id, at=at, actor=actor)
    templates.add_template(
        session,
        cipher,
        to.id,
        content_hash=image.content_hash,
        encoder=image.encoder,
        embedding=embedding,
        quality=image.quality,
        source=_SPLIT_OFF,
        at=at,
        chip_jpeg=chip,
    )


def _give_portrait(session: Session, cipher: TemplateCipher, person: UUID, *, at: datetime) -> None:
    """One of the person's own faces, where there is no portrait."""
    if templates.load_portrait(session, cipher, person) is not None:
        return
    for template in templates.list_templates(session, person):
        chip = templates.load_chip(session, cipher, template.id)
        if chip is not None:
            templates.set_portrait(session, cipher, person, chip, at=at)
            return


def _renew(session: Session, cipher: TemplateCipher, changed: Sequence[Person], *, at: datetime) -> None:
    """Templates and look-alike marks of people whose images changed."""
    renewed = [refresh_template(session, cipher, person, at=at) for person in changed]
    roster = load_roster(session, cipher)
    for known in renewed:
        if known is not None:
            mark_alike(session, roster, known, at=at)


def require_reading(engine: Engine, who: str) -> Person:
    """`find` in a transaction of its own."""
    with reading(engine) as session:
        return find(session, who)
