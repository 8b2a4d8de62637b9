"""The logits of a network for many faces."""

import keras
import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from training.emotion.data.batches import pixels_of

EVALUATION_BATCH = 256
CLASSES = len(EMOTIONS)


def logits_of(model: keras.Model, faces: NDArray[np.uint8], *, mirrored: bool = False) -> NDArray[np.float32]:
    """Logits of the emotions.

    Args:
        model: with 7 outputs, probabilities; or with more, of which the first 7 are the logits.
        faces: uint8 (n, 48, 48).
        mirrored: whether to return the mean of the logits of each face and its mirror image.

    Returns:
        float32 (n, 7).
    """
    parts = [np.empty((0, CLASSES), np.float32)]
    for start in range(0, len(faces), EVALUATION_BATCH):
        pixels = pixels_of(faces[start : start + EVALUATION_BATCH])
        parts.append(np.asarray(model(pixels, training=False), np.float32)[:, :CLASSES])
    given = np.concatenate(parts)
    if model.output_shape[-1] == CLASSES:
        given = np.log(np.maximum(given, 1e-12))
    if not mirrored:
        return given
    return np.asarray((given + logits_of(model, faces[:, :, ::-1])) / 2, np.float32)
