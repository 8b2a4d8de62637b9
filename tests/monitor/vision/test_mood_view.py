"""Which views of a face show a mood."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from monitor.domain import Box, Face, RgbImage, Unclear
from monitor.vision.crops import mood_crop
from monitor.vision.detector import FaceDetector
from monitor.vision.mood_view import (
    LEAST_MOUTH,
    LEAST_SHARPNESS,
    mouth_contrast,
    plausible,
    sharpness,
    unclear,
)
from tests.monitor.stage import Photo, frontal

NOISE = np.random.default_rng(2).integers(0, 256, (48, 48)).astype(np.uint8)


@pytest.fixture
def found(blazeface: FaceDetector, orl_photo: Photo) -> tuple[RgbImage, Face]:
    """A real face and where it is."""
    photo = orl_photo(5, 1)
    (face,) = blazeface.detect(photo)
    return photo, face


def masked(photo: RgbImage, face: Face) -> RgbImage:
    """The face with a mask from the nose to the chin."""
    assert face.keypoints is not None
    right_eye, left_eye, nose, mouth = face.keypoints[:4]
    across = (left_eye - right_eye) * 0.75
    down = (mouth - nose) * 1.2
    corners = [nose - across, nose + across, mouth + across + down, mouth - across + down]
    painted = photo.copy()
    cv2.fillPoly(painted, [np.array(corners, np.int32)], (150, 170, 190))
    return painted


def test_a_clear_face_is_judged(found: tuple[RgbImage, Face]) -> None:
    photo, face = found
    assert unclear(face, mood_crop(photo, face)) is None


def test_a_covered_mouth_is_seen(found: tuple[RgbImage, Face]) -> None:
    photo, face = found
    crop = mood_crop(masked(photo, face), face)
    contrast = mouth_contrast(face, crop)
    assert contrast is not None
    assert contrast < LEAST_MOUTH
    assert unclear(face, crop) is Unclear.COVERED


def blurred(crop: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    return np.asarray(cv2.GaussianBlur(crop, (0, 0), sigma), np.uint8)


def test_a_blurred_face_is_seen(found: tuple[RgbImage, Face]) -> None:
    photo, face = found
    crop = blurred(mood_crop(photo, face), 3.0)
    assert sharpness(crop) < LEAST_SHARPNESS
    assert unclear(face, crop) is Unclear.BLURRED


def test_sharpness_falls_with_blur_and_enlarging_and_not_with_light() -> None:
    crop = blurred(NOISE, 0.5)
    values = [sharpness(blurred(crop, sigma)) for sigma in (0.5, 1, 1.5, 2)]
    assert values == sorted(values, reverse=True)
    small = cv2.resize(crop, (16, 16), interpolation=cv2.INTER_AREA)
    assert sharpness(np.asarray(cv2.resize(small, (48, 48)), np.uint8)) < 0.6 * sharpness(crop)
    assert sharpness((crop // 2).astype(np.uint8)) == pytest.approx(sharpness(crop), rel=0.1)
    assert sharpness(np.full((48, 48), 90, np.uint8)) < 1e-5


def test_a_narrow_face_is_small_and_one_without_key_points_is_judged_by_the_rest(
    found: tuple[RgbImage, Face],
) -> None:
    assert unclear(frontal(Box(0, 0, 15, 20)), NOISE) is Unclear.SMALL
    plain = Face(Box(0, 0, 40, 40), 0.9)
    assert unclear(plain, NOISE) is None
    assert unclear(plain, blurred(mood_crop(*found), 3)) is Unclear.BLURRED


def moved(point: int, by: tuple[float, float]) -> Face:
    """A frontal face with a key point elsewhere, in widths of the box."""
    face = frontal(Box(100, 100, 80, 80))
    assert face.keypoints is not None
    keypoints = face.keypoints.copy()
    keypoints[point] += np.array(by) * 80
    return replace(face, keypoints=keypoints)


def test_key_points_that_no_face_has_are_implausible() -> None:
    assert plausible(moved(0, (0, 0)))
    assert not plausible(moved(0, (0.3, 0)))  # both eyes at one place
    assert not plausible(moved(3, (0, -0.45)))  # the mouth above the eyes
    assert not plausible(moved(2, (0, -0.5)))  # the nose on the forehead
    assert unclear(moved(3, (0, -0.45)), NOISE) is Unclear.TURNED


def test_a_face_turned_aside_is_not_judged() -> None:
    assert unclear(moved(2, (0.2, 0)), NOISE) is Unclear.TURNED
