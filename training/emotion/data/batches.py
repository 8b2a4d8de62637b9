"""Training batches: shuffled, augmented and paired with targets; each is a pure function of its number.

The host decides what a batch holds (`planned`), the device that trains makes it (`made`).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from keras import ops
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from training.emotion.data.augment import Augmentation, augmented, drawn
from training.emotion.data.fer2013 import Split

CALM = 0.7
"""Strength of the augmentation during the cool-down of the learning rate, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Order:
    """What decides the batches of a training."""

    faces: int
    batch: int
    """Faces per batch. Every epoch is shuffled again and leaves out its last, incomplete batch."""
    seed: int
    calm_from: int | None = None
    """Number of the first batch with weaker augmentation (`CALM`); None for never."""

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        return self.faces // self.batch


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """Some batches, before their pixels are made."""

    chosen: NDArray[np.int32]
    """int32 (steps, batch): the faces of each batch."""
    draws: NDArray[np.float32]
    """float32 (steps, batch, `augment.DRAWS`)."""
    strength: NDArray[np.float32]
    """float32 (steps,): of the augmentation."""


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
        taught: float32 (n, 7) or (n, 17), a teacher's probabilities for these faces, with 17 those of the votes too.
        teacher_weight: share of the teacher's probabilities in the targets, 0 to 1.
        votes: float32 (rows, 10) of FER+, by the data row of the CSV; None for a network without outputs for them.

    Returns:
        float32 (n, 7), or (n, 17) with the votes in the last 10 columns.
    """
    targets = np.full((len(split), len(EMOTIONS)), smoothing / len(EMOTIONS), np.float32)
    targets[np.arange(len(split)), split.labels] += 1 - smoothing
    if votes is not None:
        targets = np.concatenate([targets, votes[split.rows]], axis=1)
    if taught is not None:
        known = min(taught.shape[1], targets.shape[1])
        targets[:, :known] += teacher_weight * (taught[:, :known] - targets[:, :known])
    return targets


def planned(order: Order, numbers: range) -> Planned:
    """The batches with these numbers, counted over all epochs: a resumed training gets those that it would have got."""
    chosen = np.empty((len(numbers), order.batch), np.int32)
    for at, number in enumerate(numbers):
        epoch, place = divmod(number, order.steps)
        chosen[at] = _shuffled(order.faces, order.seed, epoch)[place * order.batch : (place + 1) * order.batch]
    draws = [drawn(np.random.default_rng([order.seed + 1, number]), order.batch) for number in numbers]
    calm = [order.calm_from is not None and number >= order.calm_from for number in numbers]
    return Planned(chosen, np.stack(draws), np.where(calm, CALM, 1.0).astype(np.float32))


@lru_cache(maxsize=2)
def _shuffled(faces: int, seed: int, epoch: int) -> NDArray[np.int32]:
    return np.random.default_rng([seed, epoch]).permutation(faces).astype(np.int32)


def made(faces: Any, targets: Any, chosen: Any, draws: Any, strength: Any, how: Augmentation | None) -> tuple[Any, Any]:
    """The batch of a step of `Planned`: pixels float32 (batch, 48, 48, 1) in [0, 1], targets float32 (batch, classes).

    Args:
        faces, targets: all of the training, uint8 (n, 48, 48) and float32 (n, classes).
        how: None for unchanged faces.
    """
    pixels = ops.cast(ops.take(faces, chosen, axis=0), "float32") / 255
    if how is not None:
        pixels = augmented(pixels, draws, how, strength)
    return pixels[..., None], ops.take(targets, chosen, axis=0)
