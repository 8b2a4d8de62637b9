"""Batches by their numbers, and the targets of their faces."""

import numpy as np
import pytest

from training.emotion.data.augment import Augmentation
from training.emotion.data.batches import targets_of, training_batches
from training.emotion.data.fer2013 import Split

RNG = np.random.default_rng(0)
FACES = RNG.integers(0, 256, (48, 48, 48)).astype(np.uint8)
TRAINING = Split("Training", FACES, RNG.integers(0, 7, 48), np.arange(48))


def test_a_batch_depends_on_nothing_but_its_number() -> None:
    targets = targets_of(TRAINING, smoothing=0.1)

    def batches(numbers: range, seed: int = 1) -> list[np.ndarray]:
        made = training_batches(
            TRAINING.faces, targets, batch=16, steps=numbers, seed=seed, augmentation=Augmentation()
        )
        return [np.asarray(pixels) for pixels, _ in made]

    straight = batches(range(6))
    assert np.array_equal(straight[4], batches(range(4, 6))[0])
    assert not np.array_equal(straight[0], straight[3])
    assert not np.array_equal(straight[0], batches(range(1), seed=2)[0])
    assert all(batch.min() >= 0 and batch.max() <= 1 and batch.shape == (16, 48, 48, 1) for batch in straight)


def test_an_epoch_without_changes_shows_every_face_once() -> None:
    made = training_batches(
        TRAINING.faces, np.eye(48, dtype=np.float32), batch=16, steps=range(3), seed=1, augmentation=None
    )
    shown = [(pixels, chosen) for pixels, chosen in made]
    order = np.concatenate([np.asarray(chosen).argmax(1) for _, chosen in shown])
    assert sorted(order.tolist()) == list(range(48))
    pixels = np.concatenate([np.asarray(pixels) for pixels, _ in shown])[..., 0]
    assert np.allclose(pixels, TRAINING.faces[order] / 255, atol=1e-6)


def test_targets_are_smoothed_and_carry_the_votes_of_their_rows() -> None:
    split = Split("Training", np.zeros((2, 48, 48), np.uint8), np.array([3, 0]), np.array([0, 2]))
    votes = np.eye(10, dtype=np.float32)[:3]
    targets = targets_of(split, smoothing=0.07, votes=votes)
    assert targets[0, :7].tolist() == pytest.approx([0.01] * 3 + [0.94] + [0.01] * 3)
    assert targets[1, 7:].tolist() == votes[2].tolist()


def test_a_teacher_has_its_share_of_the_targets() -> None:
    split = Split("Training", np.zeros((1, 48, 48), np.uint8), np.array([3]), np.array([0]))
    taught = np.array([[0.2, 0, 0, 0.6, 0, 0, 0.2]], np.float32)
    targets = targets_of(split, taught=taught, teacher_weight=0.5)
    assert targets[0].tolist() == pytest.approx([0.1, 0, 0, 0.8, 0, 0, 0.1])
