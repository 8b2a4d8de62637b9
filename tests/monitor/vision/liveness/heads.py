"""A mesh that turns as a test wants."""

import numpy as np

from monitor.domain import Face, RgbImage
from monitor.vision.face_mesh import POINTS, Mesh


def mesh_of(face: Face, degrees: float) -> Mesh:
    """A mesh on half an ellipsoid over the face's box, turned to the person's left."""
    random = np.random.default_rng(3)
    across, down = random.uniform(-0.9, 0.9, POINTS), random.uniform(-0.9, 0.9, POINTS)
    across[[234, 454]], down[[234, 454]] = (-1.0, 1.0), 0.0
    near = -np.sqrt(np.clip(1 - across**2 - 0.5 * down**2, 0, None))
    angle, half = np.radians(degrees), face.box.width / 2
    x = np.cos(angle) * across - np.sin(angle) * near
    z = np.sin(angle) * across + np.cos(angle) * near
    (left, top) = face.box.centre
    return np.stack([left + half * x, top + half * down, half * z], axis=1).astype(np.float32)


class Head:
    """A mesh model whose head looks where the test says."""

    def __init__(self) -> None:
        self.degrees = 0.0
        """Turned to the person's left."""
        self.again: float | None = None
        """What a second look says, from where the first mesh lies; None: the same."""
        self.asked = 0
        """How often a mesh was asked for."""

    def __call__(self, rgb: RgbImage, face: Face) -> Mesh | None:
        self.asked += 1
        second = face.keypoints is not None and len(face.keypoints) == 2
        return mesh_of(face, self.degrees if self.again is None or not second else self.again)
