"""Faces that stand in two splits."""

import numpy as np

from training.emotion.evaluation.copies import copied

RNG = np.random.default_rng(3)
TRAINING = RNG.integers(0, 256, (3000, 48, 48)).astype(np.uint8)


def test_copies_are_found_through_noise_and_another_brightness_and_others_are_not() -> None:
    noisy = np.clip(TRAINING[2900].astype(int) + RNG.integers(-9, 10, (48, 48)), 0, 255)
    dark = TRAINING[5] // 2 + 20
    other = RNG.integers(0, 256, (48, 48))
    plain = np.full((48, 48), 7)
    faces = np.stack([noisy, dark, other, plain]).astype(np.uint8)
    assert copied(faces, TRAINING).tolist() == [True, True, False, False]
