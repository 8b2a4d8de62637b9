"""Finds eyes, nose and mouth on an aligned face: dlib's 68 points (the iBUG 300-W scheme)."""

from functools import lru_cache
from typing import Final

import dlib
import numpy as np
from numpy.typing import NDArray

from monitor.domain import RgbImage
from monitor.vision import models

_FACE_ON_CHIP: Final = dlib.rectangle(7, 5, 141, 139)
"""The detector's box on a chip of 150x150 pixels: left, top, right, bottom; the median over portraits."""

Landmarks = NDArray[np.float64]


@lru_cache(maxsize=1)
def model() -> dlib.shape_predictor:
    """dlib's model of 100 MB, loaded once: a second or more, so call it before somebody waits. Raises: ModelError."""
    return dlib.shape_predictor(str(models.weights(models.DLIB_68_LANDMARKS)))


def landmarks(chip: RgbImage) -> Landmarks:
    """The points of one face.

    Args:
        chip: uint8 (150, 150, 3), as `chips.face_chip` cuts it.

    Returns:
        float64 (68, 2): x and y in pixels of the chip.

    Raises:
        ModelError: dlib's model is missing or damaged.
    """
    found = model()(np.ascontiguousarray(chip), _FACE_ON_CHIP)
    return np.array([(point.x, point.y) for point in found.parts()], np.float64)
