"""Chips are cut as dlib cuts them, wherever the face is."""

from collections.abc import Callable, Iterator

import dlib
import numpy as np
import pytest

from monitor.domain import Box, Face
from monitor.errors import ModelError
from monitor.vision import chips, models
from monitor.vision.chips import face_chip
from monitor.vision.detector import FaceDetector
from tests.monitor.stage import Photo


def test_the_chip_of_a_hog_face_is_the_one_that_face_recognition_cuts(orl_photo: Photo) -> None:
    photo = orl_photo(3, 1)
    rectangle = dlib.get_frontal_face_detector()(photo, 0)[0]
    landmarks = dlib.shape_predictor(str(models.weights(models.DLIB_LANDMARKS)))
    truth = dlib.get_face_chip(photo, landmarks(photo, rectangle), 150, 0.25)
    box = Box(rectangle.left(), rectangle.top(), rectangle.width() - 1, rectangle.height() - 1)
    assert np.array_equal(face_chip(photo, Face(box, 1.0)), truth)


@pytest.mark.parametrize("turn", [-20, 20])
def test_a_tilted_face_is_upright_on_its_chip(blazeface: FaceDetector, orl_photo: Photo, turn: int) -> None:
    import cv2

    photo = orl_photo(3, 1)
    middle = photo.shape[1] / 2, photo.shape[0] / 2
    tilted = cv2.warpAffine(photo, cv2.getRotationMatrix2D(middle, turn, 1), photo.shape[1::-1], borderMode=1)
    straight, upright = (face_chip(picture, blazeface.detect(picture)[0]) for picture in (photo, tilted))
    likeness = np.corrcoef(straight.ravel(), upright.ravel())[0, 1]
    untouched = np.corrcoef(straight.ravel(), cv2.resize(tilted, (150, 150)).ravel())[0, 1]
    assert likeness > 0.9 > untouched


@pytest.mark.parametrize(
    "box",
    [
        Box(-60, -60, 100, 100),
        Box(600, 440, 100, 100),
        Box(2000, 2000, 80, 80),
        Box(-500, 100, 80, 80),
        Box(100, 100, 1, 1),
        Box(0, 0, 640, 480),
        Box(-1000, -1000, 4000, 4000),
    ],
)
def test_a_face_over_the_rim_outside_tiny_or_huge_still_gives_a_chip(box: Box) -> None:
    picture = np.random.default_rng(4).integers(0, 256, (480, 640, 3)).astype(np.uint8)
    chip = face_chip(picture, Face(box, 0.9))
    assert chip.shape == (150, 150, 3)
    assert chip.dtype == np.uint8


def test_what_lies_outside_of_the_picture_is_black() -> None:
    chip = face_chip(np.full((200, 200, 3), 200, np.uint8), Face(Box(5000, 5000, 80, 80), 0.9))
    assert not chip.any()


def test_a_view_into_a_larger_picture_gives_the_same_chip_as_a_copy(orl_photo: Photo) -> None:
    mirrored = orl_photo(3, 1)[:, ::-1]
    face = Face(Box(100, 130, 180, 180), 0.9)
    assert np.array_equal(face_chip(mirrored, face), face_chip(mirrored.copy(), face))


@pytest.fixture
def fresh() -> Iterator[None]:
    """The landmark model is opened anew before and after the test."""
    chips._landmark_model.cache_clear()
    yield
    chips._landmark_model.cache_clear()


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("content", [None, b"", b"nonsense" * 100], ids=["missing", "empty", "nonsense"])
def test_missing_or_damaged_landmark_weights_say_what_to_do(
    content: bytes | None, spoil: Callable[[str, bytes | None], None]
) -> None:
    spoil("DLIB_LANDMARKS", content)
    with pytest.raises(ModelError, match="install"):
        face_chip(np.zeros((90, 90, 3), np.uint8), Face(Box(0, 0, 80, 80), 0.9))
