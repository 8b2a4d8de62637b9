"""The pictures of why somebody was named: sealed, and gone with the person, the consent, the mistake and the time."""

from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine, text

from db.attendance import corrections, kiosks, ledger
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.errors import DatabaseDamaged
from db.ids import new_id
from db.observations import sightings, views
from db.people import consents, people
from db.privacy import erasure, merges, retention, rotation
from db.privacy.retention import Retention
from db.records.attendance import NewEvent
from db.records.observations import SightingRecord
from tests.db.doors import AT, CIPHER
from tests.db.rows import purge

FACE = np.full(256, 256**-0.5, np.float32)
JPEG = b"\xff\xd8 a face"
Named: TypeAlias = tuple[UUID, UUID, UUID]
"""Person, sighting and entry."""


@pytest.fixture
def named(engine: Engine) -> Named:
    """Somebody with two kept views."""
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=AT).id
        person = people.add_person(session, "Ada", at=AT, actor="desk").id
        seen = SightingRecord(new_id(), kiosk, 1, AT, AT, 3, person, person, 0.8, None, None, 0.6)
        sightings.add(session, CIPHER, seen)
        views.add(session, CIPHER, seen.id, [(AT, FACE, JPEG), (AT + timedelta(seconds=1), FACE[:128], JPEG)])
        event = NewEvent(new_id(), "check_in", person, AT, "UTC", kiosk, "face", "door", AT, sighting=seen.id)
        ledger.append(session, event)
    return person, seen.id, event.id


def _kept(engine: Engine, sighting: UUID) -> list[bytes]:
    with reading(engine) as session:
        return [view.jpeg for view in views.pictures(session, CIPHER, sighting)]


def test_views_come_back_as_they_were_and_a_second_try_adds_none(engine: Engine, named: Named) -> None:
    person, seen, _ = named
    with writing(engine) as session:
        views.add(session, CIPHER, seen, [(AT, FACE, b"another")])
    assert _kept(engine, seen) == [JPEG, JPEG]
    with reading(engine) as session:
        ((key, faces),) = views.faces(session, CIPHER, AT, AT + timedelta(days=1)).items()
        stored = [bytes(one) for one in session.scalars(text("SELECT chip FROM kept_view"))]
    assert key == (person, seen)
    assert faces[0] == pytest.approx(FACE, abs=1e-6)
    assert len(faces[1]) == 128
    assert not any(JPEG in one for one in stored)


@pytest.mark.parametrize("way", ["erased", "refused", "not me", "too old"])
def test_views_go(engine: Engine, named: Named, way: str) -> None:
    person, seen, event = named
    with writing(engine) as session:
        if way == "erased":
            erasure.erase(session, person, at=AT, actor="desk")
        elif way == "refused":
            consents.set_consent(session, person, "face", False, at=AT, actor="desk")
        elif way == "not me":
            kiosk = kiosks.all_kiosks(session)[0].id
            corrections.not_me(session, CIPHER, event, id=new_id(), at=AT, kiosk=kiosk, actor="door")
        else:
            rules, later = Retention(30, 30, 30, 7), AT + timedelta(days=8)
            assert retention.expired(session, rules, later).views == 2
            assert purge(session, rules, later, actor="desk").views == 2
    assert _kept(engine, seen) == []


def test_views_stay_while_they_may(engine: Engine, named: Named) -> None:
    with writing(engine) as session:
        consents.set_consent(session, named[0], "mood", False, at=AT, actor="desk")
        purge(session, Retention(30, 30, 30, 7), AT + timedelta(days=6), actor="desk")
    assert len(_kept(engine, named[1])) == 2


def test_views_are_the_other_persons_after_a_merge_and_open_with_a_new_key(engine: Engine, named: Named) -> None:
    new = TemplateCipher(b"n" * 32)
    with writing(engine) as session:
        bob = people.add_person(session, "Bob", at=AT, actor="desk").id
        merges.merge(session, CIPHER, named[0], bob, at=AT, actor="desk")
        rotation.reencrypt(session, CIPHER, new, at=AT, actor="desk")
    with reading(engine) as session:
        assert [view.jpeg for view in views.of_person(session, new, bob)] == [JPEG, JPEG]
        assert "seen-1-20260302-080000.jpg" in erasure.export_person(session, new, bob).images


def test_a_view_of_another_row_is_not_shown(engine: Engine, named: Named) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE kept_view SET chip = (SELECT max(chip) FROM kept_view)"))
    with pytest.raises(DatabaseDamaged):
        _kept(engine, named[1])
