"""The review of captures from the door: an accepted one makes its person's template better, and can be rolled back.

All of it blocks: call it in workers only.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Unpack
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.attendance import corrections, kiosks
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.errors import DatabaseDamaged
from db.faces import candidates, templates
from db.observations import sightings
from db.people import consents, people
from db.records.faces import Template, WaitingCandidate
from db.records.observations import SightingRecord
from db.records.people import Person
from enroll.faces.similarity_limits import BOTH, similarity
from enroll.people.gallery_index import LookAlike, load_index
from enroll.people.store import renew
from monitor.desk.actor import Actor
from monitor.domain import Embedding, RgbImage
from monitor.errors import UsageError
from monitor.files import write_folder
from monitor.recording.candidates import CLEAR, MOST_GROWN
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.jpeg import decode_jpeg


@dataclass(frozen=True, slots=True)
class Grown:
    """An accepted capture."""

    template: Template
    name: str
    voided: bool
    """The entry of its sighting was voided since, so somebody doubts whose face the image shows."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A capture that became a template."""

    template: Template
    name: str
    members: int
    """Images behind the person's template now."""
    alike: tuple[LookAlike, ...]
    """Who looks like the person now, the most similar first."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A capture from the door, waiting or accepted."""

    id: UUID
    """The capture's id; once accepted, the enrolled image's."""
    waits: bool
    at: datetime
    kiosk: str
    """The kiosk that saw the face; empty when the sighting is deleted."""
    picture: RgbImage | None
    """The aligned face; None when it is damaged."""
    similarity: float | None = None
    """To the person's template when it was captured; None once it was accepted."""
    lead: float | None = None
    """How far the similarity was above the threshold; None once it was accepted."""
    nearest: float | None = None
    """The similarity to the most similar of the person's images; None once it was accepted."""
    doubted: bool = False
    """It was accepted, and its entry was voided since."""


def views_of(engine: Engine, cipher: TemplateCipher, person: UUID) -> list[View]:
    """The waiting captures, then the accepted ones, oldest first each. Raises: DatabaseError."""
    with reading(engine) as session:
        names = {kiosk.id: kiosk.name for kiosk in kiosks.all_kiosks(session)}
        return [
            *(_waits(session, cipher, names, one) for one in candidates.waiting(session, person)),
            *(_taken(session, cipher, names, one) for one in candidates.accepted(session, person)),
        ]


def waiting(engine: Engine, person: Person | None = None) -> list[WaitingCandidate]:
    """Captures that wait for a review, oldest first."""
    with reading(engine) as session:
        return candidates.waiting(session, person.id if person else None)


def grown(engine: Engine, person: Person | None = None) -> list[Grown]:
    """Accepted captures, oldest first."""
    with reading(engine) as session:
        return [
            Grown(one, people.get_person(session, one.person).name, _is_voided(session, one))
            for one in candidates.accepted(session, person.id if person else None)
        ]


def write_pictures(engine: Engine, cipher: TemplateCipher, captures: Sequence[WaitingCandidate], folder: Path) -> None:
    """Write the aligned faces as JPEG into a folder that only its owner can read, all of them or none.

    Raises:
        MusterError: the folder cannot be written.
        InvalidRecord: a capture does not wait any more.
        WrongKey: the database belongs to another key.
    """

    def jpegs() -> Iterator[tuple[str, bytes]]:
        for one in captures:
            with reading(engine) as session:
                yield f"{one.id}.jpg", candidates.load_face(session, cipher, one.id)[1]

    write_folder(folder, jpegs())


def accept(
    engine: Engine, cipher: TemplateCipher, capture: UUID, *, of: Person | None = None, **by: Unpack[Actor]
) -> Accepted:
    """Make a capture part of its person's template, and find look-alikes again.

    Args:
        of: whose capture it must be.

    Raises:
        UsageError: the capture is another person's, the person does not agree or has `MOST_GROWN` accepted captures, or
            the face fits somebody else as well.
        InvalidRecord: no such capture waits.
    """
    with writing(engine) as session:
        one = candidates.get(session, capture)
        person = people.get_person(session, one.person)
        _require_owner(person, of)
        _require_consent(session, one)
        _require_room(session, one)
        _require_fit(session, cipher, one, candidates.load_face(session, cipher, capture)[0])
        template = candidates.accept(session, cipher, capture, **by)
        ((known, alike),) = renew(session, cipher, [person], at=by["at"])
        return Accepted(template, person.name, known.members, tuple(alike))


