"""How good a view of a face is for identification."""

import numpy as np

from monitor.domain import Face

_MOST_TURNED = 0.35
"""A nose this far from the middle of the eyes, in eye distances, is turned by about 35 degrees."""
_MOST_TILTED = 1.0
"""Eyes this steep (tangent: 45 degrees) are tilted too far."""


def turned(face: Face) -> float:
    """How far the nose is from the middle of the eyes, in eye distances: negative towards the picture's left.

    About the tangent of the yaw angle times one half; 0 for a frontal face, and for a detector without key points.
    """
    if face.keypoints is None:
        return 0.0
    right_eye, left_eye, nose = face.keypoints[:3]
    across = left_eye - right_eye
    distance = float(np.hypot(*across))
    if distance < 1:
        return 1.0
    return float(np.dot(nose - (right_eye + left_eye) / 2, across)) / distance**2


def is_good(face: Face, *, min_width: int) -> bool:
    """Whether the face is large, frontal and upright enough to tell who it is."""
    if face.box.width < min_width:
        return False
    if face.keypoints is None:
        return True
    across = face.keypoints[1] - face.keypoints[0]
    upright = across[0] > 0 and abs(across[1]) < _MOST_TILTED * across[0]
    return bool(upright) and abs(turned(face)) < _MOST_TURNED
