"""Warnings about faces that are partly covered: eyes visible, mouth occlusion prevention (ISO/IEC 29794-5).

Measured at the detector's key points, which lie on sunglasses and masks much as they do on faces.
"""

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import Face, RgbImage

_DARK_EYES: Final = 0.44
"""Both eyes' luminance in proportion to the cheeks': sunglasses painted on portraits lay at 0.17 (median), bare eyes
below this once in 230 faces."""
_MOUTH_LINE: Final = 0.055
"""How much the mouth's line stands out, in proportion to the cheeks' luminance: 0 on most masks, below this on 2 of
1,059 bare faces, whose lips a moustache covers."""
_MOUTH_CONTRAST: Final = 0.12
"""Standard deviation of the luminance around the mouth, in proportion to the cheeks': small on a plain mask, and 0.13
and 0.14 on the two bare faces without a line."""

EYES: Final = "The eyes seem to be covered or in deep shadow; take off sunglasses."
MOUTH: Final = "The mouth seems to be covered; take off a mask or scarf."


def covered(rgb: RgbImage, face: Face) -> Iterator[str]:
    """What seems to be covered of a face with key points, found in `rgb`, uint8 (h, w, 3): one sentence each."""
    upright = upright_face(rgb, face)
    if upright is None:
        return
    if eye_darkness(upright) < _DARK_EYES:
        yield EYES
    if mouth_line(upright) < _MOUTH_LINE and mouth_contrast(upright) < _MOUTH_CONTRAST:
        yield MOUTH


def eye_darkness(upright: NDArray[np.float32]) -> float:
    """Luminance of the brighter eye in proportion to the cheeks'."""
    return max(float(upright[18:30, 10:24].mean()), float(upright[18:30, 40:54].mean())) / _cheeks(upright)


def mouth_line(upright: NDArray[np.float32]) -> float:
    """Depth of the mouth's dark line, or height of its bright one, in proportion to the cheeks' luminance."""
    rows = upright[48:72, 22:42].mean(axis=1)
    smooth = np.convolve(np.pad(rows, 6, mode="edge"), np.ones(13) / 13, mode="valid")
    return float(np.abs(rows - smooth).max()) / _cheeks(upright)


def mouth_contrast(upright: NDArray[np.float32]) -> float:
    """Standard deviation of the luminance around the mouth, in proportion to the cheeks' luminance."""
    return float(upright[48:74, 16:48].std()) / _cheeks(upright)


def _cheeks(upright: NDArray[np.float32]) -> float:
    return max(float(np.median(upright[34:46, 10:22])), float(np.median(upright[34:46, 42:54])), 1.0)


def upright_face(rgb: RgbImage, face: Face) -> NDArray[np.float32] | None:
    """The face turned upright, grey float32 (80, 64): eyes at (17, 24) and (47, 24), the mouth at row 60; None where
    fewer than 10 pixels lie between the eyes."""
    assert face.keypoints is not None
    right_eye, left_eye, _, mouth = face.keypoints[:4].astype(np.float32)
    if float(np.linalg.norm(left_eye - right_eye)) < 10:
        return None
    target = np.array([[17, 24], [47, 24], [32, 60]], np.float32)
    turn = cv2.getAffineTransform(np.stack([right_eye, left_eye, mouth]), target)
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    upright = cv2.warpAffine(grey, turn, (64, 80), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(upright, np.float32)
