"""The recorder: what is written for each phase, in which order it is told, and what happens when it cannot write."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import Engine, event

from db import consents, erasure, ledger, look_alikes, moods, people, sightings
from db.crypto import TemplateCipher, bind_key
from db.engine import open_database, reading, writing
from db.errors import DatabaseError, InvalidRecord, WrongKey
from db.ids import new_id
from db.records import Person
from monitor import recorder as recording
from monitor.config import Settings
from monitor.domain import Candidate, EventKind, KioskEvent, Match, MoodScores, Phase, Sighting
from monitor.recorder import Recorder

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
HAPPY = MoodScores((0.0, 0.0, 0.1, 0.9, 0.0, 0.0, 0.0), 0.45)
CIPHER = TemplateCipher(bytes(32))
FACE = np.full(128, 128**-0.5, np.float32)
PORTRAIT = np.zeros((150, 150, 3), np.uint8)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("recorder") / "empty.sqlite3"
    open_database(str(file)).dispose()
    return file


@pytest.fixture
def engine(empty_database: Path, tmp_path: Path) -> Iterator[Engine]:
    file = tmp_path / "muster.sqlite3"
    shutil.copy(empty_database, file)
    opened = open_database(str(file))
    yield opened
    opened.dispose()


@pytest.fixture
def ada(engine: Engine) -> Person:
    with writing(engine) as session:
        return people.add_person(session, "Ada", group="Team", at=AT, actor="test")


class Listener:
    """Keeps what was published, and lets a test wait for it."""

    def __init__(self) -> None:
        self.events: list[KioskEvent] = []
        self._more = threading.Condition()

    def __call__(self, told: KioskEvent) -> None:
        with self._more:
            self.events.append(told)
            self._more.notify_all()

    def wait_for(self, count: int) -> list[KioskEvent]:
        with self._more:
            assert self._more.wait_for(lambda: len(self.events) >= count, timeout=60)
            return list(self.events)

    @property
    def kinds(self) -> list[str]:
        return [str(told.kind) for told in self.events]


@pytest.fixture
def told() -> Listener:
    return Listener()


@pytest.fixture
def start(engine: Engine, told: Listener) -> Iterator[Callable[..., Recorder]]:
    running: list[Recorder] = []

    def begin(**settings: Any) -> Recorder:
        given = Settings(db="unused", time_zone="Europe/Berlin", **settings)
        running.append(Recorder(engine, CIPHER, given, publish=told, clock=lambda: AT))
        return running[-1]

    yield begin
    for one in running:
        one.close()


def _seen(
    person: Person | None,
    minute: float = 0,
    phase: Phase = Phase.OPENED,
    *,
    id: UUID | None = None,
    lasting: float = 1,
    mood: MoodScores | None = HAPPY,
) -> Sighting:
    at = AT + timedelta(minutes=minute)
    best = Candidate(person.id, person.name, 0.8) if person else None
    return Sighting(
        id=id or new_id(),
        phase=phase,
        track=7,
        first_at=at,
        last_at=at + timedelta(seconds=lasting),
        match=Match(best, None, 0.5, accepted=person is not None),
        mood=mood,
        frames=5,
        embedding=None if person else FACE,
        portrait=None if person else PORTRAIT,
    )


def test_an_arrival_is_sighting_check_in_and_mood(
    engine: Engine, ada: Person, told: Listener, start: Callable[..., Recorder]
) -> None:
    recorder = start(kiosk="front", site="HQ")
    arrival = _seen(ada)
    recorder.record(arrival)
    sighted, checked_in = told.wait_for(2)
    assert (sighted.kind, checked_in.kind) == (EventKind.SIGHTING, EventKind.CHECK_IN)
    assert (checked_in.name, checked_in.at, checked_in.track, checked_in.similarity) == ("Ada", AT, 7, 0.8)
    assert (checked_in.sighting, checked_in.mood) == (arrival.id, HAPPY)
    with reading(engine) as session:
        (row,) = ledger.newest(session)
        assert (row.id, row.person, row.kind, row.sighting) == (checked_in.attendance, ada.id, "check_in", arrival.id)
        assert (row.time_zone, row.actor, row.kiosk, row.method) == ("Europe/Berlin", "front", recorder.kiosk, "face")
        (sample,) = moods.between(session, AT, AT + timedelta(days=1))
        assert (sample.person, sample.group, sample.label) == (ada.id, "Team", "happy")
        kept = sightings.get(session, arrival.id)
        assert kept is not None
        assert kept.person == ada.id


def test_events_are_told_only_when_they_are_in_the_database(
    engine: Engine, ada: Person, start: Callable[..., Recorder]
) -> None:
    found: list[bool] = []

    def look(told: KioskEvent) -> None:
        with reading(engine) as session:
            found.append(told.attendance is None or ledger.get(session, told.attendance) is not None)

    recorder = Recorder(engine, CIPHER, Settings(db="unused"), publish=look, clock=lambda: AT)
    recorder.record(_seen(ada))
    recorder.close()
    assert found == [True, True]


def test_coming_back_is_a_check_out_but_lingering_is_not(
    ada: Person, told: Listener, start: Callable[..., Recorder]
) -> None:
    recorder = start()
    stay = _seen(ada)
    recorder.record(stay)
    recorder.record(replace(stay, phase=Phase.CLOSED, last_at=AT + timedelta(minutes=30)))
    recorder.record(_seen(ada, minute=31))
    recorder.record(_seen(ada, minute=40))
    recorder.close()
    assert told.kinds == ["sighting", "check_in", "sighting", "sighting", "check_out"]
    assert told.events[2].text == "Already checked in at 09:00."


@pytest.mark.parametrize(("role", "kinds"), [("in", ["check_in"]), ("out", ["check_out"])])
def test_a_one_way_door_makes_one_kind(
    ada: Person, told: Listener, start: Callable[..., Recorder], role: str, kinds: list[str]
) -> None:
    recorder = start(role=role)
    for minute in (0, 60, 120):
        recorder.record(_seen(ada, minute))
    recorder.close()
    assert [kind for kind in told.kinds if kind != "sighting"] == kinds


def test_a_new_day_begins_with_a_check_in(ada: Person, told: Listener, start: Callable[..., Recorder]) -> None:
    recorder = start()
    recorder.record(_seen(ada))
    recorder.record(_seen(ada, minute=24 * 60))
    recorder.close()
    assert told.kinds == ["sighting", "check_in"] * 2


def test_an_unknown_face_is_kept_until_it_gets_a_name(
    engine: Engine, ada: Person, told: Listener, start: Callable[..., Recorder]
) -> None:
    recorder = start()
    stranger = _seen(None)
    recorder.record(stranger)
    told.wait_for(1)
    with reading(engine) as session:
        (visitor,) = sightings.visitors(session, CIPHER)
        assert np.array_equal(visitor.embedding, FACE)
        assert (visitor.portrait or b"")[:2] == b"\xff\xd8"
    recorder.record(_seen(ada, phase=Phase.IDENTIFIED, id=stranger.id))
    recorder.close()
    assert told.kinds == ["unknown", "sighting", "check_in"]
    with reading(engine) as session:
        assert sightings.visitors(session, CIPHER) == []
        named = sightings.get(session, stranger.id)
        assert named is not None
        assert named.person == ada.id


def test_moods_are_written_while_somebody_stays(engine: Engine, ada: Person, start: Callable[..., Recorder]) -> None:
    recorder = start()
    stay = _seen(ada)
    recorder.record(stay)
    for seconds in (5, 10):
        recorder.record(replace(stay, phase=Phase.CONTINUED, last_at=AT + timedelta(seconds=seconds), frames=seconds))
    recorder.record(replace(stay, phase=Phase.CLOSED, last_at=AT + timedelta(seconds=12), frames=99, mood=None))
    recorder.close()
    with reading(engine) as session:
        assert moods.count(session) == 3
        kept = sightings.get(session, stay.id)
        assert kept is not None
        assert (kept.last_at, kept.frames) == (AT + timedelta(seconds=12), 99)


def test_who_refuses_mood_still_checks_in(
    engine: Engine, ada: Person, told: Listener, start: Callable[..., Recorder]
) -> None:
    with writing(engine) as session:
        consents.set_consent(session, ada.id, "mood", False, at=AT, actor="desk")
    recorder = start()
    recorder.record(_seen(ada))
    recorder.close()
    assert told.kinds == ["sighting", "check_in"]
    assert [one.mood for one in told.events] == [None, None]
    with reading(engine) as session:
        assert moods.count(session) == 0


def test_off_keeps_no_mood(engine: Engine, ada: Person, told: Listener, start: Callable[..., Recorder]) -> None:
    recorder = start(mood="off")
    recorder.record(_seen(ada))
    recorder.close()
    assert told.events[-1].mood is None
    with reading(engine) as session:
        assert moods.count(session) == 0


def test_in_aggregate_mode_nothing_leads_from_a_mood_to_a_person(
    engine: Engine, ada: Person, told: Listener, start: Callable[..., Recorder]
) -> None:
    recorder = start(mood="aggregate")
    stay = _seen(ada, minute=17)
    recorder.record(stay)
    recorder.record(replace(stay, phase=Phase.CONTINUED))
    recorder.record(_seen(None, minute=20))
    recorder.close()
    assert all(one.mood is None for one in told.events)
    with reading(engine) as session:
        samples = list(moods.between(session, AT - timedelta(days=1), AT + timedelta(days=1)))
    assert [(sample.person, sample.sighting) for sample in samples] == [(None, None)] * 3
    assert {sample.at for sample in samples} == {AT}
    assert len({sample.token for sample in samples}) == 2
    assert ada.id.hex[:16] not in {sample.token for sample in samples}


def test_not_me_voids_takes_the_name_off_and_remembers(
    engine: Engine, ada: Person, told: Listener, start: Callable[..., Recorder]
) -> None:
    recorder = start()
    stay = _seen(ada)
    recorder.record(stay)
    checked_in = told.wait_for(2)[1]
    assert checked_in.attendance is not None
    recorder.void(checked_in.attendance, "door").result(60)
    recorder.record(replace(stay, phase=Phase.CONTINUED))
    recorder.record(_seen(ada, minute=1))
    recorder.close()
    assert told.kinds == ["sighting", "check_in", "sighting", "check_in"]
    with reading(engine) as session:
        assert look_alikes.wrongly_named(session) == {ada.id: 1}
        wrongly = list(moods.between(session, AT, AT + timedelta(minutes=1)))
        assert [sample.person for sample in wrongly] == [None, None]
        assert ledger.verify(session).whole


def test_a_void_of_nothing_fails_for_its_caller_only(
    ada: Person, told: Listener, start: Callable[..., Recorder]
) -> None:
    recorder = start()
    with pytest.raises(InvalidRecord, match="no attendance event"):
        recorder.void(uuid4(), "door").result(60)
    recorder.record(_seen(ada))
    recorder.close()
    assert told.kinds == ["sighting", "check_in"]


def test_somebody_erased_while_in_view_is_unknown(
    engine: Engine, ada: Person, told: Listener, start: Callable[..., Recorder]
) -> None:
    recorder = start()
    stay = _seen(ada)
    recorder.record(stay)
    told.wait_for(2)
    with writing(engine) as session:
        erasure.erase(session, ada.id, at=AT, actor="desk")
    recorder.record(replace(stay, phase=Phase.CONTINUED))
    recorder.record(_seen(ada, minute=10))
    recorder.close()
    assert told.kinds == ["sighting", "check_in", "unknown"]
    assert recorder.lost == 0


@pytest.mark.parametrize("change", ["deactivated", "refused"])
def test_who_was_taken_out_of_the_gallery_is_not_checked_in(
    engine: Engine, ada: Person, told: Listener, start: Callable[..., Recorder], change: str
) -> None:
    with writing(engine) as session:
        if change == "deactivated":
            people.set_active(session, ada.id, False, at=AT, actor="desk")
        else:
            consents.set_consent(session, ada.id, "face", False, at=AT, actor="desk")
    recorder = start()
    recorder.record(_seen(ada))
    recorder.close()
    assert told.kinds == ["unknown"]


def test_the_same_fact_twice_is_written_once(
    engine: Engine, ada: Person, told: Listener, start: Callable[..., Recorder]
) -> None:
    recorder = start()
    stay = _seen(ada)
    recorder.record(stay)
    recorder.record(stay)
    recorder.close()
    assert told.kinds == ["sighting", "check_in", "sighting"]
    with reading(engine) as session:
        assert (ledger.count(session), moods.count(session)) == (1, 1)


def test_a_locked_database_loses_nothing_and_says_so(
    engine: Engine, ada: Person, told: Listener, start: Callable[..., Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.engine.BUSY_TIMEOUT_MS", 20)
    engine.dispose()
    monkeypatch.setattr(recording, "LONGEST_PAUSE", 0.1)
    noticed = threading.Event()
    recorder = start()
    monkeypatch.setattr(recorder, "_note", _watched(recorder, noticed))
    other = open_database(str(engine.url.database))
    with writing(other) as owner:
        people.add_person(owner, "Bob", at=AT, actor="test")
        recorder.record(_seen(ada))
        recorder.record(_seen(ada, minute=10))
        assert noticed.wait(60)
        assert "locked" in str(recorder.health)
        assert recorder.backlog == 2
        assert told.events == []
    told.wait_for(4)
    recorder.close()
    assert told.kinds == ["sighting", "check_in", "sighting", "check_out"]
    assert (recorder.health, recorder.lost, recorder.backlog) == (None, 0, 0)
    other.dispose()


def test_a_full_disk_loses_nothing_and_says_so(
    engine: Engine, ada: Person, told: Listener, start: Callable[..., Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "LONGEST_PAUSE", 0.1)
    full = threading.Event()
    noticed = threading.Event()
    recorder = start()
    monkeypatch.setattr(recorder, "_note", _watched(recorder, noticed))

    @event.listens_for(engine, "begin")
    def limit(connection: Any) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {1 if full.is_set() else 1_000_000}")

    full.set()
    for minute in range(0, 200, 10):
        recorder.record(_seen(None, minute))
    assert noticed.wait(60)
    assert "disk is full" in str(recorder.health)
    full.clear()
    told.wait_for(20)
    recorder.close()
    assert (recorder.health, recorder.lost) == (None, 0)
    with reading(engine) as session:
        assert sightings.count_visitors(session) == 20


def test_closing_gives_up_on_a_database_that_stays_locked(
    engine: Engine, ada: Person, start: Callable[..., Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.engine.BUSY_TIMEOUT_MS", 20)
    engine.dispose()
    recorder = start()
    other = open_database(str(engine.url.database))
    with writing(other) as owner:
        people.add_person(owner, "Bob", at=AT, actor="test")
        recorder.record(_seen(ada))
        with pytest.raises(DatabaseError, match="1 facts could not be written"):
            recorder.close(timeout=0.05)
    other.dispose()


def test_memory_stays_bounded_while_the_database_is_away(
    engine: Engine, ada: Person, start: Callable[..., Recorder], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.engine.BUSY_TIMEOUT_MS", 20)
    engine.dispose()
    monkeypatch.setattr(recording, "MANY_WAITING", 3)
    monkeypatch.setattr(recording, "MOST_WAITING", 6)
    recorder = start()
    other = open_database(str(engine.url.database))
    with writing(other) as owner:
        people.add_person(owner, "Bob", at=AT, actor="test")
        for minute in range(10):
            recorder.record(_seen(None, minute))
            recorder.record(_seen(ada, minute, phase=Phase.CONTINUED))
        assert recorder.backlog == 6
        recorder.record(_seen(ada, minute=20))
        assert recorder.backlog == 7
        pictures = [fact.sighting.portrait is not None for fact in recorder._waiting]  # type: ignore[union-attr]
    assert pictures == [True, False, True, False, False, False, False]
    recorder.close()
    with reading(engine) as session:
        assert ledger.count(session) == 1
    other.dispose()


def test_a_listener_that_fails_stops_nothing(engine: Engine, ada: Person, caplog: pytest.LogCaptureFixture) -> None:
    def fail(told: KioskEvent) -> None:
        raise ValueError("listener")

    recorder = Recorder(engine, CIPHER, Settings(db="unused"), publish=fail, clock=lambda: AT)
    recorder.record(_seen(ada))
    recorder.record(_seen(ada, minute=10))
    recorder.close()
    assert "a listener failed" in caplog.text
    with reading(engine) as session:
        assert ledger.count(session) == 2


@pytest.mark.parametrize("broken", [{"embedding": np.full(128, np.nan, np.float32)}, {"portrait": PORTRAIT[:0]}])
def test_a_fact_that_cannot_be_written_does_not_hold_up_the_next(
    engine: Engine, ada: Person, told: Listener, start: Callable[..., Recorder], broken: dict[str, Any]
) -> None:
    recorder = start()
    recorder.record(replace(_seen(None), **broken))
    recorder.record(_seen(ada))
    recorder.close()
    assert told.kinds == ["sighting", "check_in"]
    assert recorder.lost == 1


def test_a_wrong_key_stops_the_start(engine: Engine) -> None:
    with writing(engine) as session:
        bind_key(session, TemplateCipher(b"x" * 32), AT)
    with pytest.raises(WrongKey):
        Recorder(engine, CIPHER, Settings(db="unused"), publish=lambda told: None)


def test_a_closed_recorder_takes_nothing(ada: Person, start: Callable[..., Recorder]) -> None:
    recorder = start()
    recorder.close()
    recorder.close()
    with pytest.raises(RuntimeError, match="closed"):
        recorder.record(_seen(ada))


def _watched(recorder: Recorder, noticed: threading.Event) -> Callable[[str | None], None]:
    note = recorder._note

    def watch(health: str | None) -> None:
        note(health)
        if health:
            noticed.set()

    return watch
