"""A rough search gives what an exact one would give, wherever it matters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.vision.matching.similarities import largest, searchable, similarities


def crowd(count: int, spread: float, random: np.random.Generator) -> np.ndarray:
    """float16 (count, 128): unit vectors about a common middle, the nearer the smaller the spread."""
    vectors = random.normal(size=128) + spread * random.normal(size=(count, 128))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float16)


@settings(max_examples=80)
@given(st.integers(1, 3000), st.sampled_from([1e-4, 1e-2, 0.2, 1.0, 10.0]), st.integers(0, 2**32 - 1))
def test_the_largest_cosines_are_those_of_an_exact_search(count: int, spread: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    halves = crowd(count + 1, spread, random)
    probe = halves[-1].astype(np.float32)
    exact = halves[:-1].astype(np.float64) @ probe.astype(np.float64)
    found = similarities(searchable(halves[:-1]), probe, 5)
    places = largest(found.copy(), 5)
    assert found[places] == pytest.approx(np.sort(exact)[::-1][:5], abs=1e-6)
    assert exact[places] == pytest.approx(found[places], abs=1e-6)


def test_a_probe_or_a_template_of_zeros_is_like_nobody() -> None:
    halves = crowd(3, 1.0, np.random.default_rng(1))
    assert similarities(searchable(halves), np.zeros(128, np.float32), 2).tolist() == [0, 0, 0]
    halves[1] = 0
    assert similarities(searchable(halves), halves[0].astype(np.float32), 3)[1] == 0


def test_the_largest_come_first_and_values_stay() -> None:
    values = np.array([0.1, -np.inf, 0.7, 0.3], np.float32)
    assert largest(values, 9) == [2, 3, 0]
    assert values.tolist() == [np.float32(0.1), -np.inf, np.float32(0.7), np.float32(0.3)]
