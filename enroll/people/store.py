"""Writes people with their templates into the database. The caller owns the transaction: one for each person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.errors import InvalidRecord
from db.faces import templates
from db.people import consents, look_alikes, people
from db.records.people import ConsentKind, Person
from enroll.faces.acceptance import AcceptedImage
from enroll.people.gallery_index import GalleryIndex, Known, LookAlike, load_index
from monitor.vision.encoder import ENCODER_NAME


@dataclass(frozen=True, slots=True)
class Enrolment:
    """When, by whom and with which consents people are enrolled."""

    at: datetime
    """UTC."""
    actor: str
    """Who enrols; for the audit log and the consents."""
    consent: tuple[ConsentKind, ...] = ()
    """What the people have agreed to."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a person is, apart from the face."""

    name: str
    number: str | None = None
    group: str | None = None


def find_person(session: Session, identity: Identity) -> Person | None:
    """The person who is meant, if enrolled: by number where there is one, else by name.

    Raises:
        InvalidRecord: several people have the name, or the name is empty or too long.
    """
    if identity.number:
        return people.find_by_number(session, identity.number)
    found = people.find_by_name(session, identity.name)
    if len(found) > 1:
        raise InvalidRecord(
            f"There are {len(found)} people of this name; say by number who is meant, in a list with a number column."
        )
    return found[0] if found else None


def add_members(
    session: Session,
    cipher: TemplateCipher,
    identity: Identity,
    existing: Person | None,
    members: Sequence[AcceptedImage],
    details: Enrolment,
) -> Known | None:
    """Adds pictures to a person, who is made where there is none, and computes the template anew.

    Returns:
        The person's template; None for a person without pictures.

    Raises:
        DatabaseError: the name or number is not acceptable, the key is another one, or nothing can be written.
    """
    at, actor = details.at, details.actor
    person = existing or people.add_person(
        session, identity.name, at=at, actor=actor, number=identity.number, group=identity.group
    )
    if existing is not None and identity.group and identity.group != existing.group:
        people.set_group(session, person.id, identity.group, at=at, actor=actor)
    decided = consents.decisions(session, [person.id])
    for kind in details.consent:
        if (person.id, kind) not in decided:  # a refusal is taken back for one person alone, on purpose
            consents.set_consent(session, person.id, kind, True, at=at, actor=actor)
    for member in members:
        templates.add_template(
            session,
            cipher,
            person.id,
            content_hash=member.content_hash,
            encoder=ENCODER_NAME,
            embedding=member.face.embedding,
            quality=member.face.quality.numbers(),
            source=member.image,
            at=at,
            chip_jpeg=member.face.chip_jpeg,
        )
    if members and templates.load_portrait(session, cipher, person.id) is None:
        best = max(members, key=lambda member: member.face.face.score)
        templates.set_portrait(session, cipher, person.id, best.face.chip_jpeg, at=at)
    return refresh_template(session, cipher, person, at=at)


def refresh_template(session: Session, cipher: TemplateCipher, person: Person, *, at: datetime) -> Known | None:
    """Computes the mean template from the person's members of the present encoder, and gives it.

    None when the person has no members, and is not in the gallery any more.
    """
    found = templates.refresh_mean(session, cipher, person.id, ENCODER_NAME, at=at)
    if found is None:
        return None
    mean, members = found
    return Known(person.id, person.name, mean, members)


def renew(
    session: Session, cipher: TemplateCipher, changed: Iterable[Person], *, at: datetime
) -> list[tuple[Known, list[LookAlike]]]:
    """Computes templates and look-alike marks anew of people whose images changed; gives those who have a template."""
    renewed = [refresh_template(session, cipher, person, at=at) for person in changed]
    index = load_index(session, cipher)
    return [(known, mark_alike(session, index, known, at=at)) for known in renewed if known is not None]


def mark_alike(session: Session, index: GalleryIndex, known: Known, *, at: datetime) -> list[LookAlike]:
    """Notes and gives the look-alikes of this person, the most similar first; naming either needs a larger margin."""
    alike = index.alike(known.template, known.members, but=known.person)
    look_alikes.replace_for(session, known.person, [(one.person, one.similarity) for one in alike], at=at)
    return alike
