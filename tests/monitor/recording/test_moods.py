"""The recorder: which moods are written down, and what leads from them to a person."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from db.engine import reading, writing
from db.observations import moods, sightings
from db.people import consents
from db.records.moods import STRANGER
from db.records.people import Person
from db.schema.moods import CrowdSecretRow
from monitor.domain import MoodScores, Phase, Unclear
from tests.db.rows import mood_samples
from tests.monitor.recording.arrivals import AT, Listener, Record, Start, seen


def test_moods_are_written_while_somebody_stays(engine: Engine, ada: Person, record: Record) -> None:
    stay = seen(ada)
    stays = [replace(stay, phase=Phase.CONTINUED, last_at=AT + timedelta(seconds=seconds)) for seconds in (5, 10)]
    gone = replace(stay, phase=Phase.CLOSED, last_at=AT + timedelta(seconds=12), frames=99, mood=None)
    record(stay, *stays, gone)
    with reading(engine) as session:
        assert moods.count(session) == 3
        kept = sightings.get(session, stay.id)
        assert kept is not None
        assert (kept.last_at, kept.frames) == (AT + timedelta(seconds=12), 99)


def test_who_refuses_mood_still_checks_in(engine: Engine, ada: Person, told: Listener, record: Record) -> None:
    with writing(engine) as session:
        consents.set_consent(session, ada.id, "mood", False, at=AT + timedelta(seconds=1), actor="desk")
    record(seen(ada))
    assert told.kinds == ["sighting", "check_in"]
    assert [one.mood for one in told.events] == [None, None]
    with reading(engine) as session:
        assert moods.count(session) == 0


@pytest.mark.parametrize("mode", ["individual", "aggregate"])
def test_whom_nobody_asked_is_recognised_and_their_mood_not_kept(
    mode: str, engine: Engine, unasked: Person, told: Listener, record: Record
) -> None:
    stay = seen(unasked)
    record(stay, replace(stay, phase=Phase.CONTINUED), mood=mode)
    assert told.kinds == ["sighting", "check_in"]
    assert [one.mood for one in told.events] == [None, None]
    with reading(engine) as session:
        assert moods.count(session) == 0


def test_consent_may_be_assumed_of_whom_nobody_asked_but_not_against_a_refusal(
    engine: Engine, unasked: Person, record: Record
) -> None:
    record(seen(unasked), consent="assumed")
    with reading(engine) as session:
        assert moods.count(session) == 1
    with writing(engine) as session:
        consents.set_consent(session, unasked.id, "mood", False, at=AT, actor="desk")
    record(seen(unasked, minute=9), consent="assumed")
    with reading(engine) as session:
        assert moods.count(session) == 1


def test_moods_from_before_the_name_go_when_their_person_did_not_agree(
    engine: Engine, ada: Person, unasked: Person, start: Start
) -> None:
    recorder = start()
    for person in (ada, unasked):
        nameless = seen(None)
        recorder.record(nameless)
        recorder.record(seen(person, phase=Phase.IDENTIFIED, id=nameless.id))
    recorder.close()
    with reading(engine) as session:
        samples = list(mood_samples(session, AT - timedelta(days=1), AT + timedelta(days=1)))
    assert [sample.person for sample in samples] == [None, ada.id]


def test_a_face_that_could_not_be_judged_is_kept_as_unsure(engine: Engine, ada: Person, record: Record) -> None:
    record(seen(ada, mood=MoodScores.unjudged(Unclear.BLURRED)))
    with reading(engine) as session:
        (sample,) = mood_samples(session, AT - timedelta(days=1), AT + timedelta(days=1))
    assert (sample.label, sample.probabilities) == ("unsure", (0.0,) * 7)


def test_off_keeps_no_mood(engine: Engine, ada: Person, told: Listener, record: Record) -> None:
    record(seen(ada), mood="off")
    assert told.events[-1].mood is None
    with reading(engine) as session:
        assert moods.count(session) == 0


def test_in_aggregate_mode_nothing_leads_from_a_mood_to_a_person(
    engine: Engine, ada: Person, told: Listener, record: Record
) -> None:
    stay = seen(ada, minute=17)
    record(stay, replace(stay, phase=Phase.CONTINUED), seen(None, minute=20), mood="aggregate")
    assert all(one.mood is None for one in told.events)
    with reading(engine) as session:
        samples = list(mood_samples(session, AT - timedelta(days=1), AT + timedelta(days=1)))
    assert [(sample.person, sample.sighting) for sample in samples] == [(None, None)] * 3
    assert {sample.at for sample in samples} == {AT}
    assert len({sample.token for sample in samples}) == 2
    assert ada.id.hex[:16] not in {sample.token for sample in samples}


def test_a_person_has_one_token_a_day_also_after_a_restart_and_who_is_unknown_counts_as_nobody(
    engine: Engine, ada: Person, record: Record
) -> None:
    for minute, person in ((17, ada), (40, ada), (50, None), (55, None), (24 * 60 + 17, ada)):
        record(seen(person, minute=minute), mood="aggregate")
    with reading(engine) as session:
        samples = list(mood_samples(session, AT - timedelta(days=1), AT + timedelta(days=2)))
        kept = session.scalars(select(CrowdSecretRow.day)).all()
    tokens: dict[datetime, set[str | None]] = {}
    for sample in samples:
        if sample.token and not sample.token.startswith(STRANGER):
            tokens.setdefault(sample.at, set()).add(sample.token)
    assert [len(of_day) for of_day in tokens.values()] == [1, 1]
    assert len(set().union(*tokens.values())) == 2, "a token leads to no other day"
    assert sum(sample.token is not None and sample.token[0] == STRANGER for sample in samples) == 2
    assert len(kept) == 1, "the secret of the day before is gone"
