"""A fresh database, somebody enrolled in it, and recorders that are closed after the test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from db.engine import open_database, writing
from db.people import consents, people
from db.records.people import Person
from monitor.config import Settings
from monitor.domain import Sighting
from monitor.recording import recorder
from monitor.recording.journal import Journal
from monitor.recording.recorder import Recorder
from tests.monitor.recording.arrivals import AT, CIPHER, Listener, Lock, Record, Start


@pytest.fixture(autouse=True)
def soon_and_patiently(monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that was locked is tried again soon, and the end waits for a machine that is busy."""
    monkeypatch.setattr(recorder, "LONGEST_PAUSE", 0.1)
    monkeypatch.setattr(recorder, "ANSWERS_WITHIN", 60.0)


@pytest.fixture
def engine(sqlite: Engine) -> Engine:
    return sqlite


@pytest.fixture
def ada(engine: Engine) -> Person:
    """Who agreed to moods."""
    with writing(engine) as session:
        person = people.add_person(session, "Ada", group="Team", at=AT, actor="test")
        consents.set_consent(session, person.id, "mood", True, at=AT, actor="test")
        return person


@pytest.fixture
def unasked(engine: Engine) -> Person:
    with writing(engine) as session:
        return people.add_person(session, "Una", at=AT, actor="test")


@pytest.fixture
def lock(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Lock:
    """Somebody else has the database for the length of a `with` block, which a recorder notices soon."""
    monkeypatch.setattr("db.engine.BUSY_TIMEOUT_MS", 20)
    engine.dispose()

    @contextmanager
    def lock() -> Iterator[None]:
        other = open_database(str(engine.url.database))
        with writing(other) as owner:
            people.add_person(owner, "Bob", at=AT, actor="test")
            yield

    return lock


@pytest.fixture
def told() -> Listener:
    return Listener()


@pytest.fixture
def start(engine: Engine, told: Listener) -> Iterator[Start]:
    running: list[Recorder] = []

    def begin(journal: Journal | None = None, clock: Callable[[], datetime] = lambda: AT, **settings: Any) -> Recorder:
        given = Settings(db="unused", time_zone="Europe/Berlin", **settings)
        running.append(Recorder(engine, CIPHER, given, publish=told, clock=clock, journal=journal))
        return running[-1]

    yield begin
    for one in running:
        one.close()


@pytest.fixture
def record(start: Start) -> Record:
    def record(*sightings: Sighting, **settings: Any) -> Recorder:
        recorder = start(**settings)
        for one in sightings:
            recorder.record(one)
        recorder.close()
        return recorder

    return record
