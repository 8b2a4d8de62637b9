"""Visitors (unknown faces): listed, grouped by similarity, and discarded. Every function blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Unpack
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.observations import sightings
from db.records.observations import Visitor
from monitor.desk.actor import Actor
from monitor.desk.by_id import with_id

if TYPE_CHECKING:
    from monitor.domain import RgbImage

BATCH = 500
"""Faces that are loaded at once; older ones come when the list is scrolled to its end."""


@dataclass(frozen=True, slots=True, eq=False)
class VisitorGroup:
    """The visits of most likely one unknown person, newest first."""

    visits: tuple[Visitor, ...]
    days: int
    """Different days on which they came."""

    @property
    def key(self) -> str:
        """The oldest visit's id, which does not change when they come again."""
        return str(self.visits[-1].sighting.id)

    @property
    def first_at(self) -> datetime:
        """When they were seen first."""
        return self.visits[-1].sighting.first_at

    @property
    def last_at(self) -> datetime:
        """When they were seen last: of two visits at once the one that began first may have ended last."""
        return max(one.sighting.last_at for one in self.visits)

    @property
    def portrait(self) -> "RgbImage | None":
        from monitor.vision.jpeg import decode_jpeg

        jpeg = next((visit.portrait for visit in self.visits if visit.portrait), None)
        return None if jpeg is None else decode_jpeg(jpeg)


@dataclass(frozen=True, slots=True)
class VisitorsView:
    """The newest unknown faces by group, the latest first."""

    groups: tuple[VisitorGroup, ...]
    batches: int
    """Batches of faces that were loaded."""
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
            batch = sightings.visitors(session, cipher, after=last, limit=BATCH)
            visits += batch
            if len(batch) < BATCH:
                return VisitorsView(tuple(group_by_similarity(visits, zone)), batches, False, faces)
    return VisitorsView(tuple(group_by_similarity(visits, zone)), batches, True, faces)


def all_visitors(engine: Engine, cipher: TemplateCipher, zone: ZoneInfo) -> tuple[VisitorGroup, ...]:
    """All visitors, the latest first. Raises: DatabaseError."""
    with reading(engine) as session:
        batches = 1 + sightings.count_visitors(session) // BATCH
    return visitors_view(engine, cipher, batches, zone).groups


def find_visitor(engine: Engine, cipher: TemplateCipher, zone: ZoneInfo, text: str) -> VisitorGroup:
    """The visitor whose id is this, or ends so. Raises: UsageError, where there is none, or several."""
    by_id = {one.key: one for one in all_visitors(engine, cipher, zone)}
    return with_id(by_id, text, "visitor", "muster visitors list")


def group_by_similarity(visits: Sequence[Visitor], zone: ZoneInfo) -> list[VisitorGroup]:
    """Joins each visit to the most similar group, if that is almost surely the same person (greedy, newest first).

    Returns:
        The groups, who was seen last first.
    """
    if not visits:
        return []
    # Here and not above: a list without a visitor needs neither numpy nor vision.
    from enroll.people.gallery_index import GalleryIndex, Known
    from monitor.vision.encoder import unit
    from monitor.vision.matching.joined import mean_of

    index, groups = GalleryIndex(), dict[UUID, list[Visitor]]()
    for visit in visits:
        face = None if visit.embedding is None else unit(visit.embedding)
        group = None if face is None else index.almost_surely(face)
        key = visit.sighting.id if group is None else group
        groups.setdefault(key, []).append(visit)
        if face is not None:
            kept = [unit(one.embedding) for one in groups[key] if one.embedding is not None]
            index.put(Known(key, "", mean_of(kept), len(kept)))
    found = (
        VisitorGroup(tuple(group), len({one.sighting.first_at.astimezone(zone).date() for one in group}))
        for group in groups.values()
    )
    return sorted(found, key=attrgetter("last_at"), reverse=True)


def discard(engine: Engine, group: VisitorGroup, **by: Unpack[Actor]) -> None:
    """Delete the faces; the sightings stay. Raises: DatabaseError."""
    with writing(engine) as session:
        for visit in group.visits:
            sightings.discard_visitor(session, visit.sighting.id, **by)
