"""Joined embeddings: two encoders' answers in one vector."""

import numpy as np
import pytest

from monitor.vision.matching.joined import comparable, first_of, is_joined, join, mean_of, second_of
from tests.monitor.stage import cosine, near, unit_vector


def test_the_cosine_of_joined_embeddings_is_the_mean_of_both_cosines() -> None:
    random = np.random.default_rng(1)
    first, second = unit_vector(random), unit_vector(random)
    one, other = join(first, second), join(near(first, 0.9, random), near(second, 0.5, random))
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-6)
    assert cosine(one, other) == pytest.approx(0.7, abs=1e-5)


def test_the_parts_come_back() -> None:
    random = np.random.default_rng(2)
    first, second = unit_vector(random), unit_vector(random)
    both = join(first, second)
    assert is_joined(both)
    assert first_of(both) == pytest.approx(first, abs=1e-6)
    assert second_of(both) == pytest.approx(second, abs=1e-6)
    assert (is_joined(first), second_of(first)) == (False, None)
    assert first_of(first) is first


def test_among_some_without_sface_all_are_compared_by_dlibs_part() -> None:
    random = np.random.default_rng(3)
    first, second = unit_vector(random), unit_vector(random)
    both = join(first, second)
    assert comparable([both, both]).shape == (2, 256)
    assert comparable([both, first]) == pytest.approx(np.stack([first, first]), abs=1e-6)
    assert comparable([]).shape == (0, 128)
    assert cosine(both, first) == pytest.approx(1, abs=1e-6)


def test_a_mean_takes_each_part_over_those_that_have_it() -> None:
    random = np.random.default_rng(4)
    first, other, second = (unit_vector(random) for _ in range(3))
    mean = mean_of([join(first, second), other])
    assert first_of(mean) == pytest.approx((first + other) / 2, abs=1e-6)
    assert second_of(mean) == pytest.approx(second, abs=1e-6)
    assert mean_of([first, other]) == pytest.approx((first + other) / 2, abs=1e-6)
