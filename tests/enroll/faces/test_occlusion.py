"""What is measured at eyes and mouth, on a drawn face; tests/enroll/faces/test_quality.py counts it on real ones."""

import cv2
import numpy as np
import pytest

from enroll.faces.occlusion import EYES, MOUTH, covered, eye_darkness, upright_face
from monitor.domain import Box, Face, RgbImage

SKIN, RIGHT, LEFT, NOSE, LIPS = 180, (170, 200), (230, 200), (200, 235), (200, 272)
"""Luminance of the cheeks, and places in pixels, x and y."""


def drawn(*, eyes: int = 120, mouth: int = 90) -> RgbImage:
    """A face of these luminances."""
    picture = np.full((400, 400, 3), SKIN, np.uint8)
    for place in (RIGHT, LEFT):
        cv2.ellipse(picture, place, (16, 12), 0, 0, 360, (eyes,) * 3, -1)
    cv2.line(picture, (LIPS[0] - 20, LIPS[1]), (LIPS[0] + 20, LIPS[1]), (mouth,) * 3, 3)
    return picture


def face(scale: float = 1.0) -> Face:
    points = np.array([RIGHT, LEFT, NOSE, LIPS, (140, 210), (260, 210)], np.float32) * np.float32(scale)
    return Face(Box(120, 120, 160, 200), 0.9, points)


def test_a_bare_face_is_not_warned_about() -> None:
    assert list(covered(drawn(), face())) == []


@pytest.mark.parametrize(("eyes", "mouth", "said"), [(20, 90, [EYES]), (120, SKIN, [MOUTH]), (20, SKIN, [EYES, MOUTH])])
def test_what_covers_the_face_is_said(eyes: int, mouth: int, said: list[str]) -> None:
    assert list(covered(drawn(eyes=eyes, mouth=mouth), face())) == said


def test_the_eyes_are_measured_in_proportion_to_the_cheeks() -> None:
    upright, in_the_dark = upright_face(drawn(), face()), upright_face(drawn() // 2, face())
    assert upright is not None
    assert in_the_dark is not None
    bright, dim = eye_darkness(upright), eye_darkness(in_the_dark)
    assert bright == pytest.approx(120 / SKIN, abs=0.15)
    assert dim == pytest.approx(bright, abs=0.02), "the light of the room does not matter"


def test_a_face_of_a_few_pixels_is_not_judged() -> None:
    small = cv2.resize(drawn(eyes=20, mouth=SKIN), None, fx=0.1, fy=0.1, interpolation=cv2.INTER_AREA)
    tiny = np.asarray(small, np.uint8)
    assert upright_face(tiny, face(0.1)) is None
    assert list(covered(tiny, face(0.1))) == []
