"""A fresh database, somebody enrolled in it, and recorders that are closed after the test."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from db.engine import open_database, writing
from db.people import people
from db.records import Person
from monitor.config import Settings
from monitor.recording.recorder import Recorder
from tests.monitor.recording.arrivals import AT, CIPHER, Listener


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
