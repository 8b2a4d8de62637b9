"""A network of more filters that begins with what a smaller one has learnt (Chen et al. 2016, Net2Wider)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.emotion.model.networks import build

Array = NDArray[np.float32]

DIFFERENCE = 0.2
"""Noise on the repeated weights, as a share of their standard deviation: equal filters would stay equal."""


def widened(weights: Sequence[Array], architecture: str, seed: int) -> list[Array]:
    """The weights of a network, repeated to the shapes of a wider one, which then computes nearly the same.

    Both have as many layers, and the wider one a multiple of the filters. The seed is that of the noise.
    """
    random = np.random.default_rng(seed)
    shapes = [tuple(weight.shape) for weight in build(architecture).weights]
    return [_repeated(weight, shape, random) for weight, shape in zip(weights, shapes, strict=True)]


def _repeated(weight: Array, shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """A weight whose last axis are outputs, and the one before, of a kernel, inputs."""
    if weight.shape == shape:
        return weight
    repeats = [large // small for small, large in zip(weight.shape, shape, strict=True)]
    # Copies stand side by side, so that channels of zeros behind a shortcut stay behind it.
    wide = weight
    for axis, times in enumerate(repeats):
        wide = np.repeat(wide, times, axis)
    if weight.ndim > 1:
        wide = (wide + DIFFERENCE * weight.std() * random.standard_normal(shape)) / repeats[-2]
    return np.asarray(wide, np.float32)
