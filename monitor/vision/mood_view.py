"""Whether a view of a face is good enough to say what mood people would see in it.

The limits were measured with the model that ships; its card, `weights/emotion.md`, has the figures.
"""

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import Face, Unclear
from monitor.vision.crops import BLAZEFACE, CROP_SIZE
from monitor.vision.detection.plausible import by_the_eyes
from monitor.vision.face_quality import is_good

LEAST_WIDTH: Final = 16
"""Narrowest box, in pixels of the picture."""
LEAST_SHARPNESS: Final = 0.045
"""See `sharpness`."""
LEAST_MOUTH: Final = 0.035
"""See `mouth_contrast`."""

_EYES_OVER_WIDTH: Final = (0.22, 0.62)
"""Distance of the eyes in widths of the box."""
_NOSE_DOWN: Final = (0.05, 1.1)
"""How far the nose lies below the line through the eyes, in eye distances."""
_MOUTH_DOWN: Final = (0.6, 1.7)
"""How far the mouth lies below it."""


def unclear(face: Face, crop: NDArray[np.uint8]) -> Unclear | None:
    """Why the mood of this view cannot be judged; None where it can.

    Args:
        face: found by a detector; without key points, only its size and sharpness are judged.
        crop: uint8 (48, 48), from `crops.mood_crop`.
    """
    if face.box.width < LEAST_WIDTH:
        return Unclear.SMALL
    if not plausible(face) or not is_good(face, min_width=LEAST_WIDTH):
        return Unclear.TURNED
    if sharpness(crop) < LEAST_SHARPNESS:
        return Unclear.BLURRED
    contrast = mouth_contrast(face, crop)
    if contrast is not None and contrast < LEAST_MOUTH:
        return Unclear.COVERED
    return None


def sharpness(crop: NDArray[np.uint8]) -> float:
    """How much contrast of a crop, uint8 (48, 48), is in details of a pixel or two; falls with blur and enlarging.

    The standard deviation of the inner face minus its blurred copy (sigma 1), in proportion to that of the inner face.
    """
    inner = crop[6:42, 6:42].astype(np.float32)
    details = (inner - cv2.GaussianBlur(inner, (0, 0), 1.0))[2:-2, 2:-2]
    return float(details.std() / (inner.std() + 2))


def plausible(face: Face) -> bool:
    """Whether the key points, if there are any, lie as those of a face do."""
    if face.keypoints is None:
        return True
    points, distance = by_the_eyes(face.keypoints)
    measured = (
        (distance / face.box.width, _EYES_OVER_WIDTH),
        (float(points[2, 1]), _NOSE_DOWN),
        (float(points[3, 1]), _MOUTH_DOWN),
    )
    return distance >= 1 and all(least <= value <= most for value, (least, most) in measured)


def mouth_contrast(face: Face, crop: NDArray[np.uint8]) -> float | None:
    """How much the line of the mouth stands out of the skin above and below it, in proportion to the face's brightness.

    Measured on the face's `crops.mood_crop`; None for a face without key points.
    """
    if face.keypoints is None:
        return None
    scale = CROP_SIZE / (BLAZEFACE.side * max(face.box.width, face.box.height, 1.0))
    x, y = face.box.centre
    middle = np.array([x, y - BLAZEFACE.rise * face.box.height])
    right_eye, left_eye, _, mouth = ((face.keypoints[:4] - middle) * scale + CROP_SIZE / 2).astype(np.float32)
    target = np.array([[9, 6], [27, 6], [18, 26]], np.float32)
    turn = cv2.getAffineTransform(np.stack([right_eye, left_eye, mouth]), target)
    upright = cv2.warpAffine(crop, turn, (36, 40), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    rows = upright[19:34, 13:24].astype(np.float32).mean(axis=1)
    smooth = np.convolve(np.pad(rows, 3, mode="edge"), np.ones(7) / 7, mode="valid")
    return float(np.abs(rows - smooth).max()) / max(float(np.median(upright[10:26])), 1.0)
