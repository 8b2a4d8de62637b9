"""A camera on its side and a picture that lies on its side are noticed; without a face nothing is turned."""

import cv2
import numpy as np
import pytest

from monitor.domain import Box, Face, RgbImage
from monitor.vision.detection.turns import turn_of_camera, turn_of_still, turned_back, turned_picture
from monitor.vision.detector import FaceDetector
from tests.monitor.stage import Photo, frontal

TURNS = [0, 90, 180, 270]


def at_the_door(photo: RgbImage) -> RgbImage:
    wall = np.full((480, 640, 3), 120, np.uint8)
    wall[60:420, 180:480] = cv2.resize(photo, (300, 360))
    return wall


@pytest.mark.parametrize("degrees", TURNS)
def test_the_turn_that_makes_people_stand_upright_is_found(
    blazeface: FaceDetector, orl_photo: Photo, degrees: int
) -> None:
    hung = [turned_picture(at_the_door(orl_photo(subject, 1)), -degrees % 360) for subject in (1, 5, 12)]
    assert turn_of_camera(blazeface.glance, hung) == degrees
    assert turn_of_still(blazeface.glance, hung[0], blazeface.glance(hung[0])) == degrees


def test_without_faces_nothing_is_proposed(blazeface: FaceDetector) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (480, 640, 3)).astype(np.uint8)
    assert turn_of_camera(blazeface.glance, [noise]) == turn_of_camera(blazeface.glance, []) == 0
    assert turn_of_still(blazeface.glance, noise, []) == 0


@pytest.mark.parametrize(("here", "turned", "degrees"), [(0.6, 0.7, 180), (0.6, 0.63, 0), (0.85, 0.99, 0)])
def test_a_still_picture_is_turned_for_a_clearly_surer_face_only(here: float, turned: float, degrees: int) -> None:
    rgb = np.zeros((40, 40, 3), np.uint8)
    rgb[0, 0] = 255

    def look(picture: RgbImage) -> list[Face]:
        return [frontal(Box(0, 0, 20, 20), turned)] if picture[39, 39].all() else []

    assert turn_of_still(look, rgb, [frontal(Box(0, 0, 20, 20), here)]) == degrees


def test_a_detector_without_key_points_cannot_tell_how_a_face_stands() -> None:
    def never(_: RgbImage) -> list[Face]:
        raise AssertionError

    assert turn_of_still(never, np.zeros((40, 40, 3), np.uint8), [Face(Box(0, 0, 20, 20), 0.5)]) == 0


@pytest.mark.parametrize("degrees", TURNS)
def test_a_box_on_the_turned_picture_is_found_again_on_the_picture_as_it_was(degrees: int) -> None:
    rgb = np.zeros((60, 100, 3), np.uint8)
    rgb[10:30, 70:80] = 255
    rows, columns, _ = np.nonzero(turned_picture(rgb, degrees))
    left, top = int(columns.min()), int(rows.min())
    box = Box(left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top)
    assert turned_back(box, degrees, 100, 60) == Box(70, 10, 10, 20)
