"""Whether a view of a face is good enough to identify it, and whether it still looks like the view before."""

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import Face, RgbImage

_MOST_TURNED = 0.35
"""Farthest the nose may be from the middle of the eyes, in eye distances: a turn of about 35 degrees."""
_THUMBNAIL = 16
"""Side of a thumbnail, in pixels."""
_MOST_TILTED = 1.0
"""Steepest line through the eyes, as its tangent: a tilt of 45 degrees."""


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
    if not face.confirmed or face.whole_box.width < min_width:
        return False
    if face.keypoints is None:
        return True
    across = face.keypoints[1] - face.keypoints[0]
    upright = across[0] > 0 and abs(across[1]) < _MOST_TILTED * across[0]
    return bool(upright) and abs(turned(face)) < _MOST_TURNED


def thumbnail(rgb: RgbImage, face: Face) -> NDArray[np.float32]:
    """The face in 16x16 grey pixels, of mean 0 and length 1: the product of two thumbnails is their correlation.

    Returns:
        float32 (256,); zeros where the face is outside the picture.
    """
    box = face.box
    left, top = max(round(box.left), 0), max(round(box.top), 0)
    part = rgb[top : max(round(box.bottom), 0), left : max(round(box.right), 0)]
    if not part.size:
        return np.zeros(_THUMBNAIL**2, np.float32)
    small = cv2.resize(part, (_THUMBNAIL, _THUMBNAIL), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32).ravel()
    grey -= grey.mean()
    return np.asarray(grey / (np.linalg.norm(grey) + 1e-6), np.float32)
