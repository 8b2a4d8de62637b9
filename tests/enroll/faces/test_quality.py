"""Which faces are good enough, and what the person is told about the others; on real pictures."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from enroll.faces.examine import Examiner, find_faces, foreground
from enroll.faces.occlusion import MOUTH
from enroll.faces.pose import head_pose
from enroll.faces.quality import assess
from monitor.config import QualityLimits
from monitor.config_sources import load_settings
from monitor.domain import Box, Face, RgbImage
from monitor.vision.detector import FaceDetector
from monitor.vision.images import read_image

FRONTAL = np.array([[30, 40], [70, 40], [50, 62], [50, 80], [10, 45], [90, 45]], np.float32)


@pytest.fixture(scope="module")
def picture(orl: Path) -> RgbImage:
    return np.asarray(
        cv2.resize(read_image(orl / "s5/1.pgm"), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8
    )


def test_a_clear_picture_passes_every_measure(examiner: Examiner, picture: RgbImage) -> None:
    (face,) = examiner.examine(picture)
    assert face.quality.passed, face.quality.failure


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (lambda rgb: cv2.GaussianBlur(rgb, (0, 0), 9), "sharpness"),
        (lambda rgb: cv2.blur(rgb, (41, 1)), "sharpness"),
        (lambda rgb: (rgb * 0.08).astype(np.uint8), "under_exposure_prevention"),
        (lambda rgb: np.clip(rgb * 2.2, 0, 255).astype(np.uint8), "over_exposure_prevention"),
        (lambda rgb: cv2.resize(rgb, None, fx=0.1, fy=0.1, interpolation=cv2.INTER_AREA), "inter_eye_distance"),
    ],
    ids=["out of focus", "moved", "dark", "bright", "small"],
)
def test_each_flaw_is_found_and_says_what_to_do(
    examiner: Examiner, picture: RgbImage, spoil: Callable[[RgbImage], RgbImage], name: str
) -> None:
    (face,) = examiner.examine(np.ascontiguousarray(spoil(picture)))
    failed = [component for component in face.quality.components if not component.passed]
    assert name in [component.name for component in failed]
    assert all(component.advice.endswith(".") for component in failed)


@pytest.mark.parametrize(
    ("moved", "name"),
    [
        (np.array([[0, 0], [0, 0], [46, 0], [5, 0], [0, 0], [0, 0]]), "head_pose_yaw"),
        (np.array([[0, 0], [0, 0], [0, 14], [0, 0], [0, 0], [0, 0]]), "head_pose_pitch"),
    ],
)
def test_a_turned_head_fails_by_its_key_points(moved: NDArray[np.int64], name: str) -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (100, 100, 3), np.uint8)
    face = Face(Box(5, 5, 90, 90), 0.9, FRONTAL + moved.astype(np.float32))
    failed = {component.name for component in assess(rgb, face, QualityLimits()).components if not component.passed}
    assert failed == {name}


def test_a_face_that_is_a_little_too_small_is_not_said_to_be_as_large_as_is_needed() -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (100, 100, 3), np.uint8)
    quality = assess(rgb, Face(Box(5, 5, 90, 90), 0.9, FRONTAL), QualityLimits(inter_eye_distance=40.4))
    assert "(40 pixels between the eyes, 40.4 are needed)" in (quality.failure or "")
    quality = assess(
        rgb, Face(Box(5, 5, 90, 90), 0.9, FRONTAL * np.float32(0.99)), QualityLimits(inter_eye_distance=40)
    )
    assert "(39 pixels between the eyes, 40 are needed)" in (quality.failure or "")


def test_a_frontal_head_has_no_pose() -> None:
    pose = head_pose(FRONTAL)
    assert abs(pose.yaw) < 1
    assert abs(pose.pitch) < 5
    assert abs(pose.roll) < 1


def test_left_and_up_are_the_persons_own() -> None:
    to_left = FRONTAL.copy()
    to_left[2, 0] += 15
    up = FRONTAL.copy()
    up[2, 1] -= 8
    assert head_pose(to_left).yaw > 8
    assert head_pose(up).pitch > 8


def test_a_tilt_is_measured_in_degrees() -> None:
    angle = np.radians(30)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    assert head_pose((FRONTAL @ turn.T).astype(np.float32)).roll == pytest.approx(30, abs=0.5)


def test_a_face_that_is_cut_off_fails() -> None:
    rgb = np.random.default_rng(1).integers(0, 255, (100, 60, 3), np.uint8)
    quality = assess(rgb, Face(Box(5, 5, 90, 90), 0.9, FRONTAL), QualityLimits())
    assert not next(one for one in quality.components if one.name == "crop_of_the_face").passed


@pytest.mark.parametrize("sigma", [4, 5, 7, 9, 11, 13, 16])
@pytest.mark.parametrize("image", ["s5/1", "s7/3", "s25/2"])
def test_a_blurred_face_is_not_taken(examiner: Examiner, orl: Path, image: str, sigma: float) -> None:
    blurred = cv2.GaussianBlur(read_image(orl / f"{image}.pgm"), (0, 0), sigma * 92 / 175)
    for face in examiner.examine(np.asarray(blurred, np.uint8)):
        assert "blurred" in (face.quality.failure or "")


def test_limits_can_be_set_from_the_environment(monkeypatch: pytest.MonkeyPatch, picture: RgbImage) -> None:
    monkeypatch.setenv("MUSTER_QUALITY_INTER_EYE_DISTANCE", "300")
    (face,) = Examiner(load_settings().quality).examine(picture)
    assert "300 are needed" in (face.quality.failure or "")


@pytest.mark.parametrize("image", ["s4/8", "s6/3", "s13/1", "s13/5"])
def test_a_face_that_fills_the_picture_is_found(orl: Path, image: str) -> None:
    assert len(find_faces(FaceDetector(), read_image(orl / f"{image}.pgm"))) == 1


def test_people_far_behind_do_not_count_as_several_faces() -> None:
    faces = [Face(Box(0, 0, width, width), 0.9) for width in (30.0, 100.0, 55.0)]
    assert [face.box.width for face in foreground(faces)] == [100, 55]


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 4000, 3), (15, 15, 3)])
def test_pictures_of_absurd_shapes_hold_no_face(examiner: Examiner, shape: tuple[int, ...]) -> None:
    assert examiner.examine(np.zeros(shape, np.uint8)) == ()


def painted(picture: RgbImage, cover: str) -> RgbImage:
    """The picture with sunglasses or a mask on the face."""
    face = find_faces(FaceDetector(), picture)[0]
    assert face.keypoints is not None
    right, left, nose, mouth = face.keypoints[:4]
    apart = float(np.linalg.norm(left - right))
    drawn = picture.copy()
    if cover == "sunglasses":
        for eye in (right, left):
            axes = (0.75 * apart, 0.55 * apart)
            cv2.ellipse(drawn, (tuple(map(float, eye)), axes, 0.0), (25, 25, 28), -1)
    else:
        sides = [(-0.25, 0.7), (0.25, 0.7)]
        chin = [mouth + np.array([x, 0.75]) * apart for x in (0.55, -0.55)]
        corners = [right + np.array(sides[0]) * apart, nose, left + np.array(sides[1]) * apart, *chin]
        cv2.fillPoly(drawn, [np.array(corners).astype(np.int32)], (200, 215, 230))
    return drawn


@pytest.mark.parametrize("cover", ["sunglasses", "mask"])
def test_most_covered_faces_are_warned_about_and_still_taken(examiner: Examiner, orl: Path, cover: str) -> None:
    pictures = [read_image(orl / f"s{person}/1.pgm") for person in (1, 2, 7, 9, 11, 15)]
    faces = [face.quality for picture in pictures for face in examiner.examine(painted(picture, cover))]
    assert all(quality.passed for quality in faces)
    assert sum(any(cover in warning for warning in quality.warnings) for quality in faces) >= 4


def test_bare_faces_are_not_warned_about(examiner: Examiner, orl: Path) -> None:
    pictures = [read_image(orl / f"s{person}/1.pgm") for person in range(1, 31)]
    warned = [face.quality.warnings for picture in pictures for face in examiner.examine(picture)]
    assert sum(map(bool, warned)) <= 1


def test_a_mouth_under_a_moustache_is_not_called_covered(examiner: Examiner, orl: Path) -> None:
    pictures = [read_image(orl / f"s25/{number}.pgm") for number in range(1, 11)]
    assert not any(MOUTH in face.quality.warnings for picture in pictures for face in examiner.examine(picture))
