"""The base of cameras and streams: they have no end, and a frame's time is the time at which it arrived."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime

from monitor.domain import Frame
from monitor.errors import SourceError
from monitor.sources.opencv import VideoCapture, device_time, next_picture, skip_picture


def now_utc() -> datetime:
    return datetime.now(UTC)


class LiveSource(ABC):
    """Frames of a device without an end. Frame numbers and seconds continue when it is opened again."""

    live = True
    warning: str | None = None
    stamp: float | None = None
    """The device's own time of the last frame, in milliseconds; None where it gives none."""

    def __init__(
        self, name: str, *, clock: Callable[[], float] = time.monotonic, now: Callable[[], datetime] = now_utc
    ) -> None:
        """
        Args:
            name: shown to people.
            clock: seconds that never jump.
            now: the time in UTC.
        """
        self.name = name
        self._clock = clock
        self._now = now
        self._capture: VideoCapture | None = None
        self._next_index = 0
        self._began: float | None = None

    @abstractmethod
    def connect(self) -> VideoCapture:
        """Open the device.

        Raises:
            SourceError: why it does not open.
        """

    def open(self) -> None:
        """Connect anew; an older connection is left to the thread that may still read from it."""
        self._capture = self.connect()

    def read(self) -> Frame:
        """Wait for the next frame.

        Raises:
            SourceError: no frame arrived in time.
        """
        capture = self._opened()
        rgb = next_picture(capture)
        if rgb is None:
            raise self._stopped()
        self.stamp = device_time(capture)
        clock = self._clock()
        if self._began is None:
            self._began = clock
        frame = Frame(index=self._next_index, at=self._now(), seconds=clock - self._began, rgb=rgb)
        self._next_index += 1
        return frame

    def skip(self) -> None:
        """Wait for the next frame and leave it undecoded.

        Raises:
            SourceError: no frame arrived in time.
        """
        if not skip_picture(self._opened()):
            raise self._stopped()
        self._next_index += 1

    def _opened(self) -> VideoCapture:
        if self._capture is None:
            raise SourceError(f"{self.name} is not open.")
        return self._capture

    def _stopped(self) -> SourceError:
        return SourceError(f"{self.name} stopped sending pictures; check its cable, power and network.")

    def close(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()
