"""A kiosk with a database of its own, for tests that forward it to a shared one."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db import audit
from db.attendance import kiosks, ledger
from db.crypto import TemplateCipher
from db.engine import open_database, reading, writing
from db.faces import templates
from db.ids import new_id
from db.observations import moods, sightings
from db.people import consents, people
from db.privacy import erasure, merges
from db.records.attendance import NewEvent
from db.records.moods import MoodSample
from db.records.observations import SightingRecord
from db.schema.attendance import EventRow
from db.schema.faces import TemplateRow
from db.schema.forwarding import ForwardedRow, SiteEventRow
from db.schema.people import PersonRow, SubjectRow
from db.verification import ledger_check

HAPPY = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CIPHER = TemplateCipher(bytes(range(32)))
FACE = np.full(128, 0.1, np.float32)


class Door:
    """A kiosk with a database of its own."""

    def __init__(self, file: Path, at: datetime, site: str = "main", name: str = "door") -> None:
        self.engine = open_database(str(file))
        self.at = at
        with writing(self.engine) as session:
            self.kiosk = kiosks.register(session, name, site=site, role="auto", time_zone="UTC", at=at).id

    def enrol(self, name: str, number: str | None = None) -> UUID:
        with writing(self.engine) as session:
            person = people.add_person(session, name, number=number, at=self.at, actor="desk").id
            consents.set_consent(session, person, "face", True, at=self.at, actor="desk")
            return person

    def see(self, person: UUID | None, minute: float = 0, *, token: str | None = None) -> UUID:
        """A sighting with a mood and, for somebody known, a check-in; gives the sighting."""
        at = self.at + timedelta(minutes=minute)
        seen = SightingRecord(new_id(), self.kiosk, 1, at, at, 3, person, person, 0.9, None, None, 0.5)
        face = np.full(128, 0.1, np.float32) if person is None else None
        with writing(self.engine) as session:
            sightings.add(session, CIPHER, seen, embedding=face)
            if token:
                moods.add(session, self.kiosk, MoodSample(at, None, None, "Team", token, "happy", HAPPY))
            else:
                moods.add(session, self.kiosk, MoodSample(at, person, seen.id, "Team", None, "happy", HAPPY))
            if person is not None:
                event = NewEvent(
                    new_id(), "check_in", person, at, "UTC", self.kiosk, "face", "door", at, sighting=seen.id
                )
                ledger.append(session, event)
        return seen.id

    def head(self) -> str:
        with reading(self.engine) as session:
            return ledger_check.verify(session).head


ACTS = ("enrol", "enrol", "see", "see", "see", "rename", "image", "move", "merge", "erase")
"""What happens at a door, as often as it stands here."""


def act(draw: random.Random, door: Door, key: TemplateCipher, minute: float, acts: Sequence[str] = ACTS) -> None:
    """Somebody is enrolled, seen, renamed, merged or erased at this door, or an image is added or moved.

    Args:
        key: of the door's faces.
        minute: after the door's `at`.
    """
    at = door.at + timedelta(minutes=minute)
    with reading(door.engine) as session:
        there = sorted(session.scalars(select(PersonRow.id)))
    what = draw.choice(acts)
    if what == "enrol" or len(there) < 3:
        person = door.enrol(f"P{draw.getrandbits(40):x}")
        with writing(door.engine) as session:
            _add_image(session, key, person, draw, at)
        return
    one, other = draw.sample(there, 2)
    if what == "see":
        door.see(one, minute)
        return
    with writing(door.engine) as session:
        if what == "rename":
            people.rename(session, one, f"R{draw.getrandbits(40):x}", at=at, actor="desk")
        elif what == "image":
            _add_image(session, key, one, draw, at)
            audit.note(session, "add template", person=one, at=at, actor="desk")
        elif what == "move":
            for image in templates.list_templates(session, one)[:1]:
                templates.delete_template(session, image.id, at=at, actor="desk", moved=True)
                _add_image(session, key, other, draw, at)
        elif what == "merge":
            merges.merge(session, key, one, other, at=at, actor="desk")
        else:
            erasure.erase(session, one, at=at, actor="desk")


def _add_image(session: Session, key: TemplateCipher, person: UUID, draw: random.Random, at: datetime) -> None:
    templates.add_template(
        session, key, person, content_hash=f"{draw.getrandbits(250):064x}", encoder="dlib", embedding=FACE,
        quality={}, source="a.jpg", at=at,
    )  # fmt: skip


def origins(session: Session) -> list[UUID]:
    """The chains of which events were forwarded here."""
    return list(session.scalars(select(ForwardedRow.origin).distinct()))


def facts(engine: Engine) -> tuple[object, ...]:
    """Who is there with how many images, whose pseudonyms are whose, and every event."""
    with reading(engine) as session:
        names = dict(session.execute(select(PersonRow.id, PersonRow.name)).all())
        images = sorted(session.execute(select(TemplateRow.id, TemplateRow.person_id)).all())
        whose = dict(session.execute(select(SubjectRow.id, SubjectRow.person_id)).all())
        events: set[UUID] = {*session.scalars(select(EventRow.id)), *session.scalars(select(SiteEventRow.id))}
    return names, images, whose, events
