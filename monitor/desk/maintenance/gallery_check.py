"""The gallery examines itself, at a quiet hour or when it is asked to. Every function blocks."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final, Unpack

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import audit
from db.attendance import ledger
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import templates
from db.observations import sightings, views
from db.people import expected_misses, pages
from db.records.faces import ExpectedMiss
from enroll.evaluation.nightly import Examination, examine
from monitor.config import Settings
from monitor.desk.actor import Actor
from monitor.pipeline.gallery_loader import load_people
from monitor.vision.matching.gallery import Gallery

ACTION: Final = "examine gallery"
"""How the audit log calls it."""
_MOST_DAYS: Final = 30
"""So far back kept views and entries by PIN are looked at, at most."""
_MOST_STRANGERS: Final = 5_000


def examine_gallery(engine: Engine, cipher: TemplateCipher, settings: Settings, **by: Unpack[Actor]) -> Examination:
    """Match kept views and strangers against the gallery as it is now, and keep what was found of each person.

    Raises:
        DatabaseError: the database cannot be read or written.
    """
    at = by["at"]
    gallery = load_people(engine, cipher, settings).gallery
    with reading(engine) as session:
        found = _examined(session, cipher, settings, gallery, at)
    with writing(engine) as session:
        there = pages.names(session, [one.person for one in found.served])  # the others were erased meanwhile
        kept = (
            ExpectedMiss(one.person, at, one.passages, one.expected, one.low, one.high, one.images)
            for one in found.served
            if one.person in there
        )
        expected_misses.replace_all(session, kept)
        audit.note(session, ACTION, detail=found.record(), **by)
    return found


def examine_when_due(engine: Engine, cipher: TemplateCipher, settings: Settings, at: datetime) -> Examination | None:
    """Examine the gallery once a day, from the hour of the settings on. Raises: DatabaseError."""
    if settings.examine_hour < 0:
        return None
    local = at.astimezone(settings.zone)
    due = local.replace(hour=settings.examine_hour, minute=0, second=0, microsecond=0)
    with reading(engine) as session:
        last = audit.latest(session, ACTION, at)
    if local < due or (last is not None and last.at >= due):
        return None
    return examine_gallery(engine, cipher, settings, at=at, actor="muster")


def _examined(
    session: Session, cipher: TemplateCipher, settings: Settings, gallery: Gallery, at: datetime
) -> Examination:
    names = gallery.roll.names()
    start = at - timedelta(days=min(settings.keep_views_days, _MOST_DAYS) or 1)
    faces = views.faces(session, cipher, start, at + timedelta(seconds=1))
    by_pin = Counter(
        one.person
        for one in ledger.between(session, start, at)
        if one.method == "pin" and one.kind in ("check_in", "check_out") and one.person is not None
    )
    strangers = [
        one.embedding
        for one in sightings.visitors(session, cipher, limit=_MOST_STRANGERS)
        if one.embedding is not None and one.sighting.first_at >= start
    ]
    return examine(
        gallery,
        names,
        templates.count_by_person(session, list(names)),
        ((person, seen) for (person, _), seen in faces.items()),
        strangers,
        by_pin,
    )
