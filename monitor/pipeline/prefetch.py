"""Detects the faces on the next frames while the pipeline still works on this one, so that two cores are used."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from monitor.domain import Face, RgbImage
from monitor.pipeline.search_plan import Search
from monitor.vision.detection.tiles import Tile

_THREADS = 2
"""Threads of the pool: while the pipeline's thread waits, its core can run a second detection."""


class Detector(Protocol):
    def detect(self, rgb: RgbImage) -> list[Face]: ...
    def search(self, rgb: RgbImage, tiles: Iterable[Tile], known: Sequence[Face] = ()) -> list[Face]: ...


class DetectorPrefetch:
    """Detectors in threads of their own; each frame's faces are a future."""

    def __init__(self, open_detector: Callable[[], Detector]) -> None:
        """
        Args:
            open_detector: loads the model; called in each thread, at its first use.
        """
        self._open = open_detector
        self._own = threading.local()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="detector")

    def submit(self, rgb: RgbImage, search: Search) -> Future[list[Face]]:
        """Begin to look for faces on a picture.

        Returns:
            A future of the faces; it raises ModelError when the model is missing or damaged.
        """
        return self._pool.submit(self._detect, rgb, search)

    def close(self, *, wait: bool = True) -> None:
        """End the threads. May be called twice.

        Args:
            wait: until the detections that run are done.
        """
        self._pool.shutdown(wait=wait, cancel_futures=True)

    def _detect(self, rgb: RgbImage, search: Search) -> list[Face]:
        detector: Detector | None = getattr(self._own, "detector", None)
        if detector is None:
            detector = self._own.detector = self._open()
        if search.everywhere:
            return detector.detect(rgb)
        return detector.search(rgb, search.tiles, [one.face for one in search.known])
