"""Which views of a face are good enough, and how alike two of them look."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain import Box, Face
from monitor.vision.face_quality import is_good, sharpness, thumbnail, turned
from monitor.vision.images import read_image
from tests.monitor.stage import frontal

BOX = Box(100, 100, 80, 80)
PICTURE = np.random.default_rng(5).integers(0, 256, (480, 640, 3)).astype(np.uint8)


def face_at(right_eye: tuple[float, float], left_eye: tuple[float, float], nose: tuple[float, float]) -> Face:
    points = [right_eye, left_eye, nose, (140, 160), (100, 130), (180, 130)]
    return Face(BOX, 0.9, np.array(points, np.float32))


def test_a_face_that_looks_straight_ahead_is_not_turned() -> None:
    assert turned(frontal(BOX)) == pytest.approx(0, abs=1e-6)


def test_a_nose_to_the_pictures_left_is_negative_and_to_the_right_positive() -> None:
    assert turned(face_at((120, 120), (160, 120), (130, 140))) == pytest.approx(-0.25)
    assert turned(face_at((120, 120), (160, 120), (150, 140))) == pytest.approx(0.25)


@given(st.floats(-40, 40))
def test_tilting_the_head_does_not_turn_it(degrees: float) -> None:
    angle = np.deg2rad(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = np.array([(-20, -10), (20, -10), (8, 8)]) @ matrix.T + 140
    assert turned(face_at(*map(tuple, points))) == pytest.approx(0.2, abs=1e-3)


def test_eyes_in_one_place_are_a_profile() -> None:
    profile = face_at((140, 120), (140, 120), (110, 140))
    assert abs(turned(profile)) >= 1
    assert not is_good(profile, min_width=36)


@pytest.mark.parametrize(
    ("face", "good"),
    [
        (frontal(BOX), True),
        (face_at((120, 120), (160, 120), (152, 140)), True),
        (face_at((120, 120), (160, 120), (160, 140)), False),
        (face_at((120, 110), (150, 150), (125, 150)), False),
        (face_at((160, 150), (120, 150), (140, 120)), False),
        (Face(BOX, 0.9), True),
    ],
    ids=["frontal", "turned a little", "turned far", "tilted far", "upside down", "without key points"],
)
def test_only_frontal_and_upright_faces_are_good(face: Face, good: bool) -> None:
    assert is_good(face, min_width=36) is good


def test_a_face_narrower_than_the_setting_is_not_good() -> None:
    assert is_good(frontal(Box(0, 0, 36, 50)), min_width=36)
    assert not is_good(frontal(Box(0, 0, 35.9, 50)), min_width=36)


def test_a_thumbnail_has_length_1_and_is_like_itself() -> None:
    small = thumbnail(PICTURE, frontal(BOX))
    assert small.shape == (256,)
    assert small.dtype == np.float32
    assert float(small @ small) == pytest.approx(1, abs=1e-4)


def test_other_light_does_not_change_how_a_face_looks() -> None:
    bright, dim = PICTURE // 2 + 60, PICTURE // 4 + 10
    assert float(thumbnail(bright, frontal(BOX)) @ thumbnail(dim, frontal(BOX))) > 0.98


def test_another_face_looks_different() -> None:
    other = frontal(Box(400, 300, 80, 80))
    assert abs(float(thumbnail(PICTURE, frontal(BOX)) @ thumbnail(PICTURE, other))) < 0.4


@pytest.mark.parametrize(
    "box", [Box(-200, 100, 80, 80), Box(100, -200, 80, 80), Box(700, 100, 80, 80), Box(100, 500, 80, 80)]
)
def test_a_face_outside_of_the_picture_looks_like_nothing(box: Box) -> None:
    assert not thumbnail(PICTURE, frontal(box)).any()


@pytest.mark.parametrize("box", [Box(-40, -40, 80, 80), Box(600, 440, 80, 80), Box(639.6, 100, 0.3, 80)])
def test_a_face_over_the_rim_has_a_thumbnail_of_what_can_be_seen(box: Box) -> None:
    small = thumbnail(PICTURE, frontal(box))
    assert small.shape == (256,)
    assert np.isfinite(small).all()


def test_a_face_of_one_colour_has_no_look_and_no_error() -> None:
    assert not thumbnail(np.full((200, 200, 3), 90, np.uint8), frontal(BOX)).any()


def grey_face(orl: Path, person: int) -> "cv2.typing.MatLike":
    """The middle of an ORL picture, scaled up: uint8 (180, 168)."""
    inner = read_image(orl / f"s{person}/1.pgm")[30:90, 18:74, 0]
    return cv2.resize(inner, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("person", range(1, 41))
def test_sharpness_falls_with_every_step_of_blur(orl: Path, person: int) -> None:
    face = grey_face(orl, person)
    blurred = [face, *(cv2.GaussianBlur(face, (0, 0), sigma) for sigma in (1.5, 2, 3, 4, 6, 8, 11, 13, 16, 20))]
    measured = [sharpness(np.asarray(one, np.uint8)) for one in blurred]
    assert measured == sorted(measured, reverse=True)
    assert measured[0] > 2 * measured[3] > 0
    assert measured[-1] < 0.005


@pytest.mark.parametrize("length", [(21, 1), (1, 21)])
def test_motion_in_one_direction_is_seen(orl: Path, length: tuple[int, int]) -> None:
    face = grey_face(orl, 5)
    assert sharpness(np.asarray(cv2.blur(face, length), np.uint8)) < sharpness(np.asarray(face, np.uint8)) / 3


def test_sharpness_does_not_depend_on_the_cameras_resolution_and_on_the_light(orl: Path) -> None:
    face = np.asarray(grey_face(orl, 5), np.uint8)
    larger = np.asarray(cv2.resize(face, None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)
    assert sharpness(larger) == pytest.approx(sharpness(face), rel=0.15)
    assert sharpness((face // 2 + 60).astype(np.uint8)) == pytest.approx(sharpness(face), rel=0.15)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (4000, 1), (9, 9), (200, 200)])
def test_what_has_no_detail_has_no_sharpness(shape: tuple[int, int]) -> None:
    assert sharpness(np.full(shape, 130, np.uint8)) == 0
