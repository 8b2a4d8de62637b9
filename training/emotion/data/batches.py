"""Batches for training: shuffled, changed and paired with targets, each a pure function of its number."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from training.emotion.data.augment import Augmentation, augmented
from training.emotion.data.fer2013 import Split

CALM = 0.7
"""Share of the changes' limits that is left while the rate falls."""


def pixels_of(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32 (n, 48, 48, 1) in [0, 1] from uint8 (n, 48, 48)."""
    return np.asarray((faces / np.float32(255))[..., None], np.float32)


def targets_of(
    split: Split,
    *,
    smoothing: float = 0.0,
    taught: NDArray[np.float32] | None = None,
    teacher_weight: float = 0.0,
    votes: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """What the network shall answer.

    Args:
        split: the faces.
        smoothing: share of certainty spread over all classes (Szegedy et al. 2016).
        taught: float32 (n, 7), a teacher's probabilities for these faces.
        teacher_weight: their share.
        votes: float32 (rows, 10) of FER+, by the data row of the CSV; None for a network without them.

    Returns:
        float32 (n, 7), or (n, 17) with the votes behind.
    """
    emotions = np.full((len(split), len(EMOTIONS)), smoothing / len(EMOTIONS), np.float32)
    emotions[np.arange(len(split)), split.labels] += 1 - smoothing
    if taught is not None:
        emotions += teacher_weight * (taught - emotions)
    return emotions if votes is None else np.concatenate([emotions, votes[split.rows]], axis=1)


def training_batches(
    faces: NDArray[np.uint8],
    targets: NDArray[np.float32],
    *,
    batch: int,
    steps: range,
    seed: int,
    augmentation: Augmentation | None,
    calm_from: int | None = None,
) -> tf.data.Dataset:
    """Batches by their number, so that a training that goes on after a kill sees what it would have seen.

    Args:
        faces: uint8 (n, 48, 48).
        targets: float32 (n, classes).
        batch: faces a batch; what does not fill one is left out of the epoch; each epoch is shuffled anew.
        steps: numbers of the batches, counted over all epochs.
        seed: makes order and changes.
        augmentation: None for the faces as they are.
        calm_from: from this batch on the changes are weaker (`CALM`); None for never.
    """
    each = len(faces) // batch

    def make(number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        order = tf.random.experimental.stateless_shuffle(tf.range(len(faces)), [seed, number // each])
        start = tf.cast(number % each, tf.int32) * batch
        chosen = tf.ensure_shape(order[start : start + batch], (batch,))
        pixels = tf.cast(tf.gather(stored, chosen), tf.float32)[..., None] / 255
        if augmentation is not None:
            calm = tf.constant(False) if calm_from is None else number >= calm_from
            pixels = augmented(pixels, tf.stack([seed + 1, number]), augmentation, tf.where(calm, CALM, 1.0))
        return tf.ensure_shape(pixels, (batch, 48, 48, 1)), tf.gather(answers, chosen)

    stored, answers = tf.constant(faces), tf.constant(targets)
    return tf.data.Dataset.range(steps.start, steps.stop).map(make, num_parallel_calls=1).prefetch(2)
