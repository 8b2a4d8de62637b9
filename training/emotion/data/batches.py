"""Training batches: shuffled, augmented and paired with targets; each is a pure function of its number."""

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from training.emotion.data.augment import Augmentation, augmented
from training.emotion.data.fer2013 import Split

CALM = 0.7
"""Strength of the augmentation during the cool-down of the learning rate, 0 to 1."""


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
    """The targets of the network.

    Args:
        smoothing: label smoothing, 0 to 1 (Szegedy et al. 2016).
        taught: float32 (n, 7), a teacher's probabilities for these faces.
        teacher_weight: share of the teacher's probabilities in the targets, 0 to 1.
        votes: float32 (rows, 10) of FER+, by the data row of the CSV; None for a network without outputs for them.

    Returns:
        float32 (n, 7), or (n, 17) with the votes in the last 10 columns.
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
    """Batches by their numbers: a resumed training gets the batches that an uninterrupted training would get.

    Args:
        faces: uint8 (n, 48, 48).
        targets: float32 (n, classes).
        batch: faces per batch. Every epoch is shuffled again and leaves out its last, incomplete batch.
        steps: numbers of the batches, counted over all epochs.
        seed: of the order and the augmentation.
        augmentation: None for unchanged faces.
        calm_from: number of the first batch with weaker augmentation (`CALM`); None for never.

    Returns:
        Pairs of pixels, float32 (batch, 48, 48, 1) in [0, 1], and targets, float32 (batch, classes).
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
