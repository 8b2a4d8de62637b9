"""The recorder: "not me", and people who were taken out of the gallery meanwhile."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from db.engine import reading, writing
from db.errors import InvalidRecord
from db.people import consents, look_alikes, people
from db.privacy import erasure
from db.records.people import Person
from db.verification import ledger_check
from monitor.domain import Phase
from tests.db.rows import mood_samples
from tests.monitor.recording.arrivals import AT, Listener, Record, Start, seen


def test_not_me_voids_takes_the_name_off_and_remembers(
    engine: Engine, ada: Person, told: Listener, start: Start
) -> None:
    recorder = start()
    stay = seen(ada)
    recorder.record(stay)
    checked_in = told.wait_for(2)[1]
    assert checked_in.attendance is not None
    recorder.void(checked_in.attendance, "door").result(60)
    recorder.record(replace(stay, phase=Phase.CONTINUED))
    recorder.record(seen(ada, minute=1))
    recorder.close()
    assert told.kinds == ["sighting", "check_in", "sighting", "check_in"]
    with reading(engine) as session:
        assert look_alikes.wrongly_named(session) == {ada.id: 1}
        wrongly = list(mood_samples(session, AT, AT + timedelta(minutes=1)))
        assert [sample.person for sample in wrongly] == [None, None]
        assert ledger_check.verify(session).whole


def test_a_void_of_nothing_fails_for_its_caller_only(ada: Person, told: Listener, start: Start) -> None:
    recorder = start()
    with pytest.raises(InvalidRecord, match="no attendance event"):
        recorder.void(uuid4(), "door").result(60)
    recorder.record(seen(ada))
    recorder.close()
    assert told.kinds == ["sighting", "check_in"]


def test_somebody_erased_while_in_view_is_unknown(engine: Engine, ada: Person, told: Listener, start: Start) -> None:
    recorder = start()
    stay = seen(ada)
    recorder.record(stay)
    told.wait_for(2)
    with writing(engine) as session:
        erasure.erase(session, ada.id, at=AT, actor="desk")
    recorder.record(replace(stay, phase=Phase.CONTINUED))
    recorder.record(seen(ada, minute=10))
    recorder.close()
    assert told.kinds == ["sighting", "check_in", "unknown"]
    assert recorder.lost == 0


@pytest.mark.parametrize("change", ["deactivated", "refused"])
def test_who_was_taken_out_of_the_gallery_is_not_checked_in(
    engine: Engine, ada: Person, told: Listener, record: Record, change: str
) -> None:
    with writing(engine) as session:
        if change == "deactivated":
            people.set_active(session, ada.id, False, at=AT, actor="desk")
        else:
            consents.set_consent(session, ada.id, "face", False, at=AT, actor="desk")
    record(seen(ada))
    assert told.kinds == ["unknown"]
