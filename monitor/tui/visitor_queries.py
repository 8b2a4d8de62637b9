"""Faces that nobody knows: grouped by likeness, named, merged or discarded. It blocks: call it in workers only."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import people, sightings, templates
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.records import Person, Visitor
from enroll.likeness import ALMOST_SURELY_ONE
from enroll.store import refresh_template
from monitor.domain import RgbImage
from monitor.tui.people_queries import decode
from monitor.tui.queries import DESK
from monitor.vision.encoder import ENCODER_NAME

NEWEST = 500
"""Faces that are grouped; older ones wait until these are dealt with."""
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
        return None if jpeg is None else decode(jpeg)


@dataclass(frozen=True, slots=True)
class VisitorsView:
    groups: tuple[VisitorGroup, ...]
    people: tuple[Person, ...]
    """Everybody whom a visitor may turn out to be."""


def visitors_view(engine: Engine, cipher: TemplateCipher) -> VisitorsView:
    """Visitors by group, the latest first. Raises: DatabaseError."""
    with reading(engine) as session:
        found = sightings.visitors(session, cipher, limit=NEWEST)
        known = [one.person for one in people.list_people(session, active=True, limit=NEWEST)]
    return VisitorsView(tuple(group_by_likeness(found)), tuple(known))


def group_by_likeness(visits: Sequence[Visitor]) -> list[VisitorGroup]:
    """Joins each visit to the most similar group, if that is almost surely the same person (greedy, newest first)."""
    groups: list[list[Visitor]] = []
    sums: list[np.ndarray] = []
    for visit in visits:
        if visit.embedding is None:
            groups.append([visit])
            sums.append(np.zeros(128, np.float32))
            continue
        unit = visit.embedding / np.linalg.norm(visit.embedding)
        likeness = [float(unit @ total / (np.linalg.norm(total) or 1.0)) for total in sums]
        best = int(np.argmax(likeness)) if likeness else -1
        if best >= 0 and likeness[best] >= ALMOST_SURELY_ONE:
            groups[best].append(visit)
            sums[best] = sums[best] + unit
        else:
            groups.append([visit])
            sums.append(unit)
    return [VisitorGroup(tuple(group), len({one.sighting.first_at.date() for one in group})) for group in groups]


def name_group(engine: Engine, cipher: TemplateCipher, group: VisitorGroup, name: str, at: datetime) -> None:
    """Enrol the visitor as a new person. Raises: DatabaseError."""
    with writing(engine) as session:
        person = people.add_person(session, name, at=at, actor=DESK)
        _enrol(session, cipher, group, person, at)


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
