"""What cameras and streams share: no end, and the time of a frame is the time it arrived."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import UTC, datetime

from monitor.domain import Frame
from monitor.errors import SourceError
from monitor.sources.opencv import VideoCapture, next_picture


def now_utc() -> datetime:
    return datetime.now(UTC)


class LiveSource(ABC):
    """Frames of a device that goes on for ever. Numbers and seconds run on when it is opened again."""

    live = True
    warning: str | None = None

    def __init__(
        self,
        name: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = now_utc,
    ) -> None:
        """
        Args:
            name: what people call it.
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
        """Connect; an older connection is left to whoever still reads from it."""
        self._capture = self.connect()

    def read(self) -> Frame:
        """Wait for the next frame.

        Raises:
            SourceError: nothing arrived in the time that the device may take.
        """
        capture = self._capture
        if capture is None:
            raise SourceError(f"{self.name} is not open.")
        rgb = next_picture(capture)
        if rgb is None:
            raise SourceError(f"{self.name} stopped sending pictures; check its cable, power and network.")
        clock = self._clock()
        if self._began is None:
            self._began = clock
        frame = Frame(index=self._next_index, at=self._now(), seconds=clock - self._began, rgb=rgb)
        self._next_index += 1
        return frame

    def close(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()
