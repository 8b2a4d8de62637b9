"""Looking for faces ahead of time finds what looking in time finds."""

import gc
import weakref
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pytest

from monitor.domain import Box, Face, RgbImage
from monitor.errors import ModelError
from monitor.pipeline.prefetch import DetectorPrefetch
from monitor.pipeline.search_plan import Search
from monitor.vision.detection.tiles import Tile, whole
from monitor.vision.detector import is_same

EVERYWHERE = Search((), 0.0, everywhere=True)
FPS = 30.0


class Brightness:
    """Finds one face as wide as the picture is bright, and counts how often it looked."""

    def __init__(self) -> None:
        self.looked = 0

    def detect(self, rgb: RgbImage) -> list[Face]:
        self.looked += 1
        return [Face(Box(0, 0, float(rgb[0, 0, 0]), 10), 1.0)]

    def search(self, rgb: RgbImage, tiles: Iterable[Tile], known: Sequence[Face] = ()) -> list[Face]:
        return self.detect(rgb) * len(list(tiles))


class Judge(Brightness):
    """Finds a face at the left, unless the picture is dark, and a surer one; notes what it had to judge."""

    def __init__(self, answer: bool | None) -> None:
        super().__init__()
        self.answer = answer
        self.asked: list[bool] = []

    def search(self, rgb: RgbImage, tiles: Iterable[Tile], known: Sequence[Face] = ()) -> list[Face]:
        at_left = Face(Box(0, 0, 40, 40), 0.8, confirmed=self.answer)
        self.asked.append(bool(rgb[0, 0, 0]) and not any(is_same(at_left, one) for one in known))
        surer = Face(Box(200, 0, 40, 40), 0.9)
        return [surer, at_left] if rgb[0, 0, 0] else [surer]


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


def test_a_planned_search_looks_at_its_tiles(prefetch: DetectorPrefetch) -> None:
    search = Search((whole(16, 16), whole(16, 16)), 0.0)
    assert widths(prefetch.submit(picture(3), search).result()) == [3.0] * 2


@pytest.mark.parametrize(("answer", "seconds"), [(True, 1.0), (False, 0.5), (None, 0.5)])
def test_a_face_is_judged_at_once_and_again_after_a_while(answer: bool | None, seconds: float) -> None:
    asked = np.array(_asked_at(answer, [picture(1)] * 90)) / FPS
    assert asked[0] == 0
    assert np.diff(asked).min() >= seconds
    assert np.diff(asked).max() <= seconds + 2 / FPS


@pytest.mark.parametrize("answer", [True, False, None])
def test_a_face_that_a_search_misses_is_not_judged_again_for_that(answer: bool | None) -> None:
    assert _asked_at(answer, [picture(1), picture(0), picture(1)]) == [0]


def test_on_a_picture_of_another_size_every_face_is_judged() -> None:
    larger = np.full((32, 16, 3), 1, np.uint8)
    assert _asked_at(True, [picture(1), larger, larger, picture(1)]) == [0, 1, 3]


def test_what_was_judged_not_to_be_a_face_is_not_handed_on() -> None:
    prefetch = DetectorPrefetch(lambda: Judge(None))
    assert [face.score for face in prefetch.submit(picture(1), Search((), 0.0)).result()] == [0.9]
    prefetch.close()


def _asked_at(answer: bool | None, pictures: Sequence[RgbImage]) -> list[int]:
    """Numbers of the pictures, 30 a second, on which the face at the left had to be judged."""
    judge = Judge(answer)
    prefetch = DetectorPrefetch(lambda: judge)
    for number, rgb in enumerate(pictures):
        prefetch.submit(rgb, Search((whole(16, 16),), number / FPS)).result()
    prefetch.close()
    return [number for number, asked in enumerate(judge.asked) if asked]


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
