"""The whole flow on real faces: simulated camera, real models, real database."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from db.crypto import TemplateCipher
from db.engine import open_database, reading
from db.verification.ledger_check import verify
from enroll.people.images import enrol_from_images
from monitor.config import Settings
from monitor.domain import EventKind, KioskEvent
from monitor.pipeline.open_kiosk import open_kiosk
from monitor.sources.simulated.camera import SimulatedCamera
from monitor.sources.simulated.score import Scorer, Truth

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
SECONDS = 12.0


class Run:
    """One demo on a database of its own, as fast as the machine allows."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.settings = Settings(db=f"sqlite:///{folder / 'demo.sqlite3'}", time_zone="UTC")
        self.engine = open_database(self.settings.db)
        cipher = TemplateCipher(b"k" * 32)
        camera = SimulatedCamera(seed, SECONDS, starts_at=START)
        photos = {name: some[::2] for name, some in camera.enrolment().items()}  # as many as the demo takes
        enrol_from_images(self.engine, cipher, photos, at=START, actor="test", consent=("face", "mood"))
        self.events: list[KioskEvent] = []
        scorer = Scorer(SimulatedCamera(seed, SECONDS))
        kiosk = open_kiosk(
            self.settings,
            self.engine,
            cipher,
            camera,
            publish_scene=scorer.see,
            publish_event=self.events.append,
        )
        kiosk.start()
        assert kiosk.wait(400)
        kiosk.stop()
        for event in self.events:
            scorer.hear(event)
        self.truth: Truth = scorer.truth()
        self.summary = kiosk.summary()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(tmp_path_factory.mktemp("demo"), seed=3)


def test_every_enrolled_visitor_is_checked_in_and_nobody_is_named_wrongly(run: Run) -> None:
    assert run.truth.visitors >= 4
    assert run.truth.checked_in == run.truth.visitors
    assert run.truth.named_right >= run.truth.visitors
    assert run.truth.named_wrong == 0


def test_no_stranger_is_named(run: Run) -> None:
    assert run.truth.strangers >= 1
    assert run.truth.strangers_named == 0


def test_no_frame_of_a_source_that_is_not_live_is_dropped(run: Run) -> None:
    assert run.summary.frames == SECONDS * 15
    assert run.summary.dropped == 0


def test_what_was_published_is_in_the_database(run: Run) -> None:
    published = {event.attendance for event in run.events if event.kind is EventKind.CHECK_IN}
    with reading(run.engine) as session:
        assert verify(session).whole
    assert run.rows("SELECT count(*) FROM attendance_event WHERE kind = 'check_in'") == [(len(published),)]
    assert run.rows("SELECT count(*) FROM sighting WHERE person_id IS NULL")[0][0] == sum(
        event.kind is EventKind.UNKNOWN for event in run.events
    )
    assert run.rows("SELECT count(*) FROM mood_sample") != [(0,)]


def test_events_carry_the_time_of_the_source_not_of_the_machine(run: Run) -> None:
    assert {event.at.date() for event in run.events} == {START.date()}


def test_the_truth_has_the_keys_that_readers_of_the_summary_know(run: Run) -> None:
    counted = {"visitors", "checked_in", "named_right", "named_wrong", "strangers", "strangers_named"}
    assert asdict(run.truth).keys() == counted
