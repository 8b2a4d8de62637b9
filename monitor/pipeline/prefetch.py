"""Detects the faces on the next frames while the pipeline still works on this one, so that two cores are used.

There is one detector: a second one takes 40 MB, and a live source gives it nothing to do.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from monitor.domain import Face, RgbImage
from monitor.pipeline.search_plan import Search
from monitor.vision.detection.tiles import Tile


class Detector(Protocol):
    def detect(self, rgb: RgbImage) -> list[Face]: ...
    def search(self, rgb: RgbImage, tiles: Iterable[Tile], known: Sequence[Face] = ()) -> list[Face]: ...


class DetectorPrefetch:
    """A detector in a thread of its own; each frame's faces are a future."""

    def __init__(self, open_detector: Callable[[], Detector]) -> None:
        """
        Args:
            open_detector: loads the model; called in its thread, at the first use.
        """
        self._open = open_detector
        self._detector: Detector | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="detector")

    def submit(self, rgb: RgbImage, search: Search) -> Future[list[Face]]:
        """Begin to look for faces on a picture.

        Returns:
            A future of the faces; it raises ModelError when the model is missing or damaged.
        """
        return self._pool.submit(self._detect, rgb, search)

    def close(self, *, wait: bool = True) -> None:
        """End the thread. May be called twice.

        Args:
            wait: until the detection that runs is done.
        """
        self._pool.shutdown(wait=wait, cancel_futures=True)

    def _detect(self, rgb: RgbImage, search: Search) -> list[Face]:
        detector = self._detector = self._detector or self._open()
        if search.everywhere:
            return detector.detect(rgb)
        return detector.search(rgb, search.tiles, [one.face for one in search.known])
