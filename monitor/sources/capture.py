"""Reads a source in a thread of its own and hands its frames to the pipeline: the first change of threads.

A live source that is missing, hangs, freezes, goes black or sends half pictures is noticed within five seconds, and
opened again and again, for ever: at most 10 seconds lie between two tries.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from monitor.domain import Frame
from monitor.errors import MusterError
from monitor.sources.health import LOST_AFTER, Health
from monitor.sources.source import FrameSource

ABANDON_AFTER = 10.0
"""Seconds after which a thread that hangs in the driver is left behind and another one takes over."""

MOST_ABANDONED = 3
"""Threads left behind at the same time, from which no further one is started: the driver does not recover."""

FRESH = 0.1
"""Seconds that a frame of a live source may wait for the pipeline before a newer one is decoded in its place."""

AHEAD = 2
"""Frames of a file that are decoded while vision still works on earlier ones."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a lost source is opened again: twice as long each time."""

    first: float = 0.5
    longest: float = 5.0
    forgiven_after: float = 30.0
    """Seconds of good pictures after which the next loss starts from `first` again."""


class Capture:
    """Hands the frames of a source to one consumer, who calls `next` in a loop.

    Live sources: the newest frame wins, at most 0.1 s old when it is handed over; the others are dropped and counted,
    before they are decoded where the source can skip them. Other sources: a short queue, nothing is dropped. `on_lost`
    (with a sentence) and `on_back` are called inside `next`, on the consumer's thread.
    """

    def __init__(
        self,
        source: FrameSource,
        *,
        on_lost: Callable[[str], None],
        on_back: Callable[[], None],
        fail_fast: bool = False,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        """
        Args:
            source: not opened yet.
            fail_fast: whether `next` raises an error if a live source does not open at the first try.
            clock: seconds that never jump.
            wait: waits at most that many seconds for the event, before a lost source is opened again.
        """
        self.dropped = 0
        self.ended = False
        """Whether the last frame was handed over (files only)."""
        self._source = source
        self._skip: Callable[[], object] | None = getattr(source, "skip", None)
        self._on_lost = on_lost
        self._on_back = on_back
        self._fail_fast = fail_fast
        self._backoff = backoff or Backoff()
        self._clock = clock
        self._wait = wait
        self._health = Health()
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._frames: deque[Frame] = deque()
        self._notices: deque[Callable[[], None]] = deque()
        self._lost = False
        self._finished = False
        self._error: Exception | None = None
        self._good_at = 0.0
        self._good_since: float | None = None
        self._alive_at = 0.0
        self._reader: threading.Thread | None = None
        self._abandoned: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to open and read, on another thread."""
        self._good_at = self._alive_at = self._clock()
        self._start_reader()

    def next(self, timeout: float) -> Frame | None:
        """The next frame, waited for up to `timeout` seconds; None when there is none, or when `ended`.

        Raises:
            SourceError: the source is not live and cannot be read, or `fail_fast` applies.
        """
        deadline = self._clock() + timeout
        while True:
            self._watch()
            self._tell()
            with self._changed:
                if self._notices:
                    continue
                if self._frames:
                    self._changed.notify_all()
                    return self._frames.popleft()
                if self._error is not None:
                    raise self._error
                self.ended = self._finished
                left = deadline - self._clock()
                if self.ended or left <= 0 or self._stopped.is_set():
                    return None
                self._changed.wait(min(left, 0.25))

    def stop(self, patience: float = 1.0) -> None:
        """End reading and join the thread; one that hangs in the driver is left behind after `patience` s."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()
        if self._reader is not None:
            self._reader.join(patience)

    def _start_reader(self) -> None:
        reader = threading.Thread(target=self._run, name="capture", daemon=True)
        self._reader = reader
        reader.start()

    def _is_current(self) -> bool:
        return threading.current_thread() is self._reader and not self._stopped.is_set()

    def _run(self) -> None:
        try:
            if self._source.live:
                self._read_for_ever()
            else:
                self._read_to_the_end()
        except Exception as error:  # noqa: BLE001 - raised again by next(), in the consumer's thread
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def _read_to_the_end(self) -> None:
        self._source.open()
        try:
            while self._is_current():
                frame = self._source.read()
                with self._changed:
                    if frame is None:
                        self._finished = True
                        self._changed.notify_all()
                        return
                    self._changed.wait_for(lambda: len(self._frames) < AHEAD or self._stopped.is_set())
                    self._frames.append(frame)
                    self._changed.notify_all()
        finally:
            self._source.close()

    def _read_for_ever(self) -> None:
        delay = self._backoff.first
        while self._is_current():
            try:
                self._source.open()
                reason = self._read_until_lost()
            except MusterError as error:
                if self._fail_fast and self._good_since is None and not self._lost:
                    raise
                reason = str(error)
            finally:
                if threading.current_thread() is self._reader:
                    self._source.close()
            if not self._is_current():
                return
            if self._good_since is not None and self._good_at - self._good_since >= self._backoff.forgiven_after:
                delay = self._backoff.first
            self._declare_lost(reason)
            if self._wait(self._stopped, delay):
                return
            with self._changed:
                self._alive_at = self._clock()
            delay = min(2 * delay, self._backoff.longest)

    def _read_until_lost(self) -> str:
        self._health.restart()
        while self._is_current():
            if self._skip is not None and self._has_fresh():
                self._skip()
                self._note_skipped()
                continue
            frame = self._source.read()
            if not self._is_current():
                break
            if frame is None:
                return f"{self._source.name} ended."
            now = self._clock()
            good, flaw = self._health.look(frame.rgb, now, getattr(self._source, "stamp", None))
            if flaw is not None:
                return f"{self._source.name} {flaw}."
            self._deliver(frame, good, now)
        return ""

    def _has_fresh(self) -> bool:
        """Whether a frame waits that is still new enough."""
        with self._changed:
            return bool(self._frames) and not self._lost and self._clock() - self._good_at < FRESH

    def _note_skipped(self) -> None:
        with self._changed:
            self._alive_at = self._clock()
            self.dropped += 1

    def _deliver(self, frame: Frame, good: bool, now: float) -> None:
        with self._changed:
            self._alive_at = now
            if good:
                self._good_at = now
                self._good_since = self._good_since if self._good_since is not None else now
                if self._lost:
                    self._lost = False
                    self._notices.append(self._on_back)
            if not self._lost:
                self.dropped += len(self._frames)
                self._frames.clear()
                self._frames.append(frame)
            self._changed.notify_all()

    def _declare_lost(self, reason: str) -> None:
        with self._changed:
            self._alive_at = self._clock()
            self._good_since = None
            if not self._lost:
                self._lost = True
                self._notices.append(lambda: self._on_lost(reason))
            self._changed.notify_all()

    def _watch(self) -> None:
        """Notice a reader that hangs in the driver; the reader itself cannot notice."""
        if not self._source.live or self._stopped.is_set() or self._error is not None:
            return
        now = self._clock()
        if not self._lost and now - max(self._good_at, self._alive_at) >= LOST_AFTER:
            self._declare_lost(f"{self._source.name} has sent no picture for {LOST_AFTER:.0f} seconds.")
            with self._changed:
                self._alive_at = now
        if self._lost and now - self._alive_at >= ABANDON_AFTER:
            self._abandoned = [thread for thread in self._abandoned if thread.is_alive()]
            if self._reader is not None and len(self._abandoned) < MOST_ABANDONED:
                self._abandoned.append(self._reader)
                self._alive_at = now
                self._start_reader()

    def _tell(self) -> None:
        while self._notices:
            self._notices.popleft()()
