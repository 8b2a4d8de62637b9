"""The recorder: which captures wait for a review."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import Engine, update

from db.attendance import corrections
from db.engine import reading, writing
from db.faces import candidates, templates
from db.ids import new_id
from db.people import consents, people
from db.records.faces import WaitingCandidate
from db.records.people import Person
from db.schema.faces import TemplateRow
from monitor.domain import Embedding, Sighting
from monitor.recording.candidates import MOST_WAITING, TemplateCandidate
from tests.db.rows import enrol_image
from tests.monitor.recording.arrivals import AT, CIPHER, Listener, Start, seen

ENCODER = "test-1"
Offer: TypeAlias = Callable[..., UUID]
START = np.eye(128, dtype=np.float32)[0]


def _like(similarity: float, direction: int = 1) -> Embedding:
    """A unit embedding so similar to the enrolled image; others in other directions are less alike."""
    aside = np.eye(128, dtype=np.float32)[direction]
    return np.asarray(similarity * START + (1 - similarity**2) ** 0.5 * aside, np.float32)


@pytest.fixture
def member(engine: Engine, ada: Person) -> Person:
    """Ada with one image and her consent."""
    with writing(engine) as session:
        consents.set_consent(session, ada.id, "face", True, at=AT, actor="desk")
        enrol_image(session, CIPHER, ada.id, START, AT)
    return ada


@pytest.fixture
def offer(engine: Engine, member: Person, start: Start) -> Offer:
    """Records a sighting and offers a capture of it; gives the capture's sighting."""
    recorder = start()

    def settled() -> None:
        # Facts are written in order: when this one was refused, those before it are done.
        assert recorder.void(uuid4(), "test").exception(60)

    def offer(face: Embedding, *, minute: float = 0, named: Person | None = member, **changed: object) -> UUID:
        sighting = seen(named, minute)
        recorder.record(sighting)
        recorder.offer(replace(_capture(sighting, member), embedding=face, **changed))  # type: ignore[arg-type]
        settled()
        return sighting.id

    return offer


def _capture(sighting: Sighting, person: Person) -> TemplateCandidate:
    """A new look of the enrolled image's person."""
    chip = np.full((150, 150, 3), 128, np.uint8)
    return TemplateCandidate(sighting.id, person.id, AT, ENCODER, _like(0.95), chip, {"sharpness": 0.2}, 0.98, 0.03)


def _waiting(engine: Engine) -> list[WaitingCandidate]:
    with reading(engine) as session:
        return candidates.waiting(session)


def test_a_new_look_of_a_consenting_person_waits(engine: Engine, told: Listener, member: Person, offer: Offer) -> None:
    sighting = offer(_like(0.95))
    (waits,) = _waiting(engine)
    assert (waits.person, waits.sighting, waits.at) == (member.id, sighting, AT)
    assert waits.nearest == pytest.approx(0.95, abs=1e-5)
    assert told.kinds == ["sighting", "check_in"]
    with reading(engine) as session:
        face, chip = candidates.load_face(session, CIPHER, waits.id)
    assert np.array_equal(face, _like(0.95))
    assert chip[:2] == b"\xff\xd8"


@pytest.mark.parametrize("similarity", [0.98, 1.0])
def test_what_looks_like_an_image_that_is_there_adds_nothing(engine: Engine, offer: Offer, similarity: float) -> None:
    offer(_like(similarity))
    assert _waiting(engine) == []


def test_what_looks_like_a_waiting_capture_adds_nothing(engine: Engine, offer: Offer) -> None:
    offer(_like(0.95))
    offer(_like(0.94), minute=10)
    assert len(_waiting(engine)) == 1


@pytest.mark.parametrize("answer", [None, False])
def test_without_consent_nothing_waits(engine: Engine, ada: Person, start: Start, answer: bool | None) -> None:
    with writing(engine) as session:
        enrol_image(session, CIPHER, ada.id, START, AT)
        if answer is not None:
            consents.set_consent(session, ada.id, "face", answer, at=AT, actor="desk")
    recorder = start()
    sighting = seen(ada)
    recorder.record(sighting)
    recorder.offer(_capture(sighting, ada))
    recorder.close()
    assert _waiting(engine) == []
    assert recorder.lost == 0


def test_a_sighting_of_somebody_else_or_of_nobody_gives_nothing(engine: Engine, member: Person, offer: Offer) -> None:
    with writing(engine) as session:
        bob = people.add_person(session, "Bob", at=AT, actor="test")
    offer(_like(0.95), named=bob)
    offer(_like(0.95), named=None)
    offer(_like(0.95), sighting=new_id())
    assert _waiting(engine) == []


def test_a_person_has_few_captures_and_those_that_add_most(engine: Engine, offer: Offer) -> None:
    for place in range(MOST_WAITING):
        offer(_like(0.95 + place / 200, direction=1 + place), minute=place)
    offer(_like(0.97, direction=20), minute=50)
    assert [round(one.nearest, 3) for one in _waiting(engine)] == [0.95, 0.955, 0.96, 0.965]
    offer(_like(0.94, direction=21), minute=60)
    assert sorted(round(one.nearest, 3) for one in _waiting(engine)) == [0.94, 0.95, 0.955, 0.96]


def test_a_sighting_whose_entry_was_voided_gives_nothing_later(
    engine: Engine, told: Listener, member: Person, start: Start
) -> None:
    recorder = start()
    sighting = seen(member)
    recorder.record(sighting)
    checked_in = told.wait_for(2)[1]
    assert checked_in.attendance is not None
    with writing(engine) as session:
        desk = {"id": new_id(), "at": AT, "kiosk": recorder.kiosk, "actor": "desk", "reason": "that was not her"}
        corrections.void(session, checked_in.attendance, **desk)  # type: ignore[arg-type]
    recorder.offer(_capture(sighting, member))
    recorder.close()
    assert _waiting(engine) == []


def test_a_template_that_cannot_be_opened_does_not_hold_up_attendance(
    engine: Engine, told: Listener, member: Person, start: Start
) -> None:
    recorder = start()
    first, second = seen(member), seen(member, 10)
    recorder.record(first)
    checked_in = told.wait_for(2)[1]
    assert checked_in.attendance is not None
    with writing(engine) as session:
        session.execute(update(TemplateRow).values(embedding=b"damaged"))
        one = {"content_hash": "b" * 64, "encoder": ENCODER, "embedding": _like(0.9), "quality": {}, "source": ""}
        templates.add_template(session, CIPHER, member.id, at=AT, sighting=first.id, **one)  # type: ignore[arg-type]
    recorder.void(checked_in.attendance, "door")
    recorder.record(second)
    recorder.offer(_capture(second, member))
    recorder.record(seen(member, 20))
    recorder.close(timeout=60)
    assert told.kinds == ["sighting", "check_in", "sighting", "check_out", "sighting", "check_in"]
    assert recorder.lost == 2


def test_not_me_takes_the_capture_along(engine: Engine, told: Listener, member: Person, start: Start) -> None:
    recorder = start()
    sighting = seen(member)
    recorder.record(sighting)
    capture = _capture(sighting, member)
    recorder.offer(capture)
    checked_in = told.wait_for(2)[1]
    assert checked_in.attendance is not None
    recorder.void(checked_in.attendance, "door").result(60)
    assert _waiting(engine) == []
    recorder.offer(capture)
    recorder.close()
    assert _waiting(engine) == []
