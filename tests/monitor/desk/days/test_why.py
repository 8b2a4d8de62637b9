"""Why an entry was made: the reason in words, scores, pictures, and what another threshold would have said."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine

from db import audit
from db.attendance import kiosks, ledger
from db.crypto import TemplateCipher
from db.engine import reading, writing
from db.ids import new_id
from db.observations import sightings, views
from db.people import look_alikes, people
from db.records.attendance import Method, NewEvent
from db.records.observations import SightingRecord
from db.schema.observations import SightingRow
from monitor.config import Settings
from monitor.desk.days import corrections
from monitor.desk.days.evidence import Why, write_pictures, write_why
from monitor.desk.days.why import why, why_latest
from monitor.errors import MusterError, UsageError
from monitor.vision.jpeg import encode_jpeg
from tests.db.rows import newest_events

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SETTINGS = Settings(db="unused", time_zone="UTC")
CIPHER = TemplateCipher(bytes(32))
JPEG = encode_jpeg(np.full((150, 150, 3), 99, np.uint8))


@pytest.fixture
def store(sqlite: Engine) -> Engine:
    return sqlite


def entry(
    engine: Engine,
    *,
    method: Method = "face",
    similarity: float = 0.78,
    runner_up: float = 0.60,
    named: bool = True,
    threshold: float = 0.66,
    pictures: int = 2,
) -> tuple[UUID, UUID]:
    """The ids of an entry of Anna's and of its sighting; Eva is next."""
    with writing(engine) as session:
        kiosk = kiosks.register(session, "north", site="main", role="auto", time_zone="UTC", at=AT).id
        anna = people.add_person(session, "Anna", at=AT, actor="desk").id
        eva = people.add_person(session, "Eva", at=AT, actor="desk").id
        seen = SightingRecord(
            new_id(), kiosk, 1, AT, AT, 41, anna if named else None, anna, similarity, eva, runner_up, threshold,
            0.66, "both",
        )  # fmt: skip
        sightings.add(session, CIPHER, seen, portrait=None if named else JPEG)
        if named and pictures:
            face = np.full(128, 128**-0.5, np.float32)
            views.add(session, CIPHER, seen.id, [(AT, face, JPEG)] * pictures)
        event = NewEvent(
            new_id(), "check_in", anna, AT, "UTC", kiosk, method, "north", AT,
            sighting=seen.id if method == "face" else None,
        )  # fmt: skip
        if named:
            ledger.append(session, event)
        return event.id, seen.id


def asked(engine: Engine, id: UUID, **settings: float) -> Why:
    return why(engine, CIPHER, SETTINGS.model_copy(update=settings), id)


def test_a_named_entry_tells_scores_pictures_and_until_when(store: Engine) -> None:
    event, seen = entry(store)
    found = asked(store, event)
    assert (found.title, found.kiosk, found.method, found.voided) == ("Anna came in", "north", "face", False)
    assert found.sentence.startswith("Named, because both encoders agree")
    assert found.best is not None
    assert found.runner_up is not None
    assert (found.best.name, found.best.similarity, found.best.second) == ("Anna", 0.78, 0.66)
    assert (found.runner_up.name, found.runner_up.similarity) == ("Eva", 0.60)
    assert [one.picture.shape for one in found.pictures if one.picture is not None] == [(150, 150, 3)] * 2
    assert found.kept_until == AT + timedelta(days=7)
    assert found.sighting is not None
    assert found.sighting.id == seen


def test_another_threshold_would_have_said_something_else(store: Engine) -> None:
    event, _ = entry(store, similarity=0.67)
    verdicts = {one.target: (one.name, one.threshold) for one in asked(store, event).otherwise}
    assert verdicts[0.01][0] == "Anna"
    assert verdicts[0.01][1] == pytest.approx(0.66)
    assert verdicts[0.1][0] == "Anna"
    assert verdicts[0.001][0] is None
    assert [one.in_force for one in asked(store, event).otherwise] == [False, False, True, False, False]
    thresholds = [one.threshold for one in asked(store, event).otherwise]
    assert thresholds == sorted(thresholds, reverse=True)


