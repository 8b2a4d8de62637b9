"""Faces that nobody knows: grouped by likeness, named, merged or discarded. It blocks: call it in workers only."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import templates
from db.observations import sightings
from db.people import pages, people
from db.records import Person, Visitor
from enroll.faces.similarity_limits import ALMOST_SURELY_ONE
from enroll.people.store import refresh_template
from monitor.desk.today import DESK
from monitor.domain import EMBEDDING_SIZE, RgbImage
from monitor.vision.encoder import ENCODER_NAME, unit
from monitor.vision.jpeg import decode_jpeg

BATCH = 500
"""Faces that are loaded at once; older ones come when the list is scrolled to its end."""
BEST_SHOTS = 5
"""Faces of one visitor that become templates when they are named."""


@dataclass(frozen=True, slots=True, eq=False)
class VisitorGroup:
    """The faces of what is most likely one unknown person, newest first."""

    visits: tuple[Visitor, ...]
    days: int

    @property
    def key(self) -> str:
        """The oldest visit's id, which stays when they come again."""
        return str(self.visits[-1].sighting.id)

    @property
    def portrait(self) -> RgbImage | None:
        jpeg = next((visit.portrait for visit in self.visits if visit.portrait), None)
        return None if jpeg is None else decode_jpeg(jpeg)


@dataclass(frozen=True, slots=True)
class VisitorsView:
    """The newest unknown faces by group, the latest first."""

    groups: tuple[VisitorGroup, ...]
    batches: int
    """Batches of faces that were looked at."""
    more: bool
    """Whether there are older faces."""
    faces: int
    """Unknown faces in the database."""


def visitors_view(engine: Engine, cipher: TemplateCipher, batches: int, zone: ZoneInfo) -> VisitorsView:
    """The newest so many batches of faces, grouped. Raises: DatabaseError."""
    visits: list[Visitor] = []
    with reading(engine) as session:
        faces = sightings.count_visitors(session)
        for _ in range(batches):
            last = (visits[-1].sighting.first_at, visits[-1].sighting.id) if visits else None
            batch = pages.visitors_before(session, cipher, last, BATCH)
            visits += batch
            if len(batch) < BATCH:
                return VisitorsView(tuple(group_by_likeness(visits, zone)), batches, False, faces)
    return VisitorsView(tuple(group_by_likeness(visits, zone)), batches, True, faces)


def group_by_likeness(visits: Sequence[Visitor], zone: ZoneInfo) -> list[VisitorGroup]:
    """Joins each visit to the most similar group, if that is almost surely the same person (greedy, newest first)."""
    groups: list[list[Visitor]] = []
    sums = np.zeros((len(visits), EMBEDDING_SIZE), np.float32)
    units = np.zeros_like(sums)
    for visit in visits:
        best, likeness = 0, -1.0
        if visit.embedding is not None and groups:
            similar = units[: len(groups)] @ visit.embedding
            best = int(np.argmax(similar))
            likeness = float(similar[best]) / float(np.linalg.norm(visit.embedding))
        if likeness < ALMOST_SURELY_ONE:
            best = len(groups)
            groups.append([])
        groups[best].append(visit)
        if visit.embedding is not None:
            sums[best] += visit.embedding / np.linalg.norm(visit.embedding)
            units[best] = sums[best] / np.linalg.norm(sums[best])
    return [
        VisitorGroup(tuple(group), len({one.sighting.first_at.astimezone(zone).date() for one in group}))
        for group in groups
    ]


def likeness(engine: Engine, cipher: TemplateCipher, group: VisitorGroup, person: UUID) -> float | None:
    """How similar the visitor is to somebody enrolled; None where one of them has no face to compare.

    Raises:
        DatabaseError: the faces cannot be read.
    """
    with reading(engine) as session:
        members = [one.embedding for one in templates.load_members(session, cipher, person, ENCODER_NAME)]
    seen = [visit.embedding for visit in group.visits if visit.embedding is not None]
    if not members or not seen:
        return None
    return float(unit(np.mean(members, axis=0)) @ unit(np.mean(seen, axis=0)))


def name_group(engine: Engine, cipher: TemplateCipher, group: VisitorGroup, name: str, at: datetime) -> str:
    """Enrol the visitor as a new person. Returns what came of it. Raises: DatabaseError."""
    with writing(engine) as session:
        person = people.add_person(session, name, at=at, actor=DESK)
        _enrol(session, cipher, group, person, at)
        if len(people.find_by_name(session, person.name)) > 1:
            return "Enrolled. Somebody else has this name, too: give them numbers, or merge them on the People screen."
    return "Enrolled. Ask what they agree to, and write it down on the People screen."


def merge_group(engine: Engine, cipher: TemplateCipher, group: VisitorGroup, person: UUID, at: datetime) -> None:
    """Say that the visitor is somebody who is enrolled already. Raises: DatabaseError."""
    with writing(engine) as session:
        _enrol(session, cipher, group, people.get_person(session, person), at)


def discard_group(engine: Engine, group: VisitorGroup, at: datetime) -> None:
    """Delete the faces; that somebody was there stays. Raises: DatabaseError."""
    with writing(engine) as session:
        for visit in group.visits:
            sightings.discard_visitor(session, visit.sighting.id, at=at, actor=DESK)


def _enrol(session: Session, cipher: TemplateCipher, group: VisitorGroup, person: Person, at: datetime) -> None:
    longest = sorted(group.visits, key=lambda visit: -visit.sighting.frames)
    for visit in [one for one in longest if one.embedding is not None][:BEST_SHOTS]:
        assert visit.embedding is not None
        content = visit.portrait or visit.embedding.tobytes()
        templates.add_template(
            session, cipher, person.id, content_hash=hashlib.sha256(content).hexdigest(), encoder=ENCODER_NAME,
            embedding=visit.embedding, quality={"frames": visit.sighting.frames}, source="visitor", at=at,
            chip_jpeg=visit.portrait,
        )  # fmt: skip
    for visit in group.visits:
        sightings.name_visitor(session, visit.sighting.id, person.id, at=at, actor=DESK)
    refresh_template(session, cipher, person, at=at)
