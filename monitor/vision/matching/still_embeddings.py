"""Embeddings for still images: averaged over varied copies of one chip, as a track averages over its frames."""

from typing import Final

import cv2
import numpy as np

from monitor.domain import EMBEDDING_SIZE
from monitor.vision.dlib_resnet import CHIP_SIZE
from monitor.vision.encoder import Chips, Embeddings, FaceEncoder, unit

_VIEWS: Final = ((-4, 0.94, -4, -4), (-4, 1.06, 4, -4), (4, 0.94, 4, 4), (4, 1.06, -4, 4))
"""Degrees, scale, and pixels to the right and down. Four views are as good as sixteen on half of the portraits (163
people, one image each, years apart). dlib calls such views jitters."""


def embed_stills(encoder: FaceEncoder, chips: Chips) -> Embeddings:
    """Embeddings comparable with those of `FaceEncoder.embed`, but steadier; they take four times as long.

    Args:
        chips: uint8 (n, 150, 150, 3) RGB; n may be 0.

    Returns:
        float32 (n, 128), each row of length 1.
    """
    views = encoder.embed(jittered(chips).reshape(-1, CHIP_SIZE, CHIP_SIZE, 3))
    return unit(views.reshape(-1, len(_VIEWS), EMBEDDING_SIZE).sum(axis=1))


def jittered(chips: Chips) -> Chips:
    """Each chip turned, scaled and shifted a little in four ways.

    Args:
        chips: uint8 (n, 150, 150, 3).

    Returns:
        uint8 (n, 4, 150, 150, 3); beyond the edge of the chip, its edge pixels are repeated.
    """
    views = np.empty((len(chips), len(_VIEWS), *chips.shape[1:]), np.uint8)
    middle = (CHIP_SIZE - 1) / 2
    for place, (angle, scale, right, down) in enumerate(_VIEWS):
        move = cv2.getRotationMatrix2D((middle, middle), angle, scale)
        move[:, 2] += right, down
        for chip, view in zip(chips, views[:, place], strict=True):
            view[:] = cv2.warpAffine(chip, move, (CHIP_SIZE, CHIP_SIZE), borderMode=cv2.BORDER_REPLICATE)
    return views
