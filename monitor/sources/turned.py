"""Turns the pictures of a camera that hangs on its side or upside-down."""

from collections.abc import Callable
from dataclasses import replace

from monitor.domain import Frame
from monitor.sources.source import FrameSource
from monitor.vision.detection.turns import turned_picture


def turned(source: FrameSource, degrees: int) -> FrameSource:
    """The source, its pictures turned clockwise by 0, 90, 180 or 270 degrees."""
    return TurnedSource(source, degrees) if degrees else source


class TurnedSource:
    """A source whose every frame is turned."""

    def __init__(self, source: FrameSource, degrees: int) -> None:
        """Takes 90, 180 or 270 degrees, clockwise."""
        self.name = source.name
        self.live = source.live
        self.warning: str | None = None
        self._source = source
        self._degrees = degrees
        self.skip: Callable[[], object] = getattr(source, "skip", source.read)

    @property
    def stamp(self) -> float | None:
        return getattr(self._source, "stamp", None)

    def open(self) -> None:
        self._source.open()

    def read(self) -> Frame | None:
        frame = self._source.read()
        self.warning = self._source.warning
        return None if frame is None else replace(frame, rgb=turned_picture(frame.rgb, self._degrees))

    def close(self) -> None:
        self._source.close()
