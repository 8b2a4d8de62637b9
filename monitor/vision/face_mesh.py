"""The mesh of 468 points on a face (Kartynnik et al. 2019, arXiv:1907.06724), with MediaPipe's weights, by LiteRT."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import Box, Face, RgbImage
from monitor.vision import models
from monitor.vision.runtime import open_litert

POINTS = 468
"""Points of a mesh."""

Mesh: TypeAlias = NDArray[np.float32]
"""float32 (468, 3): x and y in pixels of the frame, z (depth, smaller is nearer) on the same scale."""

MeshModel: TypeAlias = Callable[[RgbImage, Face], Mesh | None]
"""Finds the mesh of a face on a picture, uint8 (h, w, 3); None where it sees no face there."""

SIDE = 192
"""Side of the network's input, in pixels."""
_ROOM = 1.5
"""Side of the square that the network sees, as a multiple of the longer side of the detector's box."""
_PRESENT = 0.5
"""Least probability that there is a face in the square."""
_EYES: Final = (33, 263)
"""Outer corners of the person's right and left eye."""
_RIGHT_CHEEK, _LEFT_CHEEK = 234, 454
"""Points before the person's right and left ear."""


class FaceMesh:
    """Finds the mesh of a detected face, and tells whether a picture shows one. Not safe to share between threads."""

    def __init__(self) -> None:
        """Raises: ModelError, the weights are missing or damaged."""
        self._interpreter = open_litert(models.weights(models.FACE_MESH))
        self._input = self._interpreter.get_input_details()[0]["index"]
        outputs = {int(np.prod(one["shape"])): one["index"] for one in self._interpreter.get_output_details()}
        self._points, self._presence = outputs[3 * POINTS], outputs[1]

    def __call__(self, rgb: RgbImage, face: Face) -> Mesh | None:
        """The mesh of a face that was found on `rgb`, uint8 (h, w, 3); None where the network sees no face there."""
        to_input = _square(face)
        if self.presence(cv2.warpAffine(rgb, to_input, (SIDE, SIDE), flags=cv2.INTER_LINEAR)) < _PRESENT:
            return None
        points = self._interpreter.get_tensor(self._points).reshape(POINTS, 3)
        back = cv2.invertAffineTransform(to_input)
        mesh = np.empty((POINTS, 3), np.float32)
        mesh[:, :2] = points[:, :2] @ back[:, :2].T + back[:, 2]
        mesh[:, 2] = points[:, 2] * np.hypot(*back[:, 0])
        return mesh

    def presence(self, picture: RgbImage) -> float:
        """The probability that a picture, uint8 (192, 192, 3), shows a face upright in its middle, 128 pixels wide."""
        self._interpreter.set_tensor(self._input, np.multiply(picture, np.float32(1 / 255), dtype=np.float32)[None])
        self._interpreter.invoke()
        return float(1 / (1 + np.exp(-self._interpreter.get_tensor(self._presence).ravel()[0])))


def yaw(mesh: Mesh) -> float:
    """Degrees that the head is turned aside, from the line between the cheeks; positive to the person's left.

    Flat and bent sheets that are turned by up to 45 degrees seem to turn by 2 to 7 degrees here, for the network judges
    depth by what is drawn on them; a head's angle is followed as far as it turns.
    """
    right, left = mesh[_RIGHT_CHEEK].astype(np.float64), mesh[_LEFT_CHEEK].astype(np.float64)
    across = left - right
    return float(np.degrees(np.arctan2(across[2], np.hypot(across[0], across[1]))))


def yaw_twice(model: MeshModel, rgb: RgbImage, face: Face, mesh: Mesh) -> float | None:
    """The smaller of two yaws: of a face's mesh, and of a second one from where the first one lies.

    Of a head both say nearly the same, often not of a sheet that is turned far. None where the second sees no face.
    """
    (left, top), (right, bottom) = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    box = Box(float(left), float(top), float(right - left), float(bottom - top))
    again = model(rgb, replace(face, box=box, keypoints=mesh[list(_EYES), :2]))
    return None if again is None else min(yaw(mesh), yaw(again), key=abs)


def _square(face: Face) -> NDArray[np.float64]:
    """float64 (2, 3): from the frame to the network's input, with the face upright in the middle."""
    box = face.box
    scale = SIDE / (_ROOM * max(box.width, box.height, 1.0))
    angle = 0.0
    if face.keypoints is not None:
        across = face.keypoints[1] - face.keypoints[0]
        angle = float(np.arctan2(across[1], across[0]))
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    (x, y), middle = box.centre, SIDE / 2
    return np.array(
        [[cosine, sine, middle - cosine * x - sine * y], [-sine, cosine, middle + sine * x - cosine * y]], np.float64
    )
