"""A camera on its side is noticed, and nothing is proposed where no face tells it."""

import cv2
import numpy as np
import pytest

from monitor.doctor.turns import turn_needed
from monitor.domain import RgbImage
from monitor.vision.detector import FaceDetector
from tests.monitor.stage import Photo


def at_the_door(photo: RgbImage) -> RgbImage:
    wall = np.full((480, 640, 3), 120, np.uint8)
    wall[60:420, 180:480] = cv2.resize(photo, (300, 360))
    return wall


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_the_turn_that_makes_people_stand_upright_is_found(
    blazeface: FaceDetector, orl_photo: Photo, degrees: int
) -> None:
    hung = [np.ascontiguousarray(np.rot90(at_the_door(orl_photo(subject, 1)), degrees // 90)) for subject in (1, 5, 12)]
    assert turn_needed(blazeface, hung) == degrees


def test_without_faces_nothing_is_proposed(blazeface: FaceDetector) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (480, 640, 3)).astype(np.uint8)
    assert turn_needed(blazeface, [noise]) == turn_needed(blazeface, []) == 0
