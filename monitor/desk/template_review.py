"""Captures from the door that wait for a review, and the images that grew out of them. It blocks: in workers only."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.attendance import kiosks, ledger
from db.crypto import TemplateCipher
from db.engine import reading
from db.errors import DatabaseDamaged
from db.faces import candidates, templates
from db.observations import sightings
from db.records import Person, SightingRecord, Template
from enroll.people import adaptation as review
from monitor.desk.today import DESK
from monitor.domain import RgbImage
from monitor.vision.jpeg import decode_jpeg


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One view of a face, seen at the door."""

    id: UUID
    """Of the capture while it waits, of the image since it was taken."""
    waits: bool
    at: datetime
    kiosk: str
    """Where it was seen; empty when that is no longer kept."""
    picture: RgbImage | None
    """The aligned face; None when it is damaged."""
    similarity: float | None = None
    """To the person's template, at that moment; not kept once it was taken. So are the two below."""
    lead: float | None = None
    """How far that was above the threshold."""
    nearest: float | None = None
    """To the most similar of the person's images."""
    doubted: bool = False
    """It was taken, and its attendance event was voided since."""


def views_of(engine: Engine, cipher: TemplateCipher, person: UUID) -> list[View]:
    """What waits, then what was taken, oldest first each. Raises: DatabaseError."""
    with reading(engine) as session:
        names = {kiosk.id: kiosk.name for kiosk in kiosks.all_kiosks(session)}
        waiting = [
            View(
                one.id, True, one.at, _where(names, sightings.get(session, one.sighting)),
                _picture(partial(_chip, session, cipher, one.id)),
                one.similarity, one.lead, one.nearest,
            )
            for one in candidates.waiting(session, person)
        ]  # fmt: skip
        return waiting + [_taken(session, cipher, names, one) for one in candidates.grown(session, person)]


def take(engine: Engine, cipher: TemplateCipher, person: Person, view: View, at: datetime) -> str:
    """Let a capture join the template. Returns what came of it. Raises: UsageError, DatabaseError."""
    done = review.accept(engine, cipher, view.id, at=at, actor=DESK, of=person)
    looks = f" Looks like {', '.join(one.name for one in done.alike)} now." if done.alike else ""
    return f"{done.name} is recognised by {done.members} images from now on.{looks}"


def discard(engine: Engine, person: Person, view: View, at: datetime) -> str:
    """Delete a capture unused. Raises: UsageError, DatabaseError."""
    review.reject(engine, view.id, at=at, actor=DESK, of=person)
    return "The capture is deleted."


def roll_back(engine: Engine, cipher: TemplateCipher, person: Person, view: View, at: datetime) -> str:
    """Take an image that grew out of the template again. Raises: UsageError, DatabaseError."""
    review.roll_back(engine, cipher, view.id, at=at, actor=DESK, of=person)
    return "The template is without it again."


def _chip(session: Session, cipher: TemplateCipher, capture: UUID) -> bytes:
    return candidates.load_face(session, cipher, capture)[1]


def _taken(session: Session, cipher: TemplateCipher, names: dict[UUID, str], one: Template) -> View:
    assert one.sighting is not None
    seen = sightings.get(session, one.sighting)
    return View(
        one.id, False, seen.first_at if seen else one.created_at, _where(names, seen),
        _picture(lambda: templates.load_chip(session, cipher, one.id)), doubted=ledger.is_voided(session, one.sighting),
    )  # fmt: skip


def _picture(load: Callable[[], bytes | None]) -> RgbImage | None:
    """None for a damaged one: it can be discarded or rolled back all the same."""
    try:
        jpeg = load()
    except DatabaseDamaged:
        return None
    return decode_jpeg(jpeg) if jpeg else None


def _where(names: dict[UUID, str], seen: SightingRecord | None) -> str:
    return names.get(seen.kiosk, "") if seen else ""
