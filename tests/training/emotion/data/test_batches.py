"""Batches by their numbers, and the targets of their faces."""

import numpy as np
import pytest

from training.emotion.data.augment import Augmentation
from training.emotion.data.batches import CALM, Order, made, planned, targets_of
from training.emotion.data.fer2013 import Split

RNG = np.random.default_rng(0)
FACES = RNG.integers(0, 256, (48, 48, 48)).astype(np.uint8)
TRAINING = Split("Training", FACES, RNG.integers(0, 7, 48), np.arange(48))


def batches(numbers: range, seed: int = 1, how: Augmentation | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pixels and targets of some batches; the target of a face is its number."""
    order, targets = Order(len(FACES), 16, seed, calm_from=4), np.eye(len(FACES), dtype=np.float32)
    plan = planned(order, numbers)
    parts = [made(FACES, targets, *each, how) for each in zip(plan.chosen, plan.draws, plan.strength, strict=True)]
    return [(np.asarray(pixels), np.asarray(wanted)) for pixels, wanted in parts]


def test_a_batch_depends_on_nothing_but_its_number() -> None:
    straight = [pixels for pixels, _ in batches(range(6), how=Augmentation())]
    assert np.array_equal(straight[4], batches(range(4, 6), how=Augmentation())[0][0])
    assert not np.array_equal(straight[0], straight[3])
    assert not np.array_equal(straight[0], batches(range(1), seed=2, how=Augmentation())[0][0])
    assert all(batch.min() >= 0 and batch.max() <= 1 and batch.shape == (16, 48, 48, 1) for batch in straight)


def test_an_epoch_without_changes_shows_every_face_once() -> None:
    shown = batches(range(3))
    order = np.concatenate([wanted.argmax(1) for _, wanted in shown])
    assert sorted(order.tolist()) == list(range(48))
    pixels = np.concatenate([pixels for pixels, _ in shown])[..., 0]
    assert np.allclose(pixels, FACES[order] / 255, atol=1e-6)


def test_the_cool_down_changes_less() -> None:
    plan = planned(Order(len(FACES), 16, 1, calm_from=4), range(3, 5))
    assert plan.strength.tolist() == pytest.approx([1.0, CALM])


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


def test_a_teacher_of_labels_and_votes_has_its_share_of_both() -> None:
    split = Split("Training", np.zeros((1, 48, 48), np.uint8), np.array([3]), np.array([0]))
    taught = np.concatenate([np.eye(7)[6], np.eye(10)[0]]).astype(np.float32)[None]
    targets = targets_of(split, taught=taught, teacher_weight=0.25, votes=np.eye(10, dtype=np.float32)[1:2])
    assert targets[0, [3, 6, 7, 8]].tolist() == pytest.approx([0.75, 0.25, 0.25, 0.75])
