"""The running kiosk: nothing that goes wrong with a picture stops it, and everything is written when it stops."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest

from monitor.domain import EventKind, Face, Frame, KioskEvent, RgbImage, Scene
from monitor.errors import KioskHangs, ModelError, MusterError, SourceError
from monitor.pipeline import kiosk as kiosk_module
from monitor.pipeline.frame_counts import KioskSummary
from monitor.pipeline.kiosk import Kiosk
from monitor.pipeline.prefetch import DetectorPrefetch
from monitor.vision.detection.tiles import Tile
from monitor.vision.matching.gallery import Enrolled
from tests.monitor.stage import START, gallery_of

PATIENCE = 60.0
"""Seconds after which a test gives up on a thread."""


class FakeSource:
    """A clip of as many frames as asked for; exceptions among them are raised."""

    name = "A clip"
    warning: str | None = None

    def __init__(self, script: Iterable[Any], *, live: bool = False) -> None:
        self.live = live
        self.closed = 0
        self._script = script
        self._left: Iterator[Any] = iter(())

    def open(self) -> None:
        self._left = iter(self._script)

    def read(self) -> Frame | None:
        step = next(self._left, None)
        if isinstance(step, Exception):
            raise step
        if step is None:
            return None
        picture = np.random.default_rng(step).integers(60, 200, (16, 16, 3)).astype(np.uint8)
        return Frame(step, START, step / 10, picture)

    def close(self) -> None:
        self.closed += 1


class BlindDetector:
    """Finds no face."""

    def detect(self, rgb: RgbImage) -> list[Face]:
        return []

    def search(self, rgb: RgbImage, tiles: Iterable[Tile], known: Sequence[Face] = ()) -> list[Face]:
        return []


class FakeFlow:
    """Tells one sighting a frame, and raises where it is told to."""

    def __init__(
        self, *, breaks_at: Iterable[int] = (), on_frame: Callable[[Frame], None] = lambda frame: None
    ) -> None:
        self.people: Any = SimpleNamespace(gallery=[None] * 3)
        self.settled = self.turning = False
        self.seen: list[int] = []
        self.finished = 0
        self._breaks_at = set(breaks_at)
        self._on_frame = on_frame

    def use_people(self, people: Enrolled) -> None:
        self.people = people

    def process(self, frame: Frame, faces: list[Face] | None) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        self.seen.append(frame.index)
        self._on_frame(frame)
        if frame.index in self._breaks_at:
            raise RuntimeError("a native library broke")
        return (), (f"sighting {frame.index}",)

    def finish(self) -> tuple[str, ...]:
        self.finished += 1
        return ("last sighting",)


class FakeRecorder:
    """Keeps what it is given; answers "not me" as it is told to."""

    def __init__(self, answer: Exception | None = None) -> None:
        self.facts: list[Any] = []
        self.voided: list[tuple[UUID, str]] = []
        self.by_pin: list[UUID] = []
        self.closed = 0
        self.health: str | None = None
        self.clock_trouble: str | None = None
        self._answer = answer

    def record(self, sighting: Any) -> None:
        assert not self.closed
        self.facts.append(sighting)

    def record_pin(self, person_id: UUID) -> None:
        self.by_pin.append(person_id)

    def void(self, attendance: UUID, actor: str) -> Future[None]:
        self.voided.append((attendance, actor))
        done: Future[None] = Future()
        if self._answer:
            done.set_exception(self._answer)
        else:
            done.set_result(None)
        return done

    def close(self) -> None:
        self.closed += 1


class Running:
    """A kiosk of fakes, and what it published."""

    def __init__(
        self,
        source: FakeSource,
        flow: FakeFlow | None = None,
        recorder: FakeRecorder | None = None,
        *,
        open_flow: Callable[[], Any] | None = None,
        on_scene: Callable[[Scene], None] = lambda _: None,
        on_event: Callable[[KioskEvent], None] = lambda _: None,
        **options: Any,
    ) -> None:
        self.source, self.flow, self.recorder = source, flow or FakeFlow(), recorder or FakeRecorder()
        self.scenes: list[Scene] = []
        self.events: list[KioskEvent] = []

        def publish_scene(scene: Scene) -> None:
            self.scenes.append(scene)
            on_scene(scene)

        def publish_event(event: KioskEvent) -> None:
            self.events.append(event)
            on_event(event)

        self.kiosk = Kiosk(
            source,
            DetectorPrefetch(BlindDetector),
            open_flow or (lambda: self.flow),  # type: ignore[arg-type]
            self.recorder,
            publish_scene=publish_scene,
            publish_event=publish_event,
            clock=lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
            **options,
        )

    def to_the_end(self) -> "Running":
        self.kiosk.start()
        assert self.kiosk.wait(PATIENCE)
        self.kiosk.stop()
        return self


def test_every_frame_of_a_clip_is_processed_shown_and_written() -> None:
    run = Running(FakeSource(range(30))).to_the_end()
    assert run.flow.seen == list(range(30))
    assert [scene.frame.index for scene in run.scenes] == list(range(30))
    assert [scene.processed for scene in run.scenes] == list(range(1, 31))
    assert run.scenes[-1].people == 3
    assert run.recorder.facts == [*(f"sighting {index}" for index in range(30)), "last sighting"]
    assert run.flow.finished == 1
    assert run.events == []


def test_the_summary_counts_frames_and_time() -> None:
    summary = Running(FakeSource(range(30))).to_the_end().kiosk.summary()
    assert (summary.frames, summary.dropped) == (30, 0)
    assert summary.seconds > 0
    assert summary.fps == pytest.approx(30 / summary.seconds)


def test_a_run_without_a_frame_has_no_speed() -> None:
    assert KioskSummary(0, 0, 0.0).fps == 0.0
    assert Running(FakeSource([])).to_the_end().kiosk.summary() == KioskSummary(0, 0, 0.0)


def test_a_frame_that_breaks_something_does_not_stop_the_door(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        run = Running(FakeSource(range(10)), FakeFlow(breaks_at=(0, 4, 9))).to_the_end()
    assert run.flow.seen == list(range(10))
    assert [scene.frame.index for scene in run.scenes] == [1, 2, 3, 5, 6, 7, 8]
    assert run.recorder.facts[-1] == "last sighting"
    assert [message.split()[1] for message in caplog.messages] == ["0", "4", "9"]


def test_stopping_in_the_middle_writes_everything_and_ends_the_threads() -> None:
    reached = threading.Event()
    flow = FakeFlow(on_frame=lambda frame: reached.set() if frame.index == 5 else None)
    before = set(threading.enumerate())
    run = Running(FakeSource(range(10**9)), flow)
    run.kiosk.start()
    assert reached.wait(PATIENCE)
    assert not run.kiosk.wait(0)
    run.kiosk.stop()
    assert run.kiosk.wait(0)
    assert run.recorder.facts == [*(f"sighting {index}" for index in flow.seen), "last sighting"]
    assert run.recorder.closed == 1
    assert run.source.closed == 1
    assert set(threading.enumerate()) <= before


def test_stopping_twice_or_before_the_start_is_harmless() -> None:
    run = Running(FakeSource(range(3))).to_the_end()
    run.kiosk.stop()
    Running(FakeSource(range(3))).kiosk.stop()
    assert run.recorder.facts.count("last sighting") == 1


def test_a_clip_that_cannot_be_read_is_an_error_for_who_waits() -> None:
    run = Running(FakeSource([0, 1, SourceError("The clip is damaged.")]))
    run.kiosk.start()
    with pytest.raises(SourceError, match="damaged"):
        run.kiosk.wait(PATIENCE)
    run.kiosk.stop()
    assert run.recorder.facts[:2] == ["sighting 0", "sighting 1"]
    assert run.recorder.closed == 1


def test_when_no_frame_can_be_processed_it_is_told_and_the_log_has_it_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        run = Running(FakeSource(range(100)), FakeFlow(breaks_at=range(90))).to_the_end()
    assert [event.kind for event in run.events] == [EventKind.SOURCE_LOST, EventKind.SOURCE_BACK]
    assert "Face detection fails on every frame" in (run.events[0].text or "")
    assert len(caplog.records) == 1


def test_a_clip_that_breaks_off_still_has_the_people_in_view_written() -> None:
    run = Running(FakeSource([0, 1, SourceError("The clip is damaged.")]))
    run.kiosk.start()
    with pytest.raises(SourceError):
        run.kiosk.wait(PATIENCE)
    run.kiosk.stop()
    assert run.recorder.facts[-1] == "last sighting"


def test_a_camera_that_is_not_there_is_an_error_when_asked_to_fail_fast() -> None:
    run = Running(FakeSource([SourceError("Camera 9 does not exist.")], live=True), fail_fast=True)
    run.kiosk.start()
    with pytest.raises(SourceError, match="Camera 9"):
        run.kiosk.wait(PATIENCE)
    run.kiosk.stop()


def test_a_camera_that_is_not_there_is_told_and_waited_for_otherwise() -> None:
    told = threading.Event()
    run = Running(FakeSource([SourceError("Camera 9 does not exist.")], live=True), on_event=lambda _: told.set())
    run.kiosk.start()
    assert told.wait(PATIENCE)
    assert not run.kiosk.wait(0)
    run.kiosk.stop()
    assert run.events[0].kind is EventKind.SOURCE_LOST
    assert "Camera 9" in (run.events[0].text or "")
    assert run.events[0].at == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_models_that_cannot_be_opened_are_an_error_for_who_waits() -> None:
    def broken() -> None:
        raise ModelError("A model file is damaged; install Muster again.")

    run = Running(FakeSource(range(3)), open_flow=broken)
    run.kiosk.start()
    with pytest.raises(ModelError, match="damaged"):
        run.kiosk.wait(PATIENCE)
    run.kiosk.stop()
    assert run.recorder.closed == 1


def test_models_are_opened_in_the_vision_thread() -> None:
    threads: list[str] = []

    def open_flow() -> FakeFlow:
        threads.append(threading.current_thread().name)
        return FakeFlow()

    Running(FakeSource(range(3)), open_flow=open_flow).to_the_end()
    assert threads == ["vision"]


def test_new_people_are_used_from_the_next_frame_on() -> None:
    """Gallery and refusals change together, and not in the middle of a frame."""
    before, after = SimpleNamespace(gallery=[None] * 3), Enrolled(gallery_of([]), frozenset({uuid4()}))
    used = []

    def look(frame: Frame) -> None:
        used.append(run.flow.people)
        if frame.index == 1:
            run.kiosk.use_people(after)
        used.append(run.flow.people)

    run = Running(FakeSource(range(4)), FakeFlow(on_frame=look))
    run.flow.people = before
    run.to_the_end()
    assert used == [before] * 4 + [after] * 4


def test_who_is_enrolled_while_the_models_load_is_used_too() -> None:
    run = Running(FakeSource(range(3)))
    enrolled = Enrolled(gallery_of([]), frozenset())
    run.kiosk.use_people(enrolled)
    run.to_the_end()
    assert run.flow.people is enrolled


def test_people_are_loaded_again_when_the_kiosk_is_told_so() -> None:
    enrolled = Enrolled(gallery_of([]), frozenset())
    run = Running(FakeSource(range(3)), load_people=lambda: enrolled)
    run.kiosk.renew_people()
    run.to_the_end()
    assert run.flow.people is enrolled


def test_who_gave_a_pin_is_recorded() -> None:
    run, person = Running(FakeSource([])), uuid4()
    run.kiosk.record_pin(person)
    assert run.recorder.by_pin == [person]


def test_not_me_voids_the_event() -> None:
    run = Running(FakeSource([]))
    attendance = uuid4()
    run.kiosk.not_me(KioskEvent(EventKind.CHECK_IN, START, attendance=attendance))
    assert run.recorder.voided == [(attendance, "kiosk")]


def test_not_me_is_refused_for_what_is_no_attendance() -> None:
    run = Running(FakeSource([]))
    with pytest.raises(MusterError, match="check-in"):
        run.kiosk.not_me(KioskEvent(EventKind.UNKNOWN, START))
    assert run.recorder.voided == []


def test_not_me_says_when_the_database_does_not_answer() -> None:
    run = Running(FakeSource([]), recorder=FakeRecorder(TimeoutError()))
    with pytest.raises(MusterError, match="does not answer"):
        run.kiosk.not_me(KioskEvent(EventKind.CHECK_IN, START, attendance=uuid4()))


def test_not_me_hands_on_what_the_ledger_refuses() -> None:
    run = Running(FakeSource([]), recorder=FakeRecorder(LookupError("voided already")))
    with pytest.raises(LookupError, match="voided already"):
        run.kiosk.not_me(KioskEvent(EventKind.CHECK_IN, START, attendance=uuid4()))


def test_recognition_that_hangs_is_said_and_given_up_and_stopping_does_not_wait_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kiosk_module, "HANGS_AFTER", 0.05)
    monkeypatch.setattr(kiosk_module, "_STOP_PATIENCE", 0.05)
    hung, stuck = threading.Event(), threading.Event()

    def hang(frame: Frame) -> None:
        stuck.set()
        assert hung.wait(PATIENCE)

    run = Running(FakeSource(range(3)), FakeFlow(on_frame=hang))
    run.kiosk.start()
    assert stuck.wait(PATIENCE)
    while run.kiosk.trouble is None:
        assert not run.kiosk.wait(0.01)
    assert "has not answered" in run.kiosk.trouble
    monkeypatch.setattr(kiosk_module, "GIVEN_UP_AFTER", 0.05)
    with pytest.raises(KioskHangs):
        run.kiosk.wait(0)
    run.kiosk.stop()
    assert run.recorder.closed
    hung.set()


def test_stopping_does_not_wait_for_a_frame_that_begins_to_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not said yet that recognition hangs when somebody stops the kiosk."""
    monkeypatch.setattr(kiosk_module, "HANGS_AFTER", 0.3)
    monkeypatch.setattr(kiosk_module, "_STOP_PATIENCE", 0.01)
    hung, stuck = threading.Event(), threading.Event()

    def hang(frame: Frame) -> None:
        stuck.set()
        assert hung.wait(PATIENCE)

    run = Running(FakeSource(range(3)), FakeFlow(on_frame=hang))
    run.kiosk.start()
    assert stuck.wait(PATIENCE)
    run.kiosk.stop()
    assert run.recorder.closed
    hung.set()


def test_stopping_does_not_wait_for_ever_for_models_that_do_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kiosk_module, "_LOADING_PATIENCE", 0.05)
    loaded = threading.Event()

    def load() -> Any:
        assert loaded.wait(PATIENCE)
        return FakeFlow()

    run = Running(FakeSource(range(3)))
    run.kiosk._open_flow = load
    run.kiosk.start()
    run.kiosk.stop()
    assert run.recorder.closed
    loaded.set()


def test_entries_that_wait_are_trouble() -> None:
    run = Running(FakeSource([]))
    assert run.kiosk.trouble is None
    run.recorder.health = "The disk is full."
    assert run.kiosk.trouble == "Entries wait to be written. The disk is full."


def test_a_screen_that_breaks_does_not_stop_the_door(caplog: pytest.LogCaptureFixture) -> None:
    def draw(scene: Scene) -> None:
        raise RuntimeError("the screen is gone")

    run = Running(FakeSource(range(5)), on_scene=draw)
    with caplog.at_level(logging.ERROR):
        run.to_the_end()
    assert len(run.scenes) == 5
    assert run.recorder.facts[-1] == "last sighting"
