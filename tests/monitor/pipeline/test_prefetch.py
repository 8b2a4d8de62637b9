"""Looking for faces ahead of time finds what looking in time finds."""

import gc
import weakref
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pytest

from monitor.domain import Box, Face, RgbImage
from monitor.errors import ModelError
from monitor.pipeline.prefetch import DetectorPrefetch
from monitor.pipeline.search_plan import Judged, Search
from monitor.vision.detection.tiles import Tile, whole

EVERYWHERE = Search((), everywhere=True)


class Brightness:
    """Finds one face as wide as the picture is bright, and counts how often it looked."""

    def __init__(self) -> None:
        self.looked = 0

    def detect(self, rgb: RgbImage) -> list[Face]:
        self.looked += 1
        return [Face(Box(0, 0, float(rgb[0, 0, 0]), 10), 1.0)]

    def search(self, rgb: RgbImage, tiles: Iterable[Tile], known: Sequence[Face] = ()) -> list[Face]:
        return [*self.detect(rgb), *known] * len(list(tiles))


@pytest.fixture
def eye() -> Brightness:
    return Brightness()


@pytest.fixture
def prefetch(eye: Brightness) -> Iterator[DetectorPrefetch]:
    prefetch = DetectorPrefetch(lambda: eye)
    yield prefetch
    prefetch.close()


def picture(brightness: int) -> RgbImage:
    return np.full((16, 16, 3), brightness, np.uint8)


def widths(faces: list[Face]) -> list[float]:
    return [face.box.width for face in faces]


def test_each_picture_gets_its_own_faces_and_is_looked_at_once(prefetch: DetectorPrefetch, eye: Brightness) -> None:
    begun = [prefetch.submit(picture(brightness), EVERYWHERE) for brightness in (1, 2, 3, 4)]
    assert [widths(faces.result()) for faces in begun] == [[1.0], [2.0], [3.0], [4.0]]
    assert eye.looked == 4


def test_a_planned_search_looks_at_its_tiles_and_knows_its_faces(prefetch: DetectorPrefetch) -> None:
    known = Judged(Face(Box(0, 0, 7, 7), 1.0), 0.0)
    search = Search((whole(16, 16), whole(16, 16)), (known,))
    assert widths(prefetch.submit(picture(3), search).result()) == [3.0, 7.0] * 2


def test_a_picture_whose_faces_nobody_asks_for_is_not_kept(prefetch: DetectorPrefetch) -> None:
    dropped = picture(1)
    kept = weakref.ref(dropped)
    prefetch.submit(dropped, EVERYWHERE).result()
    del dropped
    gc.collect()
    assert kept() is None


def test_a_missing_model_is_told_to_who_asks() -> None:
    def missing() -> Brightness:
        raise ModelError("The model file is missing; install Muster again.")

    prefetch = DetectorPrefetch(missing)
    faces = prefetch.submit(picture(1), EVERYWHERE)
    with pytest.raises(ModelError):
        faces.result()
    prefetch.close()
    prefetch.close()
