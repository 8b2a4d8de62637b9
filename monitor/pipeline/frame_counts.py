"""Counts the frames of a run, and how many are processed a second. Times are those of the monotonic clock."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

_FPS_OVER: Final = 2.0
"""Seconds over which the frame rate is averaged."""


@dataclass(frozen=True, slots=True)
class KioskSummary:
    """A run of the kiosk in numbers."""

    frames: int
    dropped: int
    seconds: float
    """From the start of the first frame to the end of the last one."""

    @property
    def fps(self) -> float:
        return self.frames / self.seconds if self.seconds > 0 else 0.0


@dataclass(slots=True)
class FrameCounts:
    """The frames that were processed."""

    frames: int = 0
    _began: float = 0.0
    _ended: float = 0.0
    _done_at: deque[float] = field(default_factory=lambda: deque(maxlen=256))

    def begin(self, now: float) -> None:
        """A frame is worked on from now on."""
        if not self.frames:
            self._began = now

    def done(self, now: float) -> None:
        """The frame is processed."""
        self.frames += 1
        self._ended = now
        self._done_at.append(now)
        while now - self._done_at[0] > _FPS_OVER:
            self._done_at.popleft()

    @property
    def fps(self) -> float:
        """Frames processed a second, over the last seconds."""
        elapsed = self._ended - self._done_at[0] if self._done_at else 0.0
        return (len(self._done_at) - 1) / elapsed if elapsed > 0 else 0.0

    def summary(self, dropped: int) -> KioskSummary:
        """The run so far. Args: dropped: frames that a live source delivered while vision was busy."""
        return KioskSummary(self.frames, dropped, self._ended - self._began)
