"""Faces are found: real ones, small ones, at the rim; and nothing is found where nobody is."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from monitor.domain import Box, Face, RgbImage
from monitor.errors import ModelError
from monitor.vision.detector import FaceDetector
from tests.monitor.stage import Photo

SUBJECTS = (1, 5, 12, 20, 33, 40)


def on_a_wall(photo: RgbImage, scale: float, at: tuple[int, int], size: tuple[int, int] = (640, 480)) -> RgbImage:
    """The photo, scaled, before a wall of soft light; `at` is its left top corner."""
    shade = np.linspace(90, 150, size[0]).astype(np.uint8)
    wall = np.repeat(np.tile(shade, (size[1], 1))[..., None], 3, axis=2)
    small = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    wall[at[1] : at[1] + small.shape[0], at[0] : at[0] + small.shape[1]] = small
    return wall


def scaled(box: Box, scale: float, at: tuple[int, int]) -> Box:
    return Box(box.left * scale + at[0], box.top * scale + at[1], box.width * scale, box.height * scale)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_real_face_is_found_once_with_its_eyes_nose_and_mouth_inside(
    blazeface: FaceDetector, orl_photo: Photo, subject: int
) -> None:
    (face,) = blazeface.detect(orl_photo(subject, 1))
    assert face.score > 0.5
    assert face.keypoints is not None
    right_eye, left_eye, nose, mouth = face.keypoints[:4]
    assert right_eye[0] < nose[0] < left_eye[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < mouth[1]
    for x, y in (right_eye, left_eye, nose, mouth):
        assert face.box.left < x < face.box.right
        assert face.box.top < y < face.box.bottom


@pytest.mark.parametrize(
    ("size", "width"),
    [((640, 480), 40), ((640, 480), 80), ((1280, 720), 40), ((1920, 1080), 40), ((3840, 2160), 40)],
)
def test_faces_are_found_from_40_pixels_wide_on_a_picture_of_any_size(
    blazeface: FaceDetector, orl_photo: Photo, size: tuple[int, int], width: int
) -> None:
    """Of six people, cut out and hung on a wall, which is harder than a picture with shoulders; of two on a picture
    with many tiles, each of which has the size that those of smaller pictures have."""
    for number, subject in enumerate(range(1, 37, 6 if size[0] < 1900 else 18)):
        photo = orl_photo(subject, 1)
        (reference,) = blazeface.detect(photo)
        scale = width / reference.box.width
        at = size[0] * (number + 1) // 9, size[1] * (6 - number) // 10
        (face,) = blazeface.detect(on_a_wall(photo, scale, at, size))
        assert face.box.iou(scaled(reference.box, scale, at)) > 0.5
        assert face.confirmed


def test_hog_finds_the_same_face_and_has_no_key_points(blazeface: FaceDetector, orl_photo: Photo) -> None:
    picture = on_a_wall(orl_photo(1, 1), 0.4, (230, 130))
    (face,) = FaceDetector("hog").detect(picture)
    assert face.keypoints is None
    assert 0 <= face.score <= 1
    assert face.box.iou(blazeface.detect(picture)[0].box) > 0.4


def test_of_several_faces_each_is_found_and_the_surest_comes_first(blazeface: FaceDetector, orl_photo: Photo) -> None:
    picture = on_a_wall(orl_photo(1, 1), 0.45, (20, 20))
    for number, subject in enumerate((12, 20, 33)):
        small = cv2.resize(orl_photo(subject, 1), None, fx=0.45, fy=0.45, interpolation=cv2.INTER_AREA)
        left, top = (220, 20) if number == 0 else (20 + 200 * (number - 1), 250)
        picture[top : top + small.shape[0], left : left + small.shape[1]] = small
    faces = blazeface.detect(picture)
    assert len(faces) == 4
    assert [face.score for face in faces] == sorted((face.score for face in faces), reverse=True)


def test_nobody_is_found_where_nobody_is(blazeface: FaceDetector) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (480, 640, 3)).astype(np.uint8)
    wall = on_a_wall(np.zeros((1, 1, 3), np.uint8), 1, (0, 0))
    for picture in (noise, wall, np.zeros_like(wall), np.full_like(wall, 255)):
        assert blazeface.detect(picture) == []


@pytest.mark.parametrize("size", [(1, 1), (15, 400), (16, 16), (16, 3000), (3000, 17), (191, 193)])
def test_a_picture_of_any_size_is_looked_at(blazeface: FaceDetector, size: tuple[int, int]) -> None:
    picture = np.zeros((*size, 3), np.uint8)
    assert blazeface.glance(picture) == blazeface.detect(picture) == []


def test_a_view_into_a_larger_picture_gives_the_same_faces_as_a_copy(blazeface: FaceDetector, orl_photo: Photo) -> None:
    mirrored = orl_photo(1, 1)[:, ::-1]
    (face,), (same,) = blazeface.detect(mirrored), blazeface.detect(mirrored.copy())
    assert face.box == same.box


def test_looking_does_not_depend_on_what_was_looked_at_before(blazeface: FaceDetector, orl_photo: Photo) -> None:
    photo = orl_photo(5, 2)
    (first,) = blazeface.detect(photo)
    blazeface.detect(np.full((480, 640, 3), 255, np.uint8))
    (again,) = blazeface.detect(photo)
    assert first.box == again.box


def test_a_small_face_on_a_large_picture_is_found_where_a_glance_does_not_see_it(
    blazeface: FaceDetector, orl_photo: Photo
) -> None:
    photo = orl_photo(12, 1)
    (reference,) = blazeface.detect(photo)
    scale, at = 60 / reference.box.width, (2100, 1300)
    picture = on_a_wall(photo, scale, at, size=(3000, 2000))
    assert blazeface.glance(picture) == []
    (face,) = blazeface.detect(picture)
    assert face.box.iou(scaled(reference.box, scale, at)) > 0.6
    assert face.keypoints is not None
    assert face.box.left < face.keypoints[2, 0] < face.box.right


def test_a_large_face_is_not_found_twice(blazeface: FaceDetector, orl_photo: Photo) -> None:
    picture = on_a_wall(orl_photo(12, 1), 3.0, (200, 20), size=(1920, 1440))
    assert len(blazeface.detect(picture)) == 1


def test_a_small_face_beside_a_large_one_is_another(blazeface: FaceDetector, orl_photo: Photo) -> None:
    picture = on_a_wall(orl_photo(12, 1), 2.5, (60, 60), size=(1920, 1440))
    small = cv2.resize(orl_photo(20, 1), None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
    picture[500 : 500 + small.shape[0], 1400 : 1400 + small.shape[1]] = small
    assert len(blazeface.detect(picture)) == 2


def test_another_detector_can_take_the_place_of_the_two() -> None:
    weak, sure = Face(Box(0, 0, 9, 9), 0.2), Face(Box(20, 0, 9, 9), 0.8)
    assert FaceDetector(lambda rgb: [weak, sure]).detect(np.zeros((40, 40, 3), np.uint8)) == [sure, weak]


def test_a_higher_least_score_leaves_weak_detections_out(orl_photo: Photo) -> None:
    photo = orl_photo(1, 1)
    (face,) = FaceDetector().detect(photo)
    assert FaceDetector(min_score=(1 + face.score) / 2).detect(photo) == []


@pytest.mark.parametrize("content", [None, b"", b"nonsense" * 100], ids=["missing", "empty", "nonsense"])
def test_missing_or_damaged_weights_say_what_to_do(
    content: bytes | None, spoil: Callable[[str, bytes | None], None]
) -> None:
    spoil("BLAZEFACE", content)
    with pytest.raises(ModelError, match="install"):
        FaceDetector()


@pytest.mark.parametrize("size", [(640, 480), (1280, 720), (480, 640), (500, 500), (200, 150)])
def test_a_face_that_nearly_fills_the_frame_is_found(
    blazeface: FaceDetector, orl_photo: Photo, size: tuple[int, int]
) -> None:
    photo = orl_photo(12, 1)
    (reference,) = blazeface.detect(photo)
    scale = 0.7 * min(size) / reference.box.height
    middle = reference.box.centre
    shift = np.array([[scale, 0, size[0] / 2 - scale * middle[0]], [0, scale, size[1] / 2 - scale * middle[1]]])
    picture = np.asarray(cv2.warpAffine(photo, shift, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    (face,) = blazeface.detect(picture)
    assert face.box.height == pytest.approx(0.7 * min(size), rel=0.15)


def test_a_large_tilted_face_at_the_edge_is_found_with_a_box_within_the_picture(
    blazeface: FaceDetector, orl_photo: Photo
) -> None:
    photo = orl_photo(12, 1)
    (reference,) = blazeface.detect(photo)
    turn = cv2.getRotationMatrix2D(reference.box.centre, 30, 1.3)
    turn[:, 2] += np.array([60, 240]) - np.array(reference.box.centre)
    picture = np.asarray(cv2.warpAffine(photo, turn, (640, 480), borderMode=cv2.BORDER_REPLICATE), np.uint8)
    face = blazeface.detect(picture)[0]
    assert face.box.left == 0
    assert face.box.width > 100
    assert face.whole_box.left < 0
    assert face.whole_box.width > face.box.width
