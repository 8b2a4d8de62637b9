"""The review of captures from the door: an accepted one makes its person's template better, and can be rolled back."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.attendance import ledger
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import candidates, templates
from db.faces.candidates import WaitingCapture
from db.people import consents, people
from db.records import Person, Template
from enroll.faces.examine import SURE
from enroll.faces.quality import assess
from enroll.faces.similarity_limits import FITS, mean_template
from enroll.people.gallery_index import Alike, load_roster
from enroll.people.store import mark_alike, refresh_template
from monitor.config import QualityLimits
from monitor.domain import Embedding, Face, RgbImage
from monitor.errors import MusterError, UsageError
from monitor.recording.candidates import MOST_GROWN, Assess
from monitor.vision.encoder import ENCODER_NAME, unit

_CLEAR: Final = 0.03
"""So much more like its person than like anybody else enrolled a capture must be when it is accepted."""


@dataclass(frozen=True, slots=True)
class Grown:
    """A template that grew at the door."""

    template: Template
    name: str
    voided: bool
    """The attendance event of its sighting was voided since, so somebody doubts whose face it is."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A capture that became a template."""

    template: Template
    name: str
    members: int
    """Images behind the person's template now."""
    alike: tuple[Alike, ...]
    """Who looks like the person now, the most similar first."""


def gate(limits: QualityLimits) -> Assess:
    """The gate that images for enrolment pass, for faces in view: quality in numbers, None when it is not enough."""

    def judge(rgb: RgbImage, face: Face) -> dict[str, float] | None:
        if face.keypoints is None or face.score < SURE:
            return None
        quality = assess(rgb, face, limits)
        return quality.numbers() if quality.passed and not quality.warnings else None

    return judge


def waiting(engine: Engine, person: Person | None = None) -> list[WaitingCapture]:
    """Captures that wait for a review, oldest first."""
    with reading(engine) as session:
        return candidates.waiting(session, person.id if person else None)


def grown(engine: Engine, person: Person | None = None) -> list[Grown]:
    """Templates that grew, oldest first."""
    with reading(engine) as session:
        return [
            Grown(one, people.get_person(session, one.person).name, _is_voided(session, one))
            for one in candidates.grown(session, person.id if person else None)
        ]


def picture(engine: Engine, cipher: TemplateCipher, capture: UUID) -> bytes:
    """The aligned face of a waiting capture as JPEG. Raises: InvalidRecord, WrongKey."""
    with reading(engine) as session:
        return candidates.load_face(session, cipher, capture)[1]


def write_pictures(engine: Engine, cipher: TemplateCipher, captures: Sequence[WaitingCapture], folder: Path) -> None:
    """Write the aligned faces into a folder that only its owner can read, all of them or none.

    Raises:
        MusterError: they cannot be written.
        InvalidRecord, WrongKey: see `picture`.
    """
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    try:
        shutil.rmtree(unfinished, ignore_errors=True)  # of a run that was killed
        unfinished.mkdir(mode=0o700, parents=True)
        try:
            for one in captures:
                file = unfinished / f"{one.id}.jpg"
                file.touch(mode=0o600)
                file.write_bytes(picture(engine, cipher, one.id))
            folder.mkdir(mode=0o700, exist_ok=True)
            for file in unfinished.iterdir():
                file.replace(folder / file.name)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        raise MusterError(f"{folder} cannot be written: {error.strerror}.") from None


def accept(
    engine: Engine, cipher: TemplateCipher, capture: UUID, *, at: datetime, actor: str, of: Person | None = None
) -> Accepted:
    """Make a capture part of its person's template, and look again who looks alike.

    Args:
        of: whose capture it must be.

    Raises:
        UsageError: it is another person's, the person does not agree, has enough of them, or the face fits
            somebody else as well.
        InvalidRecord: no such capture waits.
    """
    with writing(engine) as session:
        one = candidates.get(session, capture)
        person = people.get_person(session, one.person)
        _require_owner(person, of)
        _require_consent(session, one)
        _require_room(session, one)
        _require_fit(session, cipher, one, candidates.load_face(session, cipher, capture)[0])
        template = candidates.accept(session, cipher, capture, at=at, actor=actor)
        members, alike = _renew(session, cipher, person, at=at)
        return Accepted(template, person.name, members, alike)


