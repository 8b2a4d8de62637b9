"""Finds out whether a camera hangs on its side or upside-down."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from monitor.domain import Face, RgbImage
from monitor.vision.detector import FaceDetector

_QUARTERS: Final = {0: 0, 90: -1, 180: 2, 270: 1}
"""Counter-clockwise quarter turns, as numpy counts them, by degrees clockwise."""
_CLEARLY = 1.25
"""How many times surer than on the picture as it is the faces of a turned one must be in all, beyond `_AHEAD`."""
_AHEAD = 0.2


def turn_needed(detector: FaceDetector, pictures: Sequence[RgbImage]) -> int:
    """Degrees clockwise, 0, 90, 180 or 270, by which faces stand upright; 0 also where no face is found.

    Args:
        pictures: uint8 (h, w, 3) each, from one camera; a few of them are enough.
    """
    sums = dict.fromkeys(_QUARTERS, 0.0)
    for picture in pictures:
        for degrees, quarters in _QUARTERS.items():
            turned = np.ascontiguousarray(np.rot90(picture, quarters))
            sums[degrees] += sum(face.score for face in detector.glance(turned) if _is_upright(face))
    best = max(sums, key=lambda degrees: sums[degrees])
    return best if sums[best] > _CLEARLY * sums[0] + _AHEAD else 0


def _is_upright(face: Face) -> bool:
    """Whether the eyes are level, the right eye to the left, and the mesh has confirmed the face."""
    if face.keypoints is None or not face.confirmed:
        return False
    across = face.keypoints[1] - face.keypoints[0]
    return bool(across[0] > abs(across[1]))
