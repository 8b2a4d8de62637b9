"""Muster's deep embedding of the study's faces: aligned chips, then the face encoder."""

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import Box, Face
from training.eigenfaces.context import Study
from training.eigenfaces.features import SIDE

_FACE_SIDE = 256
"""Width in pixels to which a study face is enlarged for the detector."""

_MARGIN = 0.25
"""Width of the border of repeated edge pixels, as a share of the side: the sets are cropped too tight to detect."""

_CUT = (slice(24, 128), slice(23, 127))
"""Rows and columns of a 150x150 chip that show the face from eyebrows to chin: 104x104."""


def chips_of(images: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Aligned face chips, uint8 (n, 150, 150, 3), of images float32 (n, height, width), 0 to 1.

    Where no face is detected, the whole image is used as the face.
    """
    from monitor.vision.chips import face_chip
    from monitor.vision.detector import FaceDetector

    detector = FaceDetector(min_score=0.5)
    chips = []
    for image in images:
        scale = _FACE_SIDE / image.shape[1]
        large = cv2.resize(np.clip(image, 0, 1), None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
        edge = round(_FACE_SIDE * _MARGIN)
        framed = cv2.copyMakeBorder(large, edge, edge, edge, edge, cv2.BORDER_REPLICATE)
        rgb = np.repeat(np.clip(framed * 255, 0, 255).astype(np.uint8)[..., None], 3, axis=2)
        found = detector.detect(rgb)
        height, width = large.shape
        side = min(height, width)
        whole = Face(Box(edge + (width - side) / 2, edge + (height - side) / 2, side, side), 0.0)
        chips.append(face_chip(rgb, found[0] if found else whole))
    return np.stack(chips)


def embeddings_of(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Embeddings of images float32 (n, height, width), 0 to 1: float32 (n, 128) of length 1."""
    return embed_chips(chips_of(images))


def embed_chips(chips: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Chips uint8 (n, 150, 150, 3) to embeddings float32 (n, 128) of length 1."""
    from monitor.vision.encoder import FaceEncoder

    return FaceEncoder().embed(chips)


def study_chips(study: Study) -> NDArray[np.uint8]:
    """uint8 (n, 150, 150, 3): chips of all faces of a study."""
    return chips_of(study.faces.images)


def study_embeddings(study: Study) -> NDArray[np.float32]:
    """float32 (n, 128): deep embeddings of all faces of a study."""
    return embed_chips(study.once(study_chips))


def chip_pixels(chips: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Chips uint8 (n, 150, 150, 3) as rows for the study model, float64 (n, 4096), 0 to 1.

    A row is the face without its surroundings, grey, 64x64.
    """
    faces = [cv2.cvtColor(np.ascontiguousarray(chip[_CUT]), cv2.COLOR_RGB2GRAY) for chip in chips]
    small = [cv2.resize(face, (SIDE, SIDE), interpolation=cv2.INTER_AREA).ravel() for face in faces]
    return np.asarray(small, np.float64).reshape(-1, SIDE * SIDE) / 255
