"""Face crops for the emotion model: upright, grey, 48x48 pixels, framed as the pictures of FER2013.

FER2013's faces were cut out along the box of a face detector. Where that box lies was measured by running Muster's
detectors over 1,500 of its pictures: the figures below are the medians over the faces found.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import Face, RgbImage

CROP_SIZE = 48
"""Width and height of a crop, in pixels."""


@dataclass(frozen=True, slots=True)
class Framing:
    """Where the square of a FER2013 picture lies about a detector's box."""

    side: float
    """The square's side, as a multiple of the box's larger side."""
    rise: float
    """How far the square's centre lies above the box's centre, as a share of the box's height."""


BLAZEFACE = Framing(side=1.144, rise=0.038)
"""Median of 1,248 faces; the centre varies by 6 % of the side, the scale by 15 %."""

HOG = Framing(side=1.067, rise=0.067)
"""Median of the 156 faces found on 200 pictures; dlib's box lies lower and is wider than BlazeFace's."""


def mood_crop(rgb: RgbImage, face: Face) -> NDArray[np.uint8]:
    """Cut a face out the way FER2013's faces were cut out.

    Args:
        rgb: uint8 (h, w, 3).
        face: found on `rgb`; with key points it is BlazeFace's, without them HOG's.

    Returns:
        uint8 (48, 48), grey; beyond the edge of the picture, its edge pixels are repeated.
    """
    framing = HOG if face.keypoints is None else BLAZEFACE
    box = face.whole_box
    x, y = box.centre
    return square_crop(rgb, (x, y - framing.rise * box.height), framing.side * max(box.width, box.height, 1.0))


def square_crop(rgb: RgbImage, centre: tuple[float, float], side: float) -> NDArray[np.uint8]:
    """An upright square of a picture, uint8 (h, w, 3), grey, as uint8 (48, 48); centre and side in its pixels."""
    size = max(round(side), 1)
    left, top = round(centre[0] - size / 2), round(centre[1] - size / 2)
    height, width = rgb.shape[:2]
    # A square wholly beside the picture still has an edge to repeat.
    columns = slice(min(max(left, 0), width - 1), max(min(left + size, width), 1))
    rows = slice(min(max(top, 0), height - 1), max(min(top + size, height), 1))
    grey = cv2.cvtColor(rgb[rows, columns], cv2.COLOR_RGB2GRAY)
    padding = (rows.start - top, top + size - rows.stop, columns.start - left, left + size - columns.stop)
    if any(padding):
        above, below, before, behind = (max(0, margin) for margin in padding)
        grey = cv2.copyMakeBorder(grey, above, below, before, behind, cv2.BORDER_REPLICATE)
    shrinks = size > CROP_SIZE
    crop = cv2.resize(grey, (CROP_SIZE, CROP_SIZE), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return np.asarray(crop, np.uint8)
