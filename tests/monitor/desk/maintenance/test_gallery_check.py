"""The gallery's examination of itself: once a night, kept for each person, gone with them, told on the command line."""

import json
from collections.abc import Callable, Set
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine

from db import audit
from db.attendance import kiosks, ledger
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.faces import candidates
from db.faces.candidates import NewCandidate
from db.ids import new_id
from db.observations import sightings, views
from db.people import consents, expected_misses
from db.privacy import erasure
from db.records.attendance import NewEvent
from db.records.observations import SightingRecord
from db.records.people import Person
from monitor.config import Settings
from monitor.desk.maintenance.gallery_check import ACTION, examine_gallery, examine_when_due
from monitor.domain import Embedding
from monitor.pipeline.gallery_loader import load_people
from monitor.vision.encoder import ENCODER_NAME
from tests.enroll.conftest import MadeUp

SETTINGS = Settings(db="unused", time_zone="UTC", examine_hour=3)


def passed(engine: Engine, cipher: TemplateCipher, person: UUID | None, at: datetime, face: Embedding) -> None:
    """A sighting whose view, or unknown face, is kept."""
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=at).id
        seen = SightingRecord(new_id(), kiosk, 1, at, at, 9, person, person, 0.9, None, None, 0.6)
        sightings.add(session, cipher, seen, embedding=None if person else face)
        if person is not None:
            views.add(session, cipher, seen.id, [(at, face, b"jpeg")])


@pytest.fixture
def two(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], made_up: MadeUp, details: object
) -> tuple[Person, Person, datetime]:
    """Ada, who was seen three times, and Bob, who was taken for somebody who looks like nobody and used his PIN."""
    at = datetime.fromisoformat("2026-11-26T18:00:00+00:00")
    ada, bob = enrol("Ada"), enrol("Bob", images=1)
    for hours in range(3):
        (face,) = made_up.examination("Ada-0.jpg", "Ada").faces
        passed(engine, cipher, ada.id, at - timedelta(hours=hours), face.embedding)
    (stranger,) = made_up.examination("Zoe-0.jpg", "Zoe").faces
    passed(engine, cipher, bob.id, at, stranger.embedding)
    passed(engine, cipher, None, at, stranger.embedding)
    with writing(engine) as session:
        kiosk = kiosks.all_kiosks(session)[0].id
        ledger.append(session, NewEvent(new_id(), "check_in", bob.id, at, "UTC", kiosk, "pin", "door", at))
    return ada, bob, at + timedelta(hours=1)


def test_what_is_found_is_kept_for_each_person_and_counted_in_the_audit_log(
    engine: Engine, cipher: TemplateCipher, two: tuple[Person, Person, datetime]
) -> None:
    _, bob, now = two
    found = examine_gallery(engine, cipher, SETTINGS, at=now, actor="desk")
    assert [(one.name, one.missed, one.passages, one.images) for one in found.served] == [
        ("Bob", 2, 2, 1),
        ("Ada", 0, 3, 3),
    ]
    assert (found.fnir.count, found.fnir.trials, found.fpir.trials) == (2, 5, 1)
    with reading(engine) as session:
        worst = expected_misses.worst(session, 5)
        entry = audit.latest(session, ACTION)
    assert [one.person for one in worst] == [bob.id], "everybody else is under the bound"
    assert entry is not None
    assert entry.detail["soon_not_recognised"] == 1
    assert "Bob" not in json.dumps(dict(entry.detail))
    with writing(engine) as session:
        erasure.erase(session, bob.id, at=now, actor="desk")
        assert expected_misses.worst(session, 5) == []


def test_the_door_asks_the_worst_served_who_agreed_until_a_view_of_them_waits(
    engine: Engine, cipher: TemplateCipher, two: tuple[Person, Person, datetime]
) -> None:
    _, bob, now = two
    settings = SETTINGS.model_copy(update={"grow_templates": True, "ask_for_views": True})
    examine_gallery(engine, cipher, settings, at=now, actor="desk")

    def asked(settings: Settings = settings) -> Set[UUID]:
        return load_people(engine, cipher, settings).ask

    def agree(answer: bool) -> None:
        with writing(engine) as session:
            consents.set_consent(session, bob.id, "face", answer, at=now, actor="desk")

    agree(True)
    assert asked() == {bob.id}
    assert asked(SETTINGS) == asked(settings.model_copy(update={"grow_templates": False})) == set()
    with writing(engine) as session:
        face = np.eye(1, 128, dtype=np.float32)[0]
        view = NewCandidate(bob.id, new_id(), now, ENCODER_NAME, face, b"jpeg", {}, 0.9, 0.1, 0.9)
        waiting = candidates.add(session, cipher, view).id
    assert asked() == set()
    with writing(engine) as session:
        candidates.discard(session, waiting)
    assert asked() == {bob.id}
    agree(False)
    assert asked() == set()


def test_it_runs_once_a_day_from_its_hour_on(
    engine: Engine, cipher: TemplateCipher, two: tuple[Person, Person, datetime]
) -> None:
    midnight = datetime.fromisoformat("2026-11-27T00:00:00+00:00")

    def ran(hours: float, settings: Settings = SETTINGS) -> bool:
        return examine_when_due(engine, cipher, settings, midnight + timedelta(hours=hours)) is not None

    assert not ran(2.9)
    assert not ran(12, SETTINGS.model_copy(update={"examine_hour": -1}))
    assert [ran(hours) for hours in (3.1, 3.2, 23, 26.9, 27.5, 28)] == [True, False, False, False, True, False]


def test_views_past_their_time_do_not_count(
    engine: Engine, cipher: TemplateCipher, two: tuple[Person, Person, datetime]
) -> None:
    later = two[2] + timedelta(days=8)
    found = examine_gallery(engine, cipher, SETTINGS, at=later, actor="desk")
    assert (found.fnir.trials, found.fpir.trials) == (0, 0)
    assert np.isnan(found.fnir.value)