def reject(engine: Engine, capture: UUID, *, at: datetime, actor: str, of: Person | None = None) -> WaitingCapture:
    """Delete a capture unused. Raises: InvalidRecord, or UsageError when it is not this person's."""
    with writing(engine) as session:
        one = candidates.get(session, capture)
        _require_owner(people.get_person(session, one.person), of)
        candidates.reject(session, capture, at=at, actor=actor)
        return one


def roll_back(
    engine: Engine, cipher: TemplateCipher, template: UUID, *, at: datetime, actor: str, of: Person | None = None
) -> Person:
    """Take a template that grew out again, and compute the mean from the others.

    Args:
        of: whose template it must be.

    Returns:
        Whose it was.

    Raises:
        UsageError: it is another person's.
        InvalidRecord: there is no such template, or somebody enrolled it.
    """
    with writing(engine) as session:
        gone = candidates.roll_back(session, template, at=at, actor=actor)
        person = people.get_person(session, gone.person)
        _require_owner(person, of)
        _renew(session, cipher, person, at=at)
        return person


def roll_back_all(engine: Engine, cipher: TemplateCipher, person: Person, *, at: datetime, actor: str) -> int:
    """Take everything that grew out of a person's template. Returns how much that was."""
    with writing(engine) as session:
        found = candidates.grown(session, person.id)
        for one in found:
            candidates.roll_back(session, one.id, at=at, actor=actor)
        if found:
            _renew(session, cipher, person, at=at)
        return len(found)


def _require_owner(owner: Person, of: Person | None) -> None:
    if of is not None and of.id != owner.id:
        raise UsageError(f"That is {owner.name}'s, not {of.name}'s; see 'muster people review-growth'.")


def _require_consent(session: Session, capture: WaitingCapture) -> None:
    if consents.current(session, capture.person, "face") is not True:
        raise UsageError(
            f"{capture.name} has not agreed that faces are kept; reject the capture, or write the consent down "
            "with 'muster people consent' first."
        )


def _require_room(session: Session, capture: WaitingCapture) -> None:
    if len(candidates.grown(session, capture.person)) >= MOST_GROWN:
        raise UsageError(f"{capture.name} has {MOST_GROWN} images that grew already; roll one back first.")


def _require_fit(session: Session, cipher: TemplateCipher, capture: WaitingCapture, face: Embedding) -> None:
    """The gallery may have changed since the capture: compare it with everybody again."""
    members = templates.load_members(session, cipher, capture.person, ENCODER_NAME)
    if capture.encoder != ENCODER_NAME or not members:
        raise UsageError(f"The capture of {capture.name} belongs to templates that are gone; reject it.")
    own = float(unit(mean_template(np.stack([member.embedding for member in members]))) @ face)
    others = load_roster(session, cipher).nearest(face, but=capture.person)
    if own < FITS or (others is not None and own - others.similarity < _CLEAR):
        like = f", and {others.similarity:.3f} like {others.name}" if others is not None else ""
        raise UsageError(f"The capture is only {own:.3f} like {capture.name}{like}; reject it.")


def _renew(session: Session, cipher: TemplateCipher, person: Person, *, at: datetime) -> tuple[int, tuple[Alike, ...]]:
    known = refresh_template(session, cipher, person, at=at)
    if known is None:
        return 0, ()
    return known.members, tuple(mark_alike(session, load_roster(session, cipher), known, at=at))


def _is_voided(session: Session, template: Template) -> bool:
    return template.sighting is not None and ledger.is_voided(session, template.sighting)


def record(one: WaitingCapture | Grown) -> dict[str, Any]:
    """For JSON."""
    if isinstance(one, Grown):
        at = one.template.created_at.isoformat(timespec="seconds")
        shared = {"id": str(one.template.id), "person": one.name, "state": "grown", "at": at}
        return shared | {"source": one.template.source, "voided": one.voided}
    return {
        "id": str(one.id),
        "person": one.name,
        "state": "waiting",
        "at": one.at.isoformat(timespec="seconds"),
        "similarity": round(one.similarity, 4),
        "above_threshold": round(one.lead, 4),
        "nearest_image": round(one.nearest, 4),
        "quality": dict(one.quality),
    }
