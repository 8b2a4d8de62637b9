"""Whether a view of a face is good enough to identify it, and whether it still looks like the view before."""

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import Face, RgbImage
from monitor.vision.detection.plausible import by_the_eyes

_MOST_TURNED = 0.35
"""Farthest the nose may be from the middle of the eyes, in eye distances: a turn of about 35 degrees."""
_THUMBNAIL = 16
"""Side of a thumbnail, in pixels."""
_MOST_TILTED = 1.0
"""Steepest line through the eyes, as its tangent: a tilt of 45 degrees."""

_MEASURED_WIDTH = 96
"""Sharpness is measured on faces scaled down to this width, so that the camera's resolution does not count."""
_GRAIN = 0.7
"""Sigma of the blur, in pixels of that scale, that takes out what comes of rounding and of a sensor's noise."""
_ROUNDING = 0.3
"""What rounding to whole levels leaves of a second derivative, in levels: no detail."""
_EDGE = 3
"""Pixels at the edge that are left out; the filters see only half of what is there."""


def turned(face: Face) -> float:
    """How far the nose is from the middle of the eyes, in eye distances: negative towards the picture's left.

    About the tangent of the yaw angle times one half; 0 for a frontal face, and for a detector without key points.
    """
    if face.keypoints is None:
        return 0.0
    points, distance = by_the_eyes(face.keypoints)
    return float(points[2, 0]) if distance >= 1 else 1.0


def is_good(face: Face, *, min_width: int) -> bool:
    """Whether the face is large, frontal and upright enough to tell who it is."""
    if not face.confirmed or face.whole_box.width < min_width:
        return False
    if face.keypoints is None:
        return True
    across = face.keypoints[1] - face.keypoints[0]
    upright = across[0] > 0 and abs(across[1]) < _MOST_TILTED * across[0]
    return bool(upright) and abs(turned(face)) < _MOST_TURNED


def sharpness(grey: NDArray[np.uint8]) -> float:
    """Fine detail in proportion to contrast: falls steadily with blur, whatever the picture's size and light.

    The standard deviation of the second derivative at a fixed scale, without what rounding leaves of it, over that of
    the luminance; of the two directions the smaller one counts, so that motion in one direction is seen.

    Measured on 220 portraits (faces of 25 to 220 pixels) and 100 ORL pictures, each found anew after a Gaussian blur of
    sigma 0 to 20 pixels: it fell at every step for all of them. Sharp ones lie above 0.08 (median 0.17), after sigma 1
    at 0.10, 2 at 0.05, 3 at 0.03, 4 at 0.02 (largest 0.066, on a face 29 pixels wide), after 8 and more below 0.011.

    Args:
        grey: uint8 (h, w), the middle of a face, or a crop around one.

    Returns:
        0 for a flat or very blurred picture, and where less than 10 pixels are across; rarely above 0.4.
    """
    scaled, scale = grey.astype(np.float32), _MEASURED_WIDTH / grey.shape[1]
    if scale < 1:
        size = _MEASURED_WIDTH, max(1, round(grey.shape[0] * scale))
        scaled = np.asarray(cv2.resize(scaled, size, interpolation=cv2.INTER_AREA), np.float32)
    contrast = float(scaled.std())
    if contrast < 1 or min(scaled.shape) < 2 * _EDGE + 4:
        return 0.0
    smooth = cv2.GaussianBlur(scaled, (0, 0), _GRAIN)
    across, down = (np.diff(smooth, 2, axis)[_EDGE:-_EDGE, _EDGE:-_EDGE] for axis in (1, 0))
    detail = min(float(across.var()), float(down.var())) - _ROUNDING**2
    return float(np.sqrt(max(detail, 0.0))) / contrast


def thumbnail(rgb: RgbImage, face: Face) -> NDArray[np.float32]:
    """The face in 16x16 grey pixels, float32 (256,); zeros where it is outside the picture.

    Of mean 0 and length 1: the product of two thumbnails is their correlation.
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
