"""The recorder: what is written for each phase of a sighting, and in which order it is told."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Engine

from db.attendance import ledger
from db.engine import reading
from db.ids import new_id
from db.observations import moods, sightings
from db.records.people import Person
from monitor.config import Settings
from monitor.domain import Candidate, EventKind, KioskEvent, Match, Phase
from monitor.recording.recorder import Recorder
from tests.db.rows import mood_samples, newest_events
from tests.monitor.recording.arrivals import AT, CIPHER, FACE, HAPPY, Listener, Record, Start, seen


def test_an_arrival_is_sighting_check_in_and_mood(engine: Engine, ada: Person, told: Listener, start: Start) -> None:
    recorder = start(kiosk="front", site="HQ")
    arrival = seen(ada)
    recorder.record(arrival)
    sighted, checked_in = told.wait_for(2)
    assert (sighted.kind, checked_in.kind) == (EventKind.SIGHTING, EventKind.CHECK_IN)
    assert (checked_in.name, checked_in.at, checked_in.track, checked_in.similarity) == ("Ada", AT, 7, 0.8)
    assert (checked_in.sighting, checked_in.mood) == (arrival.id, HAPPY)
    with reading(engine) as session:
        (row,) = newest_events(session)
        assert (row.id, row.person, row.kind, row.sighting) == (checked_in.attendance, ada.id, "check_in", arrival.id)
        assert (row.time_zone, row.actor, row.kiosk, row.method) == ("Europe/Berlin", "front", recorder.kiosk, "face")
        (sample,) = mood_samples(session, AT, AT + timedelta(days=1))
        assert (sample.person, sample.group, sample.label) == (ada.id, "Team", "happy")
        kept = sightings.get(session, arrival.id)
        assert kept is not None
        assert kept.person == ada.id


def test_what_a_name_hung_on_is_kept_and_told(engine: Engine, ada: Person, told: Listener, start: Start) -> None:
    arrival = seen(ada)
    match = Match(
        Candidate(ada.id, "Ada", 0.81, 0.62),
        Candidate(new_id(), "Gone", 0.51, 0.2),
        0.66,
        accepted=True,
        encoders="both",
    )
    start().record(replace(arrival, match=match))
    checked_in = told.wait_for(2)[1]
    assert (checked_in.similarity, checked_in.second_similarity, checked_in.threshold) == (0.81, 0.62, 0.66)
    assert checked_in.runner_up == match.runner_up
    with reading(engine) as session:
        kept = sightings.get(session, arrival.id)
    assert kept is not None
    assert (kept.similarity, kept.second_similarity, kept.threshold, kept.encoders) == (0.81, 0.62, 0.66, "both")
    assert (kept.runner_up, kept.runner_up_similarity) == (None, 0.51)  # who is not in the database has no row


def test_events_are_told_only_when_they_are_in_the_database(engine: Engine, ada: Person, start: Start) -> None:
    found: list[bool] = []

    def look(told: KioskEvent) -> None:
        with reading(engine) as session:
            found.append(told.attendance is None or ledger.get(session, told.attendance) is not None)

    recorder = Recorder(engine, CIPHER, Settings(db="unused"), publish=look, clock=lambda: AT)
    recorder.record(seen(ada))
    recorder.close()
    assert found == [True, True]


def test_coming_back_is_a_check_out_but_lingering_is_not(ada: Person, told: Listener, record: Record) -> None:
    stay = seen(ada)
    record(
        stay,
        replace(stay, phase=Phase.CLOSED, last_at=AT + timedelta(minutes=30)),
        seen(ada, minute=31),
        seen(ada, minute=40),
    )
    assert told.kinds == ["sighting", "check_in", "sighting", "sighting", "check_out"]
    assert told.events[2].text == "Already checked in at 09:00."


@pytest.mark.parametrize(("role", "kind"), [("in", "check_in"), ("out", "check_out")])
def test_a_one_way_door_makes_one_kind_and_a_new_one_after_an_hour(
    ada: Person, told: Listener, record: Record, role: str, kind: str
) -> None:
    # Who comes in again an hour later left unseen.
    record(*(seen(ada, minute) for minute in (0, 30, 57, 60)), role=role)
    assert told.kinds == ["sighting", kind, "sighting", "sighting", "sighting", kind]


def test_a_new_day_begins_with_a_check_in(ada: Person, told: Listener, record: Record) -> None:
    record(seen(ada), seen(ada, minute=24 * 60))
    assert told.kinds == ["sighting", "check_in"] * 2


def test_an_unknown_face_is_kept_until_it_gets_a_name(
    engine: Engine, ada: Person, told: Listener, start: Start
) -> None:
    recorder = start()
    stranger = seen(None)
    recorder.record(stranger)
    told.wait_for(1)
    with reading(engine) as session:
        (visitor,) = sightings.visitors(session, CIPHER)
        assert visitor.embedding is not None
        assert np.array_equal(visitor.embedding, FACE)
        assert (visitor.portrait or b"")[:2] == b"\xff\xd8"
    recorder.record(seen(ada, phase=Phase.IDENTIFIED, id=stranger.id))
    recorder.close()
    assert told.kinds == ["unknown", "sighting", "check_in"]
    with reading(engine) as session:
        assert sightings.visitors(session, CIPHER) == []
        named = sightings.get(session, stranger.id)
        assert named is not None
        assert named.person == ada.id


def test_the_same_fact_twice_is_written_once(engine: Engine, ada: Person, told: Listener, record: Record) -> None:
    stay = seen(ada)
    record(stay, stay)
    assert told.kinds == ["sighting", "check_in", "sighting"]
    with reading(engine) as session:
        assert (ledger.count(session), moods.count(session)) == (1, 1)
