"""The logits of a network for many faces."""

import keras
import numpy as np
from numpy.typing import NDArray

from training.emotion.data.batches import pixels_of
from training.emotion.model.backend import backend
from training.emotion.model.losses import CLASSES

EVALUATION_BATCH = 256


def outputs_of(model: keras.Model, faces: NDArray[np.uint8], *, mirrored: bool = False) -> NDArray[np.float32]:
    """All logits of a network for faces uint8 (n, 48, 48): float32 (n, outputs).

    Args:
        model: with 7 outputs, which are probabilities, or with more, which are logits.
        mirrored: whether to return the mean of the logits of each face and its mirror image.
    """
    forward = backend().forward(model)
    parts = [np.empty((0, model.output_shape[-1]), np.float32)]
    for start in range(0, len(faces), EVALUATION_BATCH):
        pixels = pixels_of(faces[start : start + EVALUATION_BATCH])
        short = EVALUATION_BATCH - len(pixels) if start else 0
        # Equal batches, so that a compiled network is compiled once.
        whole = np.pad(pixels, ((0, short), (0, 0), (0, 0), (0, 0)))
        parts.append(np.asarray(forward(whole), np.float32)[: len(pixels)])
    given = np.concatenate(parts)
    if model.output_shape[-1] == CLASSES:
        given = np.log(np.maximum(given, 1e-12))
    if not mirrored:
        return given
    return np.asarray((given + outputs_of(model, faces[:, :, ::-1])) / 2, np.float32)


def logits_of(model: keras.Model, faces: NDArray[np.uint8], *, mirrored: bool = False) -> NDArray[np.float32]:
    """The logits of the emotions, float32 (n, 7): the first seven of `outputs_of`."""
    return outputs_of(model, faces, mirrored=mirrored)[:, :CLASSES]
