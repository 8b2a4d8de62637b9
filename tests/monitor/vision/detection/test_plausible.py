"""Letters, logos, balls, cards and dice are not faces; people are, blurred and far away too."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

import cv2
import numpy as np
import pytest

from monitor.domain import Box, Face, RgbImage
from monitor.vision.blazeface import BlazeFace
from monitor.vision.detection.plausible import Plausibility, plausible_keypoints
from monitor.vision.detector import FaceDetector
from monitor.vision.face_mesh import FaceMesh
from tests.monitor.stage import Photo, frontal

FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)


def letters() -> Iterator[RgbImage]:
    for font in FONTS:
        for scale in (0.7, 1.5, 3.0):
            page = np.full((300, 420, 3), 255, np.uint8)
            for row, text in enumerate(("aQR8&B3", "Rq@g%69", 'OoE"5Sz')):
                cv2.putText(page, text, (10, 90 + 90 * row), font, scale, (20, 20, 120), max(1, round(2 * scale)))
            yield page


def dice_and_balls() -> Iterator[RgbImage]:
    for colour in ((200, 30, 30), (240, 240, 230), (40, 60, 180), (230, 180, 40)):
        for side in (40, 90, 160):
            table = np.full((320, 400, 3), (90, 110, 100), np.uint8)
            cv2.rectangle(table, (40, 60), (40 + side, 60 + side), colour, -1)
            for x, y in ((0.25, 0.25), (0.75, 0.25), (0.5, 0.5), (0.25, 0.75), (0.75, 0.75)):
                cv2.circle(table, (40 + round(x * side), 60 + round(y * side)), side // 9, (10, 10, 10), -1)
            centre = (300, 160)
            for ring in range(side // 2, 0, -2):
                shade = 1.2 - ring / side
                cv2.circle(table, centre, ring, tuple(int(min(channel * shade, 255)) for channel in colour), -1)
            cv2.circle(table, (300 - side // 8, 160 - side // 8), max(2, side // 12), (255, 255, 255), -1)
            yield table


def textures() -> Iterator[RgbImage]:
    for seed in range(12):
        grain = np.random.default_rng(seed).normal(0, 1, (240, 320, 3)).astype(np.float32)
        grain = cv2.GaussianBlur(grain, (0, 0), 1 + seed)
        yield np.asarray(cv2.normalize(grain, None, 0, 255, cv2.NORM_MINMAX), np.uint8)


@pytest.mark.parametrize("pictures", [letters, dice_and_balls, textures])
def test_on_pictures_without_people_nobody_is_found(pictures: Callable[[], Iterator[RgbImage]]) -> None:
    detector = FaceDetector(min_score=0.2)  # weaker candidates than the kiosk asks about
    for picture in pictures():
        assert detector.detect(picture) == []


def test_without_the_judgement_some_of_them_would_be_faces() -> None:
    """Else the test above could not fail."""
    blazeface = BlazeFace(0.2)
    assert any(blazeface(picture) for picture in chain(letters(), dice_and_balls(), textures()))


@pytest.mark.parametrize(("width", "angle"), [(30, 0), (60, -30), (60, 30), (200, -45), (200, 45)])
def test_people_are_confirmed_at_any_size_and_tilt(orl_photo: Photo, width: int, angle: int) -> None:
    detector = FaceDetector()
    for subject in (1, 5, 12, 20, 33):
        photo = orl_photo(subject, 1)
        (reference,) = detector.detect(photo)
        move = cv2.getRotationMatrix2D(reference.box.centre, angle, width / reference.box.width)
        move[:, 2] += np.array([200, 150]) - np.array(reference.box.centre)
        picture = np.asarray(cv2.warpAffine(photo, move, (400, 300), borderMode=cv2.BORDER_REPLICATE), np.uint8)
        assert [face.confirmed for face in detector.detect(picture)] == [True]


def test_what_the_mesh_refuses_needs_sure_second_looks(orl_photo: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    blazeface = BlazeFace(0.35)
    judge = Plausibility(blazeface, FaceMesh().presence)
    photo = orl_photo(5, 1)
    (face,) = blazeface(photo)
    assert judge.judge(photo, face) is True
    monkeypatch.setattr(judge, "presence", lambda rgb, face: 0.1)
    assert judge.judge(photo, face) is False
    assert judge.judge(np.full_like(photo, 128), face) is None


@pytest.mark.parametrize(
    ("score", "again", "looks", "sure"),
    [(0.9, 0.8, 1, True), (0.4, 0.05, 1, False), (0.6, 0.45, 2, True), (0.6, 0.44, 2, False)],
)
def test_the_second_look_ends_as_soon_as_its_answer_is_clear(
    orl_photo: Photo, monkeypatch: pytest.MonkeyPatch, score: float, again: float, looks: int, sure: bool
) -> None:
    photo = orl_photo(5, 1)
    (face,) = BlazeFace(0.35)(photo)
    judge = Plausibility(lambda picture: [], lambda picture: 0.0)
    looked: list[int] = []

    def look_again(rgb: RgbImage, face: Face, width: int) -> float:
        looked.append(width)
        return again

    monkeypatch.setattr(judge, "_again", look_again)
    assert judge.judge(photo, replace(face, score=score)) is (False if sure else None)
    assert len(looked) == looks


def test_key_points_of_a_face_lie_below_one_another_at_any_tilt() -> None:
    face = frontal(Box(100, 100, 80, 80))
    assert face.keypoints is not None
    assert plausible_keypoints(face)
    assert plausible_keypoints(Face(face.box, 0.5))
    upside_down = Face(face.box, 0.5, np.asarray(280 - face.keypoints, np.float32))
    assert plausible_keypoints(upside_down)
    swapped = face.keypoints.copy()
    swapped[[2, 3]] = swapped[[3, 2]]
    in_one_place = np.repeat(face.keypoints[:1], 6, axis=0)
    for wrong in (swapped, in_one_place):
        assert not plausible_keypoints(Face(face.box, 0.5, wrong))
