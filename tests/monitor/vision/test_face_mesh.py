"""The face mesh on ORL's faces, and the angle that is read off it."""

import numpy as np
import pytest

from enroll.faces.pose import head_pose
from monitor.domain import Box, Face, RgbImage
from monitor.vision.detector import FaceDetector
from monitor.vision.face_mesh import POINTS, FaceMesh, Mesh, yaw, yaw_twice
from tests.monitor.stage import Photo, frontal
from tests.monitor.vision.liveness.heads import mesh_of


def test_the_angle_of_the_mesh_follows_the_pose_of_the_head(orl_photo: Photo) -> None:
    detector, mesh = FaceDetector(), FaceMesh()
    pairs = []
    for subject in (1, 4, 23, 26, 39):
        for image in range(1, 11):
            frame = orl_photo(subject, image)
            face = detector.detect(frame)[0]
            found = mesh(frame, face)
            assert found is not None
            assert found.shape == (POINTS, 3)
            assert face.keypoints is not None
            assert np.abs(found[1, :2] - face.keypoints[2]).max() < 0.15 * face.box.width, "the tip of the nose"
            pairs.append((yaw(found), head_pose(face.keypoints).yaw))
    assert np.corrcoef(np.array(pairs).T)[0, 1] > 0.9
    assert max(angle for angle, _ in pairs) > 15
    assert min(angle for angle, _ in pairs) < -15


def test_a_mirrored_face_looks_to_the_other_side(orl_photo: Photo) -> None:
    detector, mesh = FaceDetector(), FaceMesh()
    frame = orl_photo(26, 5)
    angles = []
    for one in (frame, np.ascontiguousarray(frame[:, ::-1])):
        found = mesh(one, detector.detect(one)[0])
        assert found is not None
        angles.append(yaw(found))
    assert angles[0] == pytest.approx(-angles[1], abs=4)
    assert abs(angles[0]) > 15


def test_where_there_is_no_face_there_is_no_mesh() -> None:
    empty = np.full((480, 640, 3), 90, np.uint8)
    assert FaceMesh()(empty, Face(Box(200, 200, 80, 80), 0.9)) is None


@pytest.mark.parametrize("degrees", [-30.0, 0.0, 12.5])
def test_the_angle_is_that_of_the_line_between_the_cheeks(degrees: float) -> None:
    assert yaw(mesh_of(frontal(Box(100, 100, 80, 80)), degrees)) == pytest.approx(degrees, abs=0.1)


@pytest.mark.parametrize(("again", "counted"), [(24.0, 20.0), (7.0, 7.0), (-3.0, -3.0)])
def test_of_two_looks_at_a_turned_face_the_less_turned_one_counts(again: float, counted: float) -> None:
    face, rgb = frontal(Box(100, 100, 80, 80)), np.zeros((480, 640, 3), np.uint8)
    first = mesh_of(face, 20.0)
    looks = []

    def second(_: RgbImage, where: Face) -> Mesh:
        looks.append(where.box)
        return mesh_of(where, again)

    assert yaw_twice(second, rgb, face, first) == pytest.approx(counted, abs=0.1)
    left, top = first[:, :2].min(axis=0)
    assert (looks[0].left, looks[0].top) == pytest.approx((left, top))
    assert yaw_twice(lambda *_: None, rgb, face, first) is None
