"""The recorder: what happens when it cannot write."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, event

from db.attendance import ledger
from db.crypto import TemplateCipher, bind_key
from db.engine import reading, writing
from db.errors import DatabaseBusy, DatabaseError, WrongKey
from db.observations import sightings
from db.records.people import Person
from monitor.config import Settings
from monitor.domain import KioskEvent, Phase
from monitor.recording import recorder as recording
from monitor.recording.journal import Journal
from monitor.recording.recorder import Recorder
from tests.db.rows import newest_entries
from tests.monitor.recording.arrivals import AT, CIPHER, PORTRAIT, Listener, Lock, Record, Start, seen


def test_a_locked_database_loses_nothing_and_says_so(
    engine: Engine, ada: Person, told: Listener, start: Start, lock: Lock
) -> None:
    recorder = start()
    with lock():
        recorder.record(seen(ada))
        recorder.record(seen(ada, minute=10))
        assert "locked" in trouble_of(recorder)
        assert waiting(recorder) == 2
        assert told.events == []
    told.wait_for(4)
    recorder.close()
    assert told.kinds == ["sighting", "check_in", "sighting", "check_out"]
    assert (recorder.health, recorder.lost, waiting(recorder)) == (None, 0, 0)


def test_what_is_due_at_the_start_is_done_once_a_locked_database_is_free(
    engine: Engine, ada: Person, told: Listener, lock: Lock
) -> None:
    done: list[str] = []

    def registered() -> None:
        done.append("tried")
        if len(done) == 1:
            raise DatabaseBusy("still locked")

    with lock():
        recorder = Recorder(
            engine, CIPHER, Settings(db="unused"), publish=told, clock=lambda: AT, registered=registered
        )
        recorder.record(seen(ada))
        assert "locked" in trouble_of(recorder)
        assert done == []
    told.wait_for(2)
    recorder.close()
    assert done == ["tried", "tried"]


def test_a_full_disk_loses_nothing_and_says_so(engine: Engine, ada: Person, told: Listener, start: Start) -> None:
    full = threading.Event()
    recorder = start()

    @event.listens_for(engine, "begin")
    def limit(connection: Any) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {1 if full.is_set() else 1_000_000}")

    full.set()
    for minute in range(0, 200, 10):
        recorder.record(seen(None, minute))
    assert "disk is full" in trouble_of(recorder)
    full.clear()
    told.wait_for(20)
    recorder.close()
    assert (recorder.health, recorder.lost) == (None, 0)
    with reading(engine) as session:
        assert sightings.count_visitors(session) == 20


def test_closing_gives_up_on_a_database_that_stays_locked(
    engine: Engine, ada: Person, start: Start, lock: Lock
) -> None:
    recorder = start()
    with lock():
        recorder.record(seen(ada))
        with pytest.raises(DatabaseError, match="1 entry could not be written"):
            recorder.close(timeout=0.05)


def test_memory_stays_bounded_while_the_database_is_away(
    engine: Engine, ada: Person, start: Start, lock: Lock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.recording.backlog.MANY_WAITING", 3)
    monkeypatch.setattr("monitor.recording.backlog.MOST_WAITING", 6)
    recorder = start()
    with lock():
        for minute in range(10):
            recorder.record(seen(None, minute))
            recorder.record(seen(ada, minute, phase=Phase.CONTINUED))
        assert waiting(recorder) == 6
        recorder.record(seen(ada, minute=20))
        assert waiting(recorder) == 7
    recorder.close()
    with reading(engine) as session:
        assert ledger.count(session) == 1
        assert len(sightings.visitors(session, CIPHER)) == 2, "faces are let go first"
    assert recorder.lost == 5, "then strangers"


def test_a_listener_that_fails_stops_nothing(engine: Engine, ada: Person, caplog: pytest.LogCaptureFixture) -> None:
    def fail(told: KioskEvent) -> None:
        raise ValueError("listener")

    recorder = Recorder(engine, CIPHER, Settings(db="unused"), publish=fail, clock=lambda: AT)
    recorder.record(seen(ada))
    recorder.record(seen(ada, minute=10))
    recorder.close()
    assert "a listener failed" in caplog.text
    with reading(engine) as session:
        assert ledger.count(session) == 2


@pytest.mark.parametrize("broken", [{"embedding": np.full(128, np.nan, np.float32)}, {"portrait": PORTRAIT[:0]}])
def test_a_fact_that_cannot_be_written_does_not_hold_up_the_next(
    engine: Engine, ada: Person, told: Listener, record: Record, broken: dict[str, Any]
) -> None:
    recorder = record(replace(seen(None), **broken), seen(ada))
    assert told.kinds == ["sighting", "check_in"]
    assert recorder.lost == 1


def test_a_wrong_key_stops_the_start(engine: Engine) -> None:
    with writing(engine) as session:
        bind_key(session, TemplateCipher(b"x" * 32), AT)
    with pytest.raises(WrongKey):
        Recorder(engine, CIPHER, Settings(db="unused"), publish=lambda told: None)


def test_a_closed_recorder_takes_nothing(ada: Person, start: Start) -> None:
    recorder = start()
    recorder.close()
    recorder.close()
    with pytest.raises(RuntimeError, match="closed"):
        recorder.record(seen(ada))


def trouble_of(recorder: Recorder) -> str:
    """What keeps the recorder from writing, once it has noticed; the suite's time limit is the end of patience."""
    while recorder.health is None:
        time.sleep(0.01)
    return recorder.health


