"""The recorder: who gives number and PIN passes the door under the same rules as a face."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from db.attendance import corrections
from db.engine import reading, writing
from db.ids import new_id
from db.people import consents, look_alikes, people
from db.privacy import erasure
from db.records.people import Person
from db.verification import ledger_check
from monitor.domain import EventKind, KioskEvent
from tests.db.rows import newest_events
from tests.monitor.recording.arrivals import AT, Listener, Start, seen


class Clock:
    """Minutes after the start, set by the test."""

    minute = 0.0

    def __call__(self) -> datetime:
        return AT + timedelta(minutes=self.minute)


def test_a_pin_is_a_check_in_of_its_own_method(engine: Engine, ada: Person, told: Listener, start: Start) -> None:
    recorder = start(kiosk="front")
    recorder.record_pin(ada.id)
    (event,) = told.wait_for(1)
    assert event == KioskEvent(EventKind.CHECK_IN, AT, ada.id, "Ada", attendance=event.attendance)
    with reading(engine) as session:
        (written,) = newest_events(session)
        assert ledger_check.verify(session).whole
    assert (written.id, written.method, written.actor, written.sighting) == (event.attendance, "pin", "front", None)


def test_a_pin_needs_no_consent_to_the_face(engine: Engine, ada: Person, told: Listener, start: Start) -> None:
    with writing(engine) as session:
        consents.set_consent(session, ada.id, "face", False, at=AT, actor="desk")
    recorder = start()
    recorder.record_pin(ada.id)
    recorder.close()
    assert told.kinds == ["check_in"]


def test_who_was_just_seen_does_not_pass_again_by_pin(ada: Person, told: Listener, start: Start) -> None:
    recorder = start()
    recorder.record(seen(ada))
    recorder.record_pin(ada.id)
    recorder.close()
    assert told.kinds == ["sighting", "check_in", "sighting"]
    assert (told.events[-1].name, told.events[-1].text) == ("Ada", "Already checked in at 09:00.")
    assert told.events[-1].attendance is None


@pytest.mark.parametrize(
    ("role", "kinds"),
    [("auto", ["check_in", "check_out", "check_in"]), ("in", ["check_in"] * 2), ("out", ["check_out"] * 2)],
)
def test_the_doors_role_decides_what_a_pin_means(
    ada: Person, told: Listener, start: Start, role: str, kinds: list[str]
) -> None:
    clock = Clock()
    recorder = start(clock=clock, role=role)
    for minute in (0, 30, 60):
        clock.minute = minute
        recorder.record_pin(ada.id)
    recorder.close()
    assert [kind for kind in told.kinds if kind != "sighting"] == kinds
    assert len(told.kinds) == 3


def test_not_me_after_a_pin_says_nothing_about_the_face(
    engine: Engine, ada: Person, told: Listener, start: Start
) -> None:
    recorder = start()
    recorder.record_pin(ada.id)
    (event,) = told.wait_for(1)
    assert event.attendance is not None
    recorder.void(event.attendance, "door").result(60)
    recorder.close()
    with reading(engine) as session:
        assert look_alikes.wrongly_named(session) == {}
        assert [one.kind for one in newest_events(session)] == ["void", "check_in"]


def test_who_is_in_view_leaves_by_pin(ada: Person, told: Listener, start: Start) -> None:
    clock = Clock()
    recorder = start(clock=clock)
    recorder.record(seen(ada, lasting=1800))
    told.wait_for(2)
    clock.minute = 30
    recorder.record_pin(ada.id)
    recorder.record(seen(ada, minute=31))
    recorder.close()
    assert told.kinds == ["sighting", "check_in", "check_out", "sighting"]


@pytest.mark.parametrize("method", ["face", "pin"])
def test_after_a_void_at_the_desk_a_pin_checks_in_at_once(
    engine: Engine, ada: Person, told: Listener, start: Start, method: str
) -> None:
    recorder = start()
    if method == "face":
        recorder.record(seen(ada))
    else:
        recorder.record_pin(ada.id)
    event = told.wait_for(2 if method == "face" else 1)[-1]
    assert event.attendance is not None
    with writing(engine) as session:
        void = {"id": new_id(), "at": AT, "kiosk": recorder.kiosk, "actor": "desk", "reason": "by mistake"}
        corrections.void(session, event.attendance, **void)  # type: ignore[arg-type]
    recorder.record_pin(ada.id)
    recorder.close()
    assert told.kinds[-1] == "check_in"
    assert told.events[-1].attendance != event.attendance


@pytest.mark.parametrize("change", ["erased", "deactivated"])
def test_who_is_gone_when_the_pin_is_written_does_not_hold_up_the_next(
    engine: Engine, ada: Person, told: Listener, start: Start, change: str
) -> None:
    with writing(engine) as session:
        bob = people.add_person(session, "Bob", at=AT, actor="test")
        if change == "erased":
            erasure.erase(session, ada.id, at=AT, actor="desk")
        else:
            people.set_active(session, ada.id, False, at=AT, actor="desk")
    recorder = start()
    recorder.record_pin(ada.id)
    recorder.record_pin(bob.id)
    recorder.close()
    assert [(event.kind, event.name) for event in told.events] == [(EventKind.CHECK_IN, "Bob")]
    assert recorder.lost == 1


def test_at_some_hours_a_pin_has_to_follow_the_face_and_neither_counts_alone(
    engine: Engine, ada: Person, told: Listener, start: Start
) -> None:
    clock = Clock()
    recorder = start(clock=clock, face_and_pin="08:00-10:00")
    recorder.record_pin(ada.id)
    assert told.wait_for(1)[-1].asks == "face"
    clock.minute = 1
    recorder.record(seen(ada, 1))
    assert told.wait_for(2)[-1].asks == "pin"
    with reading(engine) as session:
        assert newest_events(session) == []
    clock.minute = 2
    recorder.record_pin(ada.id)
    told.wait_for(3)
    clock.minute = 59
    recorder.record_pin(ada.id)
    assert told.wait_for(4)[-1].asks == "face", "the face was in view too long ago"
    recorder.record(seen(ada, 60))  # ten o'clock: a face alone is enough again
    recorder.close()
    assert told.kinds == ["sighting", "sighting", "check_in", "sighting", "sighting", "check_out"]
    with reading(engine) as session:
        assert [one.method for one in newest_events(session)] == ["face", "pin"]
