"""Face chips for the encoder: aligned as dlib aligns them, from the boxes of either detector."""

from functools import lru_cache

import dlib
import numpy as np

from monitor.domain import Face, RgbImage
from monitor.vision import models
from monitor.vision.dlib_resnet import CHIP_SIZE

_PADDING = 0.25
_TO_HOG = 0.92
"""dlib's landmark model was trained on HOG boxes; BlazeFace's are larger, on the same centre."""


@lru_cache(maxsize=1)
def _landmark_model() -> dlib.shape_predictor:
    return dlib.shape_predictor(str(models.weights(models.DLIB_LANDMARKS)))


def face_chip(rgb: RgbImage, face: Face) -> RgbImage:
    """A face on `rgb`, uint8 (h, w, 3), upright and centred by its eyes and nose, as the encoder wants it.

    It is uint8 (150, 150, 3), black where it reaches over the picture's edge.

    Raises:
        ModelError: dlib's landmark model is missing or damaged.
    """
    rgb = np.ascontiguousarray(rgb)
    shape = _landmark_model()(rgb, _hog_rectangle(face))
    return np.asarray(dlib.get_face_chip(rgb, shape, CHIP_SIZE, _PADDING), np.uint8)


def _hog_rectangle(face: Face) -> dlib.rectangle:
    scale = 1.0 if face.keypoints is None else _TO_HOG
    box = face.whole_box
    (x, y), half_width, half_height = box.centre, box.width * scale / 2, box.height * scale / 2
    return dlib.rectangle(round(x - half_width), round(y - half_height), round(x + half_width), round(y + half_height))
