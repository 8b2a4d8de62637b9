"""Tells faces from what only looks like one to the detector: letters, logos, balls, dice.

Three witnesses, the cheapest first: the place of the key points; MediaPipe's face mesh (Kartynnik et al. 2019,
arXiv:1907.06724), whose second output is the probability that its picture shows a face; and for blurred and turned
faces, which the mesh refuses, the detector itself on a picture that shows the face upright and at its best size.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import Face, RgbImage

_MESH_SIDE = 192
_MESH_ROOM = 1.5
"""Side of the mesh's picture, in face widths, as in MediaPipe."""
_PRESENT = 0.8
"""Least probability of the mesh for a face: 456 portraits 60 pixels wide, tilted by up to 60 degrees, all reached 0.8;
letters, balls and dice on the pictures of Pillow's tests stayed below 0.6."""
_SURE = 0.5
"""Least mean of a face's score and of those at the second look: blurred and covered faces of a clip reach 0.5 to 0.84,
of 119 letters, balls and dice none reached 0.45."""
_CONTRAST = 20.0
"""Least contrast of a face that the mesh refuses: blurred and covered faces of a clip have 27 to 45, blobs 10 to 15."""
_PATCH = 48
"""Side of the picture on which the contrast is measured, in pixels."""
_AGAIN_SIDE = 96
_AGAIN_WIDTHS = (28, 40)
"""Widths of the face at the second look, in network pixels."""


class Plausibility:
    """Judges detections. Not safe to share between threads."""

    def __init__(self, look_again: Callable[[RgbImage], list[Face]], presence: Callable[[RgbImage], float]) -> None:
        """
        Args:
            look_again: finds the faces on a small picture, for the second look.
            presence: the face mesh's probability that a picture, uint8 (192, 192, 3), shows a face.
        """
        self._look_again = look_again
        self._presence = presence

    def judge(self, rgb: RgbImage, face: Face) -> bool | None:
        """Whether a face with key points, found on `rgb`, is confirmed, or too blurred, turned or covered for that.

        None for what is not a face.
        """
        if not plausible_keypoints(face):
            return None
        if self.presence(rgb, face) >= _PRESENT:
            return True
        if self._contrast(rgb, face) < _CONTRAST:
            return None
        return False if self._is_found_again(rgb, face) else None

    def presence(self, rgb: RgbImage, face: Face) -> float:
        """The mesh's probability that a face is there, 0 to 1."""
        room = _MESH_ROOM * max(face.whole_box.width, face.whole_box.height)
        return self._presence(_upright(rgb, face, _MESH_SIDE, _MESH_SIDE / room))

    @staticmethod
    def _contrast(rgb: RgbImage, face: Face) -> float:
        """Standard deviation of the luminance on the face, 0 to 128."""
        picture = _upright(rgb, face, _PATCH, _PATCH / (1.2 * max(face.whole_box.width, face.whole_box.height)))
        return float(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).std())

    def _is_found_again(self, rgb: RgbImage, face: Face) -> bool:
        """Whether the mean of the face's score and of those at the second look is sure; it stops once that is clear."""
        missing = _SURE * (1 + len(_AGAIN_WIDTHS)) - face.score
        for place, width in enumerate(_AGAIN_WIDTHS):
            if not 0 < missing <= len(_AGAIN_WIDTHS) - place:  # a score is 1 at most
                break
            missing -= self._again(rgb, face, width)
        return missing <= 0

    def _again(self, rgb: RgbImage, face: Face, width: int) -> float:
        picture = _upright(rgb, face, _AGAIN_SIDE, width / max(face.whole_box.width, face.whole_box.height))
        middle = _AGAIN_SIDE / 2
        return max(
            (
                again.score
                for again in self._look_again(picture)
                if np.hypot(again.box.centre[0] - middle, again.box.centre[1] - middle) < width / 3
                and width / 1.6 < again.box.width < width * 1.6
            ),
            default=0.0,
        )


def by_the_eyes(keypoints: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
    """Where key points lie as seen from the middle of the eyes, however the head is tilted.

    Args:
        keypoints: float32 (n, 2), in pixels; first the right eye, then the left one.

    Returns:
        float64 (n, 2), in eye distances: along the line from the right eye to the left one, and below it. And the
        distance of the eyes, in pixels.
    """
    points = keypoints.astype(np.float64)
    across = points[1] - points[0]
    distance = float(np.hypot(*across))
    axes = np.array([[across[0], -across[1]], [across[1], across[0]]]) / max(distance, 1e-6) ** 2
    return (points - (points[0] + points[1]) / 2) @ axes, distance


def plausible_keypoints(face: Face) -> bool:
    """Whether nose and mouth lie below the eyes, as they do on a face at any tilt of the head."""
    if face.keypoints is None:
        return True
    points, distance = by_the_eyes(face.keypoints)
    to_nose, to_mouth = (points[2:4, 1] * distance / face.whole_box.height).tolist()
    return distance >= 0.1 * face.whole_box.width and -0.1 < to_nose < to_mouth and 0.15 < to_mouth < 0.9


def _upright(rgb: RgbImage, face: Face, side: int, scale: float) -> RgbImage:
    """A square with the face's box in its middle and the eyes level: uint8 (side, side, 3)."""
    assert face.keypoints is not None
    box = face.whole_box
    reach = side / scale * 0.75  # to the corners of the turned square
    left, top = max(int(box.centre[0] - reach), 0), max(int(box.centre[1] - reach), 0)
    part = rgb[top : max(int(box.centre[1] + reach), top + 1), left : max(int(box.centre[0] + reach), left + 1)]
    if not part.size:
        return np.zeros((side, side, 3), np.uint8)
    shrink = 1.0
    if scale < 0.5:  # without it every second pixel would be left out
        shrink = 2 * scale
        size = max(1, round(part.shape[1] * shrink)), max(1, round(part.shape[0] * shrink))
        part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
    centre = ((box.centre[0] - left) * shrink, (box.centre[1] - top) * shrink)
    across = face.keypoints[1] - face.keypoints[0]
    move = cv2.getRotationMatrix2D(centre, float(np.degrees(np.arctan2(across[1], across[0]))), scale / shrink)
    move[:, 2] += side / 2 - np.array(centre)
    turned: NDArray[np.uint8] = cv2.warpAffine(
        part, move, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return turned
