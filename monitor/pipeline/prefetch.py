"""Finds the faces on the next frames while the flow still works on this one: two cores for one stream of frames."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from monitor.domain import Face, RgbImage
from monitor.pipeline.pipeline import Detector

_THREADS = 2
"""Where the flow leaves its core idle, a second detector takes it."""


class DetectorAhead:
    """Detectors in threads of their own, which may be told of a picture before its faces are asked for."""

    def __init__(self, open_detector: Callable[[], Detector]) -> None:
        """
        Args:
            open_detector: loads the model; called in each thread, at its first use.
        """
        self._open = open_detector
        self._own = threading.local()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="detector")
        self._begun: dict[int, tuple[RgbImage, Future[list[Face]]]] = {}

    def begin(self, rgb: RgbImage) -> None:
        """Start to look for faces on the picture that comes after the one being worked on."""
        self._begun[id(rgb)] = rgb, self._pool.submit(self._detect, rgb)

    def detect(self, rgb: RgbImage) -> list[Face]:
        """The faces on a picture, begun or not; waits for them.

        Raises:
            ModelError: the model is missing or damaged.
        """
        _, found = self._begun.pop(id(rgb), (None, None))
        return (found or self._pool.submit(self._detect, rgb)).result()

    def close(self) -> None:
        """End the threads. May be called twice."""
        self._pool.shutdown(cancel_futures=True)

    def _detect(self, rgb: RgbImage) -> list[Face]:
        detector: Detector | None = getattr(self._own, "detector", None)
        if detector is None:
            detector = self._own.detector = self._open()
        return detector.detect(rgb)
