"""What tells a head that turns from a flat picture of one."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from enroll.faces.examine import ExaminedFace, Examiner
from enroll.faces.liveness import Turn, compare, turn_between
from monitor.config import QualityLimits
from monitor.domain import RgbImage
from monitor.vision.images import read_image

LIMITS = QualityLimits()


def points(yaw: float = 0.0, depth: float = 0.0, distance: float = 3.0) -> NDArray[np.float64]:
    """68 points of a face that is turned by some degrees, seen from so many face widths; y goes down."""
    face = np.zeros((68, 3))
    face[36:42] = np.column_stack([np.linspace(-0.35, -0.15, 6), [0, -0.02, -0.02, 0, 0.02, 0.02], np.zeros(6)])
    face[42:48] = face[36:42] * (-1, 1, 1)
    mouth = np.linspace(0, 2 * np.pi, 12, endpoint=False) + np.pi
    face[48:60] = np.column_stack([0.2 * np.cos(mouth), 0.5 + 0.06 * np.sin(mouth), np.zeros(12)])
    face[30] = 0, 0.28, -depth
    angle = np.radians(yaw)
    turn = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]])
    turned = face @ turn.T
    return np.asarray(100 * turned[:, :2] * distance / (turned[:, 2:] + distance))


@given(st.floats(-60, 60), st.floats(2, 10))
def test_the_nose_of_a_flat_picture_stays_where_eyes_and_mouth_say(yaw: float, distance: float) -> None:
    assert abs(compare(points(), points(yaw, distance=distance)).relief) < LIMITS.relief


@given(st.floats(12, 35), st.floats(2, 10))
def test_the_nose_of_a_head_goes_where_the_head_turns(yaw: float, distance: float) -> None:
    straight, left, right = (points(angle, 0.3, distance) for angle in (0, yaw, -yaw))
    assert compare(straight, left).is_of_a_head(LIMITS, to_the_left=True)
    assert compare(straight, right).is_of_a_head(LIMITS, to_the_left=False)
    assert not compare(straight, left).is_of_a_head(LIMITS, to_the_left=False)


def test_a_picture_that_is_turned_very_far_becomes_narrow() -> None:
    assert compare(points(), points(60)).width == pytest.approx(0.5, abs=0.05)
    assert not Turn(0.2, 0.5).is_of_a_head(LIMITS, to_the_left=True)


@pytest.fixture(scope="module")
def shot(orl: Path) -> Callable[..., ExaminedFace]:
    """One ORL picture of the first person as the examiner sees it, its plane turned by some degrees."""
    examiner = Examiner(steady=False)

    def shot(number: int, yaw: float = 0.0) -> ExaminedFace:
        picture = cv2.resize(read_image(orl / f"s1/{number}.pgm"), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
        return examiner.examine(_turned(cv2.copyMakeBorder(picture, 60, 60, 120, 120, cv2.BORDER_REPLICATE), yaw))[0]

    return shot


def _turned(rgb: RgbImage, yaw: float, distance: float = 2.5) -> RgbImage:
    """A photograph that is turned about its middle, its own width times so much away."""
    height, width = rgb.shape[:2]
    corners = np.array([(x, y) for y in (-1, 1) for x in (-1, 1)], np.float64) * (width / 2, height / 2)
    angle = np.radians(yaw)
    depth = 1 + corners[:, 0] * np.sin(angle) / (distance * width)
    seen = np.column_stack([corners[:, 0] * np.cos(angle), corners[:, 1]]) / depth[:, None]
    middle = np.array([width / 2, height / 2])
    warp = cv2.getPerspectiveTransform((corners + middle).astype(np.float32), (seen + middle).astype(np.float32))
    return np.asarray(cv2.warpPerspective(rgb, warp, (width, height), borderValue=(110, 110, 110)), np.uint8)


@pytest.mark.parametrize(("number", "to_the_left"), [(5, True), (4, False)])
def test_a_real_head_that_turns_passes(shot: Callable[..., ExaminedFace], number: int, to_the_left: bool) -> None:
    assert turn_between(shot(8), shot(number)).is_of_a_head(LIMITS, to_the_left=to_the_left)


@pytest.mark.parametrize("yaw", [-50, -30, 30, 50])
def test_a_photograph_that_is_turned_does_not_pass_to_either_side(
    shot: Callable[..., ExaminedFace], yaw: float
) -> None:
    turn = turn_between(shot(8), shot(8, yaw))
    assert not turn.is_of_a_head(LIMITS, to_the_left=True)
    assert not turn.is_of_a_head(LIMITS, to_the_left=False)
