"""The recorder: a named face that is not known to be alive is nobody's until it is, and checks nobody in."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from db.engine import reading
from db.observations import sightings
from db.people import pages
from db.records.pages import Want
from db.records.people import Person
from monitor.domain import EventKind, Phase, Sighting
from tests.db.rows import mood_samples, newest_events
from tests.monitor.recording.arrivals import AT, HAPPY, Listener, Record, Start, seen


def named(person: Person, minute: float = 0) -> Sighting:
    """Recognised, not yet known to be alive."""
    return replace(seen(person, minute), live=False)


def test_nothing_is_told_and_nobody_checks_in_before_the_face_is_live(
    engine: Engine, ada: Person, told: Listener, record: Record
) -> None:
    arrival = named(ada)
    record(arrival, replace(arrival, phase=Phase.CONTINUED), mood="individual")
    assert told.events == []
    with reading(engine) as session:
        assert newest_events(session) == []
        assert mood_samples(session, AT, AT + timedelta(days=1)) == []
        kept = sightings.get(session, arrival.id)
        assert kept is not None
        assert (kept.person, kept.best) == (None, ada.id)
        assert sightings.count_visitors(session) == 0
        assert sightings.last_seen(session, ada.id, AT, AT + timedelta(minutes=1), other_than=None) is None


def test_who_turns_out_to_be_live_checks_in_at_the_time_of_arrival(
    engine: Engine, ada: Person, told: Listener, start: Start
) -> None:
    recorder = start()
    arrival = named(ada)
    recorder.record(arrival)
    recorder.record(replace(arrival, phase=Phase.LIVE, live=True, last_at=AT + timedelta(seconds=5)))
    sighted, checked_in = told.wait_for(2)
    assert (sighted.kind, checked_in.kind, checked_in.at) == (EventKind.SIGHTING, EventKind.CHECK_IN, AT)
    recorder.close()
    with reading(engine) as session:
        kept = sightings.get(session, arrival.id)
        assert kept is not None
        assert kept.person == ada.id
        (sample,) = mood_samples(session, AT, AT + timedelta(days=1))
        assert (sample.person, sample.label) == (ada.id, HAPPY.label)


def test_who_is_not_live_is_told_and_audited_with_the_evidence(
    engine: Engine, ada: Person, told: Listener, start: Start
) -> None:
    recorder = start(kiosk="front")
    arrival = named(ada)
    recorder.record(arrival)
    evidence: dict[str, float | str] = {"life": 0.01, "failed_2": "no turn"}
    after = AT + timedelta(seconds=9)
    recorder.record(replace(arrival, phase=Phase.NOT_LIVE, last_at=after, evidence=evidence))
    (turned_away,) = told.wait_for(1)
    assert (turned_away.kind, turned_away.name, turned_away.at) == (EventKind.NOT_LIVE, "Ada", after)
    assert turned_away.attendance is None
    assert turned_away.mood is None
    recorder.close()
    with reading(engine) as session:
        assert newest_events(session) == []
        (entry,) = (one for one in pages.audit_page(session, Want(9)).items if one.action == "not live")
        assert (entry.actor, entry.person) == ("front", ada.id)
        assert entry.detail == {"sighting": str(arrival.id), **evidence}


def test_a_photograph_a_minute_before_does_not_keep_the_real_person_out(
    ada: Person, told: Listener, start: Start
) -> None:
    recorder = start(cool_down_minutes=2)
    recorder.record(named(ada))
    recorder.record(seen(ada, 1))
    assert [one.kind for one in told.wait_for(2)] == [EventKind.SIGHTING, EventKind.CHECK_IN]


def test_a_pin_checks_in_whoever_was_not_live(ada: Person, told: Listener, start: Start) -> None:
    recorder = start()
    recorder.record(replace(named(ada), phase=Phase.NOT_LIVE))
    recorder.record_pin(ada.id)
    assert [one.kind for one in told.wait_for(2)] == [EventKind.NOT_LIVE, EventKind.CHECK_IN]
