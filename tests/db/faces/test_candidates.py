"""Captures in quarantine: they change nothing, leave with their person, and become templates that roll back."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine

from db.attendance import corrections, kiosks, ledger
from db.crypto import TemplateCipher
from db.engine import reading, scrub, writing
from db.errors import InvalidRecord
from db.faces import candidates, templates
from db.faces.candidates import NewCandidate
from db.ids import new_id
from db.observations import sightings
from db.people import consents, look_alikes, people
from db.people.gallery import load_gallery
from db.privacy import erasure, merges, rotation
from db.privacy.retention import Retention
from db.records.attendance import NewEvent
from db.records.faces import WaitingCandidate
from db.records.observations import SightingRecord
from db.records.people import Person
from tests.db.doors import AT, CIPHER
from tests.db.rows import enrol_image, newest_entries, newest_events, purge

ENCODER = "test-1"
Keep = Callable[..., WaitingCandidate]


def _face(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).standard_normal(128).astype(np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


@pytest.fixture
def ada(engine: Engine) -> Person:
    """Somebody with one enrolled image."""
    with writing(engine) as session:
        person = people.add_person(session, "Ada", at=AT, actor="desk")
        enrol_image(session, CIPHER, person.id, _face(1), AT)
        templates.refresh_mean(session, CIPHER, person.id, ENCODER, at=AT)
        return person


@pytest.fixture
def keep(engine: Engine) -> Keep:
    """Keeps a capture of a sighting that checked somebody in."""

    def keep(person: Person, seed: int = 2) -> WaitingCandidate:
        with writing(engine) as session:
            kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=AT).id
            seen = SightingRecord(new_id(), kiosk, 1, AT, AT, 9, person.id, person.id, 0.97, None, None, 0.94)
            sightings.add(session, CIPHER, seen)
            event = NewEvent(new_id(), "check_in", person.id, AT, "UTC", kiosk, "face", "door", AT, sighting=seen.id)
            ledger.append(session, event)
            chip = f"chip {seed}".encode()
            capture = NewCandidate(
                person.id, seen.id, AT, ENCODER, _face(seed), chip, {"sharpness": 0.2}, 0.97, 0.03, 0.9
            )
            return candidates.add(session, CIPHER, capture)

    return keep


def _mean(engine: Engine) -> tuple[bytes, int]:
    with reading(engine) as session:
        (one,) = load_gallery(session, CIPHER, ENCODER)
    return one.embedding.tobytes(), one.members


def _event_of(engine: Engine, capture: WaitingCandidate) -> UUID:
    with reading(engine) as session:
        return next(one.id for one in newest_events(session) if one.sighting == capture.sighting)


def test_what_waits_changes_nothing(engine: Engine, ada: Person, keep: Keep) -> None:
    before = _mean(engine)
    capture = keep(ada)
    assert _mean(engine) == before
    with reading(engine) as session:
        assert len(templates.load_members(session, CIPHER, ada.id, ENCODER)) == 1
        assert templates.count_by_person(session, [ada.id]) == {ada.id: 1}
        assert candidates.waiting(session) == candidates.waiting(session, ada.id) == [capture]
        assert candidates.accepted(session) == []
    assert (capture.name, capture.similarity, capture.lead, capture.nearest) == ("Ada", 0.97, 0.03, 0.9)


def test_what_is_accepted_is_a_template_until_it_is_rolled_back(engine: Engine, ada: Person, keep: Keep) -> None:
    before = _mean(engine)
    capture = keep(ada)
    with writing(engine) as session:
        grown = candidates.accept(session, CIPHER, capture.id, at=AT, actor="desk")
        templates.refresh_mean(session, CIPHER, ada.id, ENCODER, at=AT)
        assert candidates.waiting(session) == []
        assert candidates.accepted(session, ada.id) == [grown]
        assert (grown.sighting, grown.source) == (capture.sighting, "door, 2026-03-02 08:00 UTC")
        assert templates.load_chip(session, CIPHER, grown.id) == b"chip 2"
    mean, members = _mean(engine)
    assert members == 2
    assert np.allclose(np.frombuffer(mean, np.float32), (_face(1) + _face(2)) / 2, atol=1e-6)
    with writing(engine) as session:
        candidates.roll_back(session, grown.id, at=AT, actor="desk")
        templates.refresh_mean(session, CIPHER, ada.id, ENCODER, at=AT)
        said = [entry.action for entry in newest_entries(session, person=ada.id)]
    assert _mean(engine) == before
    assert {"quarantine capture", "accept capture", "delete template"} <= set(said)


def test_only_what_grew_can_be_rolled_back(engine: Engine, ada: Person) -> None:
    with reading(engine) as session:
        (enrolled,) = templates.list_templates(session, ada.id)
    for template in (enrolled.id, new_id()):
        with pytest.raises(InvalidRecord, match="nothing can be rolled back"), writing(engine) as session:
            candidates.roll_back(session, template, at=AT, actor="desk")


def test_a_rejected_capture_is_gone(engine: Engine, ada: Person, keep: Keep) -> None:
    capture = keep(ada)
    with writing(engine) as session:
        candidates.reject(session, capture.id, at=AT, actor="desk")
    with pytest.raises(InvalidRecord, match="No capture"), writing(engine) as session:
        candidates.accept(session, CIPHER, capture.id, at=AT, actor="desk")
    with reading(engine) as session:
        assert candidates.waiting(session) == []
        assert newest_entries(session, limit=1)[0].action == "reject capture"


def test_a_sighting_gives_one_capture(engine: Engine, ada: Person, keep: Keep) -> None:
    capture = keep(ada)
    again = NewCandidate(ada.id, capture.sighting, AT, ENCODER, _face(3), b"chip", {}, 0.97, 0.03, 0.9)
    with pytest.raises(InvalidRecord, match="already"), writing(engine) as session:
        candidates.add(session, CIPHER, again)
    with writing(engine) as session:
        candidates.accept(session, CIPHER, capture.id, at=AT, actor="desk")
    with pytest.raises(InvalidRecord, match="already"), writing(engine) as session:
        candidates.add(session, CIPHER, again)
    with pytest.raises(InvalidRecord, match="no person"), writing(engine) as session:
        candidates.add(session, CIPHER, replace(again, person=new_id(), sighting=new_id()))


def test_faces_are_sealed_and_follow_a_new_key(sqlite: Engine) -> None:
    with writing(sqlite) as session:
        person = people.add_person(session, "Ada", at=AT, actor="desk")
        one = NewCandidate(person.id, new_id(), AT, ENCODER, _face(2), b"chip in the clear", {}, 0.97, 0.03, 0.9)
        capture = candidates.add(session, CIPHER, one)
    scrub(sqlite)
    content = Path(str(sqlite.url.database)).read_bytes()
    assert b"chip in the clear" not in content
    assert _face(2).tobytes()[:32] not in content
    new = TemplateCipher(b"n" * 32)
    with writing(sqlite) as session:
        assert rotation.reencrypt(session, CIPHER, new, at=AT, actor="desk") == 2
    with reading(sqlite) as session:
        face, chip = candidates.load_face(session, new, capture.id)
    assert (face.tobytes(), chip) == (_face(2).tobytes(), b"chip in the clear")


def test_an_export_holds_what_waits_and_erasing_takes_it(engine: Engine, ada: Person, keep: Keep) -> None:
    capture = keep(ada)
    with reading(engine) as session:
        export = erasure.export_person(session, CIPHER, ada.id)
    assert export.images["waiting-1.jpg"] == b"chip 2"
    assert [one["id"] for one in export.data["waiting_captures"]] == [str(capture.id)]
    json.dumps(export.data)
    with writing(engine) as session:
        assert erasure.erase(session, ada.id, at=AT, actor="desk").templates == 2
        assert candidates.waiting(session) == []


def test_who_takes_back_their_consent_loses_what_waits(engine: Engine, ada: Person, keep: Keep) -> None:
    keep(ada)
    with writing(engine) as session:
        consents.set_consent(session, ada.id, "mood", False, at=AT, actor="desk")
        assert len(candidates.waiting(session)) == 1
        consents.set_consent(session, ada.id, "face", False, at=AT, actor="desk")
        assert candidates.waiting(session) == []


def test_a_voided_entry_takes_its_capture_and_no_other(engine: Engine, ada: Person, keep: Keep) -> None:
    wrong, right = keep(ada, 2), keep(ada, 3)
    with writing(engine) as session:
        kiosk = kiosks.all_kiosks(session)[0].id
        event = _event_of(engine, wrong)
        void = corrections.void(session, event, id=new_id(), at=AT, kiosk=kiosk, actor="desk", reason="mistake")
    with reading(engine) as session:
        assert [one.id for one in candidates.waiting(session)] == [right.id]
        assert corrections.is_voided(session, wrong.sighting)
        assert not corrections.is_voided(session, right.sighting)
    with writing(engine) as session:
        corrections.void(session, void.id, id=new_id(), at=AT, kiosk=kiosk, actor="desk", reason="it was right")
        assert not corrections.is_voided(session, wrong.sighting), "the void is void, so the entry counts again"


@pytest.mark.parametrize("voided_before", [False, True])
def test_not_me_takes_back_what_was_accepted(engine: Engine, ada: Person, keep: Keep, voided_before: bool) -> None:
    before = _mean(engine)
    capture = keep(ada)
    with writing(engine) as session:
        candidates.accept(session, CIPHER, capture.id, at=AT, actor="desk")
        templates.refresh_mean(session, CIPHER, ada.id, ENCODER, at=AT)
    event = _event_of(engine, capture)
    with writing(engine) as session:
        kiosk = kiosks.all_kiosks(session)[0].id
        if voided_before:
            corrections.void(session, event, id=new_id(), at=AT, kiosk=kiosk, actor="desk", reason="mistake")
        for _ in range(2):
            corrections.not_me(session, CIPHER, event, id=new_id(), at=AT, kiosk=kiosk, actor="door")
    assert _mean(engine) == before
    with reading(engine) as session:
        assert candidates.accepted(session) == []
        assert look_alikes.wrongly_named(session) == {ada.id: 1}


def test_a_merge_does_not_keep_what_waits(engine: Engine, ada: Person, keep: Keep) -> None:
    keep(ada)
    with writing(engine) as session:
        bob = people.add_person(session, "Bob", at=AT, actor="desk")
        merges.merge(session, CIPHER, ada.id, bob.id, at=AT, actor="desk")
        assert candidates.waiting(session) == []
        assert people.get_person(session, bob.id).name == "Bob"


def test_what_nobody_reviewed_is_deleted_after_its_time(engine: Engine, ada: Person, keep: Keep) -> None:
    accepted, waits = keep(ada, 2), keep(ada, 3)
    with writing(engine) as session:
        candidates.accept(session, CIPHER, accepted.id, at=AT, actor="desk")
        assert purge(session, Retention(9, 99, 99), AT + timedelta(days=9), actor="desk").captures == 0
        assert [one.id for one in candidates.waiting(session)] == [waits.id]
        assert purge(session, Retention(9, 99, 99), AT + timedelta(days=10), actor="desk").captures == 1
        assert candidates.waiting(session) == []
        assert len(candidates.accepted(session)) == 1