def test_a_lead_that_is_too_small_names_at_no_threshold(store: Engine) -> None:
    event, _ = entry(store, runner_up=0.775)
    found = asked(store, event)
    assert all(one.name is None for one in found.otherwise)
    assert found.named_down_to is None
    assert found.needed_lead == pytest.approx(0.022)
    with writing(store) as session:
        person = people.find_by_part(session, "Anna")[0].id
        look_alikes.add_wrong_pair(session, person, event=event, sighting=None, similarity=0.7, at=AT, actor="desk")
    assert asked(store, event).needed_lead == pytest.approx(0.033), "a mistake asks for more"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"similarity": 0.6}, "Nobody was named, because Anna, the most similar, is 0.060 too low."),
        ({"runner_up": 0.77}, "Nobody was named, because the next best is only 0.010 behind Anna; 0.022 is needed."),
        ({}, "Past the threshold of Anna, but not named"),
    ],
)
def test_a_stranger_is_told_what_was_missing(store: Engine, changes: dict[str, float], sentence: str) -> None:
    _, seen = entry(store, named=False, **changes)  # type: ignore[arg-type]
    found = asked(store, seen)
    assert found.title == "Somebody unknown was seen"
    assert found.sentence.startswith(sentence)
    assert len(found.pictures) == 1
    assert found.kept_until == AT + timedelta(days=30)


def test_a_face_that_did_not_turn_is_told_first(store: Engine) -> None:
    _, seen = entry(store, named=False)
    with writing(store) as session:
        audit.note(session, "not live", at=AT, actor="north", detail={"sighting": str(seen), "relief": 0.02})
        audit.note(session, "not live", at=AT, actor="north", detail={"sighting": str(new_id())})
    found = asked(store, seen)
    assert "could have been a photograph" in found.sentence
    assert found.notes == ("The head did not turn as asked (relief 0.02).",)


def test_entries_by_pin_and_sightings_that_are_gone_say_so(store: Engine) -> None:
    event, _ = entry(store, method="pin")
    assert asked(store, event).sentence == "Number and PIN were typed at north; no face was compared."
    face, seen = entry(store)
    with writing(store) as session:
        session.delete(session.get(SightingRow, seen))
    assert "past its time" in asked(store, face).sentence


def test_the_latest_entry_of_a_person_and_a_day(store: Engine) -> None:
    event, _ = entry(store)
    with reading(store) as session:
        anna = people.find_by_part(session, "Anna")[0]
    assert why_latest(store, CIPHER, SETTINGS, anna).event == event
    with pytest.raises(UsageError, match="Anna has no entry on that day"):
        why_latest(store, CIPHER, SETTINGS, anna, AT + timedelta(days=1), AT + timedelta(days=2))
    with pytest.raises(UsageError, match="There is no entry and no face"):
        asked(store, new_id())


def test_it_was_somebody_else_voids_the_entry_and_deletes_its_pictures(store: Engine) -> None:
    event, seen = entry(store)
    corrections.not_me(store, CIPHER, SETTINGS, event, at=AT, actor="desk")
    found = asked(store, event)
    assert found.voided
    assert found.pictures == ()
    assert "The desk says: not me" in found.notes
    with reading(store) as session:
        assert newest_events(session)[0].kind == "void"
        person = people.find_by_part(session, "Anna")[0].id
        assert look_alikes.wrongly_named(session) == {person: 1}
        assert replace(sightings.get(session, seen) or pytest.fail("it stays"), person=None).person is None


def test_the_evidence_is_written_to_files(store: Engine, tmp_path: Path) -> None:
    event, _ = entry(store)
    found = asked(store, event)
    record = json.loads(write_why(found, tmp_path / "why.json").read_text())
    assert (record["event"], record["best"]["person"], record["threshold"]) == (str(event), "Anna", 0.66)
    files = write_pictures(found, tmp_path / "pictures")
    assert [file.stat().st_mode & 0o077 for file in (*files, tmp_path / "pictures")] == [0, 0, 0], "they show a face"
    (tmp_path / "file").touch()
    with pytest.raises(MusterError, match="cannot be written"):
        write_pictures(found, tmp_path / "file")
