"""A visitor gets a name: of a new person, or of somebody enrolled. Every function blocks: call it in workers only."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Unpack
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import templates
from db.observations import moods, sightings
from db.people import consents, people
from db.records.people import ConsentKind, Person
from enroll.faces.acceptance import Acceptance, Rejection, accept_images
from enroll.faces.examine import SURE, Examination, ExaminedFace, find_faces, foreground
from enroll.faces.quality import Component, assess
from enroll.people.gallery_index import LookAlike, load_index
from enroll.people.store import Enrolment, Identity, add_members, mark_alike
from monitor.config import QualityLimits, Settings
from monitor.desk.actor import Actor
from monitor.desk.days import corrections
from monitor.desk.people.merging import FacesDifferError, refusal
from monitor.desk.people.visitors import VisitorGroup
from monitor.errors import UsageError
from monitor.vision.detector import FaceDetector
from monitor.vision.encoder import ENCODER_NAME, unit
from monitor.vision.jpeg import decode_jpeg

BEST_SHOTS = 5
"""Faces of one visitor that become templates when they are named."""
_SEEN_BEFORE: Final = "seen by the door, named later"
"""The reason of an arrival that is written down when a visitor gets a name."""
_INSTEAD: Final = "Enrol the person before the camera or from photos, then say here that the visitor is that person."


@dataclass(frozen=True, slots=True)
class VisitorEnrolled:
    """What became of a visitor who was named."""

    person: Person
    namesakes: int
    """People who have this name now, this person included."""
    taken: int
    """Shots that became templates."""
    rejected: tuple[Rejection, ...]
    """Shots that did not, each with the reason."""
    alike: tuple[LookAlike, ...]
    """Who looks like the person, the most similar first."""


def compare(engine: Engine, cipher: TemplateCipher, group: VisitorGroup, person: UUID) -> FacesDifferError | None:
    """The error that `is_person` would raise because the faces differ, if any. Raises: DatabaseError."""
    with reading(engine) as session:
        return _compare(session, cipher, group, people.get_person(session, person))


def name(
    engine: Engine,
    cipher: TemplateCipher,
    group: VisitorGroup,
    name: str,
    limits: QualityLimits,
    consent: Mapping[ConsentKind, bool] | None = None,
    **by: Unpack[Actor],
) -> VisitorEnrolled:
    """Enrol the visitor as a new person, from the shots that pass the gate of enrolment.

    Args:
        limits: of the quality of images, from the settings.
        consent: what they agreed to (true) or refused (false); nothing where they were not asked.

    Raises:
        UsageError: no shot passes.
        DatabaseError: the name is not acceptable, or the database cannot be read or written.
    """
    acceptance = accept_images(_examine(group, limits))
    if not acceptance.accepted:
        reason = acceptance.rejected[0].reason if acceptance.rejected else "No picture of the face was kept."
        raise UsageError(
            f"No shot of this visitor is good enough to enrol from. {reason} {_INSTEAD}", code="no-good-shot"
        )
    with writing(engine) as session:
        person = people.add_person(session, name, **by)
        for kind, given in (consent or {}).items():
            consents.set_consent(session, person.id, kind, given, **by)
        return _enrol(session, cipher, group, person, acceptance, Enrolment(**by))


def is_person(
    engine: Engine,
    cipher: TemplateCipher,
    group: VisitorGroup,
    person: UUID,
    limits: QualityLimits,
    *,
    force: bool = False,
    **by: Unpack[Actor],
) -> VisitorEnrolled:
    """Add the visitor to somebody enrolled; the shots that pass the gate of enrolment become templates.

    Args:
        limits: of the quality of images, from the settings.
        force: also when the faces do not look like one person's.

    Raises:
        FacesDifferError: the faces do not look like one person's.
        DatabaseError: the person does not exist any more, or the database cannot be read or written.
    """
    shots = _examine(group, limits)
    with writing(engine) as session:
        who = people.get_person(session, person)
        if not force and (different := _compare(session, cipher, group, who)):
            raise different
        acceptance = accept_images(shots, () if force else templates.embeddings(session, cipher, person, ENCODER_NAME))
        return _enrol(session, cipher, group, who, acceptance, Enrolment(**by))


def came_today(group: VisitorGroup, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the visitor was first seen today, in UTC; None where they were not."""
    today = now.astimezone(zone).date()
    seen = [one.sighting.first_at for one in group.visits if one.sighting.first_at.astimezone(zone).date() == today]
    return min(seen, default=None)


def write_arrival(engine: Engine, settings: Settings, person: UUID, came: datetime, **by: Unpack[Actor]) -> None:
    """Write down that somebody who has a name now came in when the door saw them. Raises: DatabaseError."""
    corrections.add(engine, settings, person, "check_in", came, _SEEN_BEFORE, **by)


def _compare(session: Session, cipher: TemplateCipher, group: VisitorGroup, person: Person) -> FacesDifferError | None:
    seen = [visit.embedding for visit in group.visits if visit.embedding is not None]
    enrolled = templates.embeddings(session, cipher, person.id, ENCODER_NAME)
    return refusal("The visitor", seen, person.name, enrolled)


def _examine(group: VisitorGroup, limits: QualityLimits) -> list[Examination]:
    """Examine the portraits of the visits, the longest visit first, until enough pass the gate."""
    detector, shots = FaceDetector(min_score=SURE), list[Examination]()
    for visit in sorted(group.visits, key=lambda visit: -visit.sighting.frames):
        chip = decode_jpeg(visit.portrait) if visit.portrait else None
        if visit.embedding is None or visit.portrait is None or chip is None:
            continue
        frames = Component("frames", float(visit.sighting.frames), True, "")
        faces = []
        for face in foreground(find_faces(detector, chip))[:1]:
            quality = assess(chip, face, limits)
            quality = replace(quality, components=(*quality.components, frames))
            faces.append(ExaminedFace(face, quality, unit(visit.embedding), visit.portrait))
        shots.append(Examination("visitor", hashlib.sha256(visit.portrait).hexdigest(), tuple(faces)))
        if sum(face.quality.passed for shot in shots for face in shot.faces) == BEST_SHOTS:
            break
    return shots


def _enrol(
    session: Session,
    cipher: TemplateCipher,
    group: VisitorGroup,
    person: Person,
    acceptance: Acceptance,
    details: Enrolment,
) -> VisitorEnrolled:
    """Store the shots that were taken, mark look-alikes, and put the name on all visits.

    Moods of these visits, which were nobody's, are deleted unless the person agreed to moods.
    """
    known = add_members(session, cipher, Identity(person.name), person, acceptance.accepted, details)
    alike = (
        mark_alike(session, load_index(session, cipher), known, at=details.at) if known and acceptance.accepted else []
    )
    agreed = consents.current(session, person.id, "mood")
    for visit in group.visits:
        if not agreed:
            moods.discard(session, visit.sighting.id)
        sightings.name_visitor(session, visit.sighting.id, person.id, at=details.at, actor=details.actor)
    namesakes = len(people.find_by_name(session, person.name))
    return VisitorEnrolled(person, namesakes, len(acceptance.accepted), acceptance.rejected, tuple(alike))
