"""Looking for faces ahead of time finds what looking in time finds."""

from collections.abc import Iterator

import numpy as np
import pytest

from monitor.domain import Box, Face, RgbImage
from monitor.errors import ModelError
from monitor.pipeline.prefetch import DetectorAhead


class Brightness:
    """Finds one face as wide as the picture is bright, and counts how often it looked."""

    def __init__(self) -> None:
        self.looked = 0

    def detect(self, rgb: RgbImage) -> list[Face]:
        self.looked += 1
        return [Face(Box(0, 0, float(rgb[0, 0, 0]), 10), 1.0)]


@pytest.fixture
def eye() -> Brightness:
    return Brightness()


@pytest.fixture
def ahead(eye: Brightness) -> Iterator[DetectorAhead]:
    ahead = DetectorAhead(lambda: eye)
    yield ahead
    ahead.close()


def picture(brightness: int) -> RgbImage:
    return np.full((16, 16, 3), brightness, np.uint8)


def widths(faces: list[Face]) -> list[float]:
    return [face.box.width for face in faces]


def test_each_picture_gets_its_own_faces_and_is_looked_at_once(ahead: DetectorAhead, eye: Brightness) -> None:
    pictures = [picture(brightness) for brightness in (1, 2, 3, 4)]
    ahead.begin(pictures[0])
    found = []
    for now, following in zip(pictures, [*pictures[1:], None], strict=True):
        if following is not None:
            ahead.begin(following)
        found.append(widths(ahead.detect(now)))
    assert found == [[1.0], [2.0], [3.0], [4.0]]
    assert eye.looked == 4


def test_a_picture_that_was_not_begun_is_looked_at_when_asked(ahead: DetectorAhead) -> None:
    assert widths(ahead.detect(picture(7))) == [7.0]


def test_a_missing_model_is_told_to_who_asks() -> None:
    def missing() -> Brightness:
        raise ModelError("The model file is missing; install Muster again.")

    ahead = DetectorAhead(missing)
    ahead.begin(same := picture(1))
    with pytest.raises(ModelError):
        ahead.detect(same)
    ahead.close()
    ahead.close()
