"""Finds out whether pictures lie on their side or stand upside down: the detector is surest of a face that is upright.

Degrees are clockwise.
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import cv2
import numpy as np

from monitor.domain import Box, Face, RgbImage

Look: TypeAlias = Callable[[RgbImage], list[Face]]
"""Finds the faces on uint8 (h, w, 3)."""

_TURNS: Final = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_UPRIGHT: Final = 0.8
"""Score from which a face certainly stands upright: on 793 pictures turned each way no face that did not reached it."""
_SURER: Final = 0.05
"""How much surer the surest face of a still picture must be after the turn. Of 793 pictures that were upright none was
turned; of the same pictures lying on each side and upside down 2,343 of 2,379 were turned rightly and 15 wrongly."""
_CLEARLY: Final = 1.25
"""How many times surer than on a camera's pictures as they are the faces must be in all, beyond `_AHEAD`."""
_AHEAD: Final = 0.2


def turned_picture(rgb: RgbImage, degrees: int) -> RgbImage:
    """A picture, uint8 (h, w, 3), turned by 0, 90, 180 or 270 degrees."""
    return np.asarray(cv2.rotate(rgb, _TURNS[degrees]), np.uint8) if degrees else rgb


def turned_back(box: Box, degrees: int, width: float, height: float) -> Box:
    """Where a box on a turned picture is on the picture as it was.

    Args:
        degrees: by which the picture was turned, 0, 90, 180 or 270.
        width, height: of the picture as it was, in pixels.
    """
    match degrees:
        case 90:
            return Box(box.top, height - box.right, box.height, box.width)
        case 180:
            return Box(width - box.right, height - box.bottom, box.width, box.height)
        case 270:
            return Box(width - box.bottom, box.left, box.height, box.width)
        case _:
            return box


def turn_of_still(look: Look, rgb: RgbImage, faces: Sequence[Face]) -> int:
    """Degrees by which the faces found on a still picture as it is stand upright; 0 also where there are none."""
    as_it_is = _surest(faces)
    if as_it_is >= _UPRIGHT or any(face.keypoints is None for face in faces):
        return 0
    scores = {degrees: _surest(look(turned_picture(rgb, degrees))) for degrees in _TURNS}
    best = max(scores, key=lambda degrees: scores[degrees])
    return best if scores[best] > as_it_is + _SURER else 0


def turn_of_camera(look: Look, pictures: Sequence[RgbImage]) -> int:
    """Degrees by which people on a camera's pictures, uint8 (h, w, 3), stand upright; 0 also where no face is found."""
    sums = {
        degrees: sum(face.score for picture in pictures for face in _upright(look(turned_picture(picture, degrees))))
        for degrees in (0, *_TURNS)
    }
    best = max(sums, key=lambda degrees: sums[degrees])
    return best if sums[best] > _CLEARLY * sums[0] + _AHEAD else 0


def _surest(faces: Sequence[Face]) -> float:
    return max((face.score for face in _upright(faces)), default=0.0)


def _upright(faces: Sequence[Face]) -> list[Face]:
    """The faces whose eyes are level, the right eye to the left, and which the mesh has confirmed."""
    found = []
    for face in faces:
        if face.keypoints is not None and face.confirmed:
            across = face.keypoints[1] - face.keypoints[0]
            if across[0] > abs(across[1]):
                found.append(face)
    return found