def waiting(recorder: Recorder) -> int:
    """Facts that are not written yet; nothing but these tests asks for their number."""
    return len(recorder._backlog)


def test_a_clock_that_is_set_is_said_and_stands_in_the_audit_log(
    engine: Engine, ada: Person, told: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "LOOK_AT_CLOCK_EVERY", 0.01)
    now, passed = [AT], [0.0]
    recorder = Recorder(
        engine,
        CIPHER,
        Settings(db="unused"),
        publish=told,
        clock=lambda: now[0],
        elapsed=lambda: passed[0],
    )
    assert recorder.clock_trouble is None
    now[0], passed[0] = AT - timedelta(hours=1), 2.0
    while recorder.clock_trouble is None:
        time.sleep(0.01)
    assert "jumped 1:00 hours back" in recorder.clock_trouble
    recorder.record(seen(ada))
    told.wait_for(2)
    now[0], passed[0] = AT + timedelta(seconds=4), 4.0
    recorder.record(seen(ada, minute=10))
    recorder.close()
    assert recorder.clock_trouble is None
    with reading(engine) as session:
        jumps = [one.detail["seconds"] for one in newest_entries(session) if one.action == "clock jumped"]
    assert jumps == [3602, -3602]


class Clock:
    """The machine's clock, which can be set, and elapsed time, which cannot."""

    def __init__(self) -> None:
        self.at, self.passed = AT, 0.0

    def set(self, off: timedelta, seconds: float) -> None:
        """So many seconds after the start the clock is so far off."""
        self.at, self.passed = AT + timedelta(seconds=seconds) + off, seconds

    def start(self, engine: Engine, told: Listener, journal: Journal | None = None) -> Recorder:
        settings = Settings(db="unused", time_zone="UTC")
        return Recorder(
            engine, CIPHER, settings, publish=told, clock=lambda: self.at, elapsed=lambda: self.passed, journal=journal
        )


@pytest.fixture
def locked(ada: Person, lock: Lock) -> Iterator[Callable[[], None]]:
    """Somebody else holds the database until the function is called."""
    with ExitStack() as held:
        held.enter_context(lock())
        yield held.close


FIVE = timedelta(hours=5)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_time_that_was_taken_while_the_clock_was_off_is_marked_also_when_it_is_written_later(
    engine: Engine, ada: Person, told: Listener, locked: Callable[[], None], tmp_path: Path, restarted: bool
) -> None:
    clock = Clock()
    recorder = clock.start(engine, told, Journal(tmp_path / "journal", CIPHER))
    recorder.record(seen(ada))
    clock.set(FIVE, seconds=2)
    recorder.record(seen(ada, minute=300))
    recorder.record_pin(ada.id)
    if restarted:
        with pytest.raises(DatabaseError):
            recorder.close(timeout=0.05)
    clock.set(timedelta(), seconds=10)
    locked()
    if restarted:
        recorder = clock.start(engine, told, Journal(tmp_path / "journal", CIPHER))
    told.wait_for(4)
    recorder.close()
    with reading(engine) as session:
        found = [(one.at, one.clock_suspect) for one in ledger.of_person(session, ada.id)]
    assert found[0] == (AT, False)
    assert {suspect for at, suspect in found[1:]} == {True}
    assert len(found) > 1


@pytest.mark.parametrize("jump", [FIVE, -FIVE])
def test_who_stays_in_view_while_the_clock_is_set_neither_arrives_again_nor_leaves(
    engine: Engine, ada: Person, told: Listener, jump: timedelta
) -> None:
    clock = Clock()
    recorder = clock.start(engine, told)
    recorder.record(seen(ada))
    told.wait_for(2)
    clock.set(jump, seconds=20)
    again = seen(ada)
    recorder.record(replace(again, first_at=AT + jump, last_at=AT + jump))
    recorder.close()
    with reading(engine) as session:
        assert [one.kind for one in ledger.of_person(session, ada.id)] == ["check_in"]


def test_a_jump_of_the_clock_before_the_database_is_there_stands_in_the_audit_log(
    engine: Engine, told: Listener, locked: Callable[[], None]
) -> None:
    clock = Clock()
    recorder = clock.start(engine, told)
    clock.set(FIVE, seconds=2)
    recorder.record(seen(None))
    locked()
    told.wait_for(1)
    recorder.close()
    with reading(engine) as session:
        jumps = [one.detail["seconds"] for one in newest_entries(session) if one.action == "clock jumped"]
    assert jumps == [18_000]


def test_a_database_that_answers_nothing_is_said_and_closing_does_not_wait_for_it(
    engine: Engine, ada: Person, told: Listener, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As over a cable that was cut: the system gives the connection up after a quarter of an hour only."""
    asked, back = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> list[KioskEvent]:
        asked.set()
        assert back.wait(60)
        return []

    recorder = start()
    monkeypatch.setattr(recording, "ANSWERS_WITHIN", 0.05)
    monkeypatch.setattr("monitor.recording.transactions.write", hang)
    recorder.record(seen(ada))
    assert asked.wait(60)
    assert recorder.health is None, "it may still answer"
    monkeypatch.setattr(recording, "HANGS", 0.0)
    assert recorder.health == "The database has not answered for 0 seconds."
    with pytest.raises(DatabaseError, match="1 entry could not be written"):
        recorder.close(timeout=0.05)
    back.set()
