"""The running kiosk: capture, vision and recorder threads, tied together. Headless; the terminal app only shows it.

Data changes threads at three places. Only the reading of a file waits there, for the flow:

1. Capture thread to vision thread: the deque of `sources.capture.Capture`. A live source keeps the newest frame only; a
   file's frames are all kept, and reading waits while the deque is full. The vision thread takes frames by `next`.
2. Vision thread to recorder thread: the queue of `recording.recorder.Recorder`. `record` returns at once; a sighting
   leaves the queue when its transaction is committed.
3. Vision and recorder threads to the user interface: `publish_scene` for every frame and `publish_event` for every
   event. The app passes both to its loop by `post_message` of Textual; it draws only the newest scene, but takes every
   event.

Into the threads go `use_people` (a reference to a frozen object, which the vision thread reads before each frame), and
`record_pin` and `not_me` (through the recorder's queue).
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Protocol, TypeAlias
from uuid import UUID

from monitor.domain import EventKind, Face, Frame, KioskEvent, Scene, Sighting
from monitor.errors import LOW_MEMORY, KioskHangs, MusterError, short_of_memory
from monitor.pipeline.frame_counts import FrameCounts, KioskSummary
from monitor.pipeline.pipeline import VisionFlow
from monitor.pipeline.prefetch import DetectorPrefetch
from monitor.pipeline.search_plan import SearchPlan
from monitor.sources.capture import Capture
from monitor.sources.source import FrameSource
from monitor.vision.matching.gallery import Enrolled

logger = logging.getLogger(__name__)

_PATIENCE = 10.0
"""Most seconds that `not_me` waits for the database."""
_LIVE_WAITING = 1
"""Frames of a live source that the detector runs ahead of the pipeline; each delays the picture by one frame."""
_FILE_WAITING = 4
"""Frames of a file that the detector runs ahead of the pipeline; more of them even out slow frames."""
_MANY_BROKEN = 30
"""Frames in a row that cannot be processed, from which the camera is reported as lost."""
_POLL = 0.2
"""Seconds after which the vision thread checks whether it should stop."""
HANGS_AFTER = 5.0
"""Seconds of work on one frame from which it is said that face recognition hangs."""
GIVEN_UP_AFTER = 60.0
"""Seconds of work on one frame from which the kiosk is given up: a thread in a native library cannot be ended."""
_STOP_PATIENCE = 3.0
"""Least seconds that stopping waits for a frame that hangs."""
_LOADING_PATIENCE = 20.0
"""Most seconds that stopping waits while no frame is worked on: for models that are loaded."""
_STOP_POLL = 0.05
"""Seconds after which stopping looks again whether the frame hangs by now."""


_Begun: TypeAlias = tuple[Frame, Future[list[Face]] | None]
"""A frame and its faces; None for a frame that is not searched."""


class FactWriter(Protocol):
    """What the kiosk needs of the recorder."""

    def record(self, sighting: Sighting) -> None: ...
    def record_pin(self, person_id: UUID) -> None: ...
    def void(self, attendance: UUID, actor: str) -> Future[None]: ...
    def close(self) -> None: ...
    @property
    def health(self) -> str | None: ...
    @property
    def clock_trouble(self) -> str | None: ...


class Kiosk:
    """Runs a source through vision into the recorder, on threads of its own.

    `publish_scene` is called from the vision thread for every frame, `publish_event` from the recorder's thread
    for facts and from the vision thread for the source; neither may block.
    """

    def __init__(
        self,
        source: FrameSource,
        detector: DetectorPrefetch,
        open_flow: Callable[[], VisionFlow],
        recorder: FactWriter,
        *,
        publish_scene: Callable[[Scene], None],
        publish_event: Callable[[KioskEvent], None],
        load_people: Callable[[], Enrolled] | None = None,
        plan: SearchPlan | None = None,
        fail_fast: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """
        Args:
            detector: closed with the kiosk.
            open_flow: loads the other models; called in the vision thread.
            load_people: everyone who can be named now, for `renew_people`; None where they never change.
            plan: where frames are searched; None for everywhere, where something moved.
            fail_fast: a camera that does not open at the start is an error, instead of being waited for.
        """
        self._detector = detector
        self._open_flow = open_flow
        self._load_people = load_people
        self._renewing = threading.Lock()
        self._plan = plan or SearchPlan()
        self._recorder = recorder
        self._publish_scene = publish_scene
        self._publish_event = publish_event
        self._clock = clock
        self._capture = Capture(source, on_lost=self._on_lost, on_back=self._on_back, fail_fast=fail_fast)
        self._thread = threading.Thread(target=self._run, name="vision", daemon=True)
        self._stopping = threading.Event()
        self._enrolled: Enrolled | None = None
        self._error: Exception | None = None
        self._most_waiting = _LIVE_WAITING if source.live else _FILE_WAITING
        self._counts = FrameCounts()
        self._broken = 0
        self._frame_since: float | None = None
        """Since when the frame is worked on, on the monotonic clock; None between two frames."""

    def start(self) -> None:
        """Open the source and the models, and begin."""
        self._capture.start()
        self._thread.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the end of the source.

        Returns:
            Whether it ended.

        Raises:
            KioskHangs: face recognition does not answer any more.
            MusterError: the source or a model cannot be opened or read.
        """
        self._thread.join(seconds)
        if self._error is not None:
            raise self._error
        if self._working_for > GIVEN_UP_AFTER:
            raise KioskHangs(f"Face recognition has not answered for {GIVEN_UP_AFTER:.0f} seconds; start Muster again.")
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Close the source and write every fact. May be called twice."""
        self._stopping.set()
        self._capture.stop()
        asked = time.monotonic()
        while self._thread.is_alive() and not self._is_given_up(time.monotonic() - asked):
            self._thread.join(_STOP_POLL)
        self._detector.close(wait=not self._thread.is_alive())
        self._recorder.close()

    def _is_given_up(self, waited: float) -> bool:
        """Whether stopping has waited long enough for the frame that is worked on, or for models that are loaded."""
        if self._frame_since is None:
            return waited > _LOADING_PATIENCE
        return waited > _STOP_PATIENCE and self._working_for > HANGS_AFTER

    def use_people(self, enrolled: Enrolled) -> None:
        """Identify against these people from the next frame on; from any thread."""
        self._enrolled = enrolled

    def renew_people(self) -> None:
        """Identify against whoever can be named now, from the next frame on; from any thread. It blocks.

        Raises:
            DatabaseError: the database cannot be read; the people stay as they were.
        """
        with self._renewing:  # what was read later counts
            if self._load_people is not None:
                self.use_people(self._load_people())

    @property
    def trouble(self) -> str | None:
        """One sentence on why nobody is recognised, no fact is written, or the time is wrong; None when all is well."""
        if self._working_for > HANGS_AFTER:
            return f"Face recognition has not answered for {self._working_for:.0f} seconds."
        health = self._recorder.health
        return f"Entries wait to be written. {health}" if health else self._recorder.clock_trouble

    @property
    def _working_for(self) -> float:
        """Seconds since when the same frame is worked on; 0 between two frames."""
        since = self._frame_since
        return time.monotonic() - since if since is not None else 0.0

    def not_me(self, event: KioskEvent) -> None:
        """Void a check-in or check-out and remember the wrong pair; returns once both are written.

        Raises:
            MusterError: the event is neither, or the database does not answer.
            DatabaseError: the ledger refuses.
        """
        if event.attendance is None:
            raise MusterError("Only a check-in or a check-out can be taken back.")
        try:
            self._recorder.void(event.attendance, "kiosk").result(_PATIENCE)
        except TimeoutError:
            raise MusterError(
                "The database does not answer; the entry is taken back as soon as it does. Do not try again."
            ) from None

    def record_pin(self, person: UUID) -> None:
        """Have it written that somebody gave their number and PIN; the event is published later. Returns at once."""
        self._recorder.record_pin(person)

    def summary(self) -> KioskSummary:
        """The run so far."""
        return self._counts.summary(self._capture.dropped)

    def _run(self) -> None:
        try:
            flow = self._open_flow()
            try:
                self._watch(flow)
            finally:
                for sighting in flow.finish():
                    self._recorder.record(sighting)
        except Exception as error:  # noqa: BLE001 - raised again by wait(), in the caller's thread
            self._error = error

    def _watch(self, flow: VisionFlow) -> None:
        """Process frames until the source ends or fails, with the detector some frames ahead."""
        waiting: deque[_Begun] = deque()
        try:
            while not self._stopping.is_set() and (waiting or not self._capture.ended):
                frame = self._capture.next(0.0 if waiting else _POLL)
                if frame is not None:
                    waiting.append(self._begin(frame))
                if waiting and (frame is None or len(waiting) > self._most_waiting):
                    self._process(flow, *waiting.popleft())
        except MusterError:
            while waiting:
                self._process(flow, *waiting.popleft())
            raise

    def _begin(self, frame: Frame) -> _Begun:
        search = self._plan.next(frame.rgb, frame.seconds)
        return frame, self._detector.submit(frame.rgb, search) if search else None

    def _process(self, flow: VisionFlow, frame: Frame, future: Future[list[Face]] | None) -> None:
        self._frame_since = time.monotonic()
        self._counts.begin(self._frame_since)
        try:
            if self._enrolled is not None:
                flow.use_people(self._enrolled)
            faces = future.result() if future else None
            observations, sightings = flow.process(frame, faces)
            if faces is not None:
                self._plan.learn(frame.seconds, faces, settled=flow.settled, turning=flow.turning)
        except Exception as error:  # noqa: BLE001 - a frame that breaks a native library must not stop the kiosk
            self._note_broken(frame, error)
            return
        finally:
            self._frame_since = None
        if faces is not None:
            if self._broken >= _MANY_BROKEN:
                self._on_back()
            self._broken = 0
        for sighting in sightings:
            self._recorder.record(sighting)
        self._counts.done(time.monotonic())
        counts, dropped = self._counts, self._capture.dropped
        scene = Scene(frame, observations, counts.frames, dropped, counts.fps, len(flow.people.gallery))
        try:
            self._publish_scene(scene)
        except Exception:  # a screen that is closing must not stop the kiosk either
            logger.exception("Frame %d could not be shown; going on with the next.", frame.index)

    def _note_broken(self, frame: Frame, error: Exception) -> None:
        """Log the first of a row of broken frames, so that they do not fill the disk; publish a long row as a loss."""
        self._broken += 1
        low = short_of_memory(error)
        if self._broken == 1 and low:
            logger.error("Frame %d could not be processed. %s", frame.index, LOW_MEMORY)
        elif self._broken == 1:
            logger.error("Frame %d could not be processed; going on with the next.", frame.index, exc_info=error)
        if self._broken == _MANY_BROKEN:
            fails = "Face detection fails on every frame of this camera; see the log file."
            self._on_lost(LOW_MEMORY if low else fails)

    def _on_lost(self, reason: str) -> None:
        self._publish_event(KioskEvent(EventKind.SOURCE_LOST, self._clock(), text=reason))

    def _on_back(self) -> None:
        self._publish_event(KioskEvent(EventKind.SOURCE_BACK, self._clock(), text="The picture is back."))