def reject(engine: Engine, capture: UUID, *, of: Person | None = None, **by: Unpack[Actor]) -> WaitingCandidate:
    """Delete a capture unused. Raises: InvalidRecord, or UsageError when it is not this person's."""
    with writing(engine) as session:
        one = candidates.get(session, capture)
        _require_owner(people.get_person(session, one.person), of)
        candidates.reject(session, capture, **by)
        return one


def roll_back(
    engine: Engine, cipher: TemplateCipher, template: UUID, *, of: Person | None = None, **by: Unpack[Actor]
) -> Person:
    """Delete an accepted capture, and compute the person's template from the other images.

    Args:
        of: whose image it must be.

    Returns:
        The person.

    Raises:
        UsageError: the image is another person's.
        InvalidRecord: there is no such image, or it was not a capture.
    """
    with writing(engine) as session:
        gone = candidates.roll_back(session, template, **by)
        person = people.get_person(session, gone.person)
        _require_owner(person, of)
        renew(session, cipher, [person], at=by["at"])
        return person


def roll_back_all(engine: Engine, cipher: TemplateCipher, person: Person, **by: Unpack[Actor]) -> int:
    """Delete all accepted captures of a person. Returns how many there were."""
    with writing(engine) as session:
        found = candidates.accepted(session, person.id)
        for one in found:
            candidates.roll_back(session, one.id, **by)
        if found:
            renew(session, cipher, [person], at=by["at"])
        return len(found)


def _require_owner(owner: Person, of: Person | None) -> None:
    if of is not None and of.id != owner.id:
        raise UsageError(f"That is {owner.name}'s, not {of.name}'s; see 'muster people review-growth'.")


def _require_consent(session: Session, capture: WaitingCandidate) -> None:
    if consents.current(session, capture.person, "face") is not True:
        raise UsageError(
            f"{capture.name} has not agreed that faces are kept; reject the capture, or write the consent down "
            "with 'muster people consent' first."
        )


def _require_room(session: Session, capture: WaitingCandidate) -> None:
    if len(candidates.accepted(session, capture.person)) >= MOST_GROWN:
        raise UsageError(f"{capture.name} has {MOST_GROWN} images from the door already; roll one back first.")


def _require_fit(session: Session, cipher: TemplateCipher, capture: WaitingCandidate, face: Embedding) -> None:
    """Compare the face with everybody again, because the gallery may have changed since the capture."""
    own = similarity(templates.embeddings(session, cipher, capture.person, ENCODER_NAME), [face])
    if capture.encoder != ENCODER_NAME or own is None:
        raise UsageError(f"The capture of {capture.name} belongs to templates that are gone; reject it.")
    cosine, limits = own
    others = load_index(session, cipher).nearest(face, but=capture.person, joined=limits is BOTH)
    if cosine < limits.fits or (others is not None and cosine - others.similarity < CLEAR * limits.curve.unit):
        like = f", and {others.similarity:.3f} like {others.name}" if others is not None else ""
        raise UsageError(f"The capture is only {cosine:.3f} like {capture.name}{like}; reject it.")


def _is_voided(session: Session, template: Template) -> bool:
    return template.sighting is not None and corrections.is_voided(session, template.sighting)


def _waits(session: Session, cipher: TemplateCipher, names: dict[UUID, str], one: WaitingCandidate) -> View:
    return View(
        one.id, True, one.at, _where(names, sightings.get(session, one.sighting)),
        _picture(lambda: candidates.load_face(session, cipher, one.id)[1]), one.similarity, one.lead, one.nearest,
    )  # fmt: skip


def _taken(session: Session, cipher: TemplateCipher, names: dict[UUID, str], one: Template) -> View:
    assert one.sighting is not None
    seen = sightings.get(session, one.sighting)
    return View(
        one.id, False, seen.first_at if seen else one.created_at, _where(names, seen),
        _picture(lambda: templates.load_chip(session, cipher, one.id)), doubted=_is_voided(session, one),
    )  # fmt: skip


def _picture(load: Callable[[], bytes | None]) -> RgbImage | None:
    """The picture; None for a damaged one, which can still be rejected or rolled back."""
    try:
        jpeg = load()
    except DatabaseDamaged:
        return None
    return decode_jpeg(jpeg) if jpeg else None


def _where(names: dict[UUID, str], seen: SightingRecord | None) -> str:
    return names.get(seen.kiosk, "") if seen else ""
