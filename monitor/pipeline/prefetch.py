"""Detects the faces on the next frames while the pipeline still works on this one, so that two cores are used.

There is one detector: a second one takes 40 MB, and a live source gives it nothing to do. Its thread remembers for a
while what was judged to be a face, or not to be one, so that hardly any frame waits for the judgement.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from monitor.domain import Face, RgbImage
from monitor.pipeline.search_plan import Search
from monitor.vision.detection.tiles import Tile
from monitor.vision.detector import faces_of, is_same

_ASK_AGAIN = {True: 1.0, False: 0.5, None: 0.5}
"""Seconds after which a face is judged again whether it is one, by the answer before."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A face, and when it was judged whether it is one."""

    face: Face
    at: float
    """Seconds on the source's clock."""


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
        self._judged: list[Judged] = []
        self._shape: tuple[int, ...] = ()

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
        known = [one for one in self._judged if rgb.shape == self._shape and _is_fresh(one, search.seconds)]
        found = detector.search(rgb, search.tiles, [one.face for one in known])
        self._judged, self._shape = _joined(known, found, search.seconds), rgb.shape
        return faces_of(found)


def _is_fresh(one: Judged, seconds: float) -> bool:
    return seconds - one.at < _ASK_AGAIN[one.face.confirmed]


def _joined(known: Sequence[Judged], found: Sequence[Face], seconds: float) -> list[Judged]:
    """What is known after a search: each face where it is now, and what this search did not see again."""
    now = [Judged(face, max((one.at for one in known if is_same(face, one.face)), default=seconds)) for face in found]
    return now + [one for one in known if not any(is_same(face, one.face) for face in found)]
