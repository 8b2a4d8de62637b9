"""Data augmentation of a whole batch of faces, on the device that trains.

The random numbers come from the host (`drawn`), so that every Keras backend makes equal batches.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from keras import ops
from numpy.typing import NDArray

from training.emotion.data.fer2013 import SIDE

DRAWS = 23
"""Random numbers that the changes of one face take."""

_FIELDS = 256
"""Fields of noise, from which each face gets one."""

_LUMINANCE = np.array([
    [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55],
    [14, 13, 16, 24, 40, 57, 69, 56], [14, 17, 22, 29, 51, 87, 80, 62],
    [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99],
], np.float32)  # fmt: skip
"""Table of the quantisation at quality 50 (ITU-T T.81, table K.1)."""


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Limits of the random changes. What is not a probability or a pair is drawn between minus and plus its limit."""

    turn: float = 0.26
    """Radians."""
    scale: float = 0.15
    """Share by which the face grows or shrinks."""
    stretch: float = 0.07
    """Additional share by which each axis grows or shrinks."""
    shift: float = 0.13
    """Share of the side of the picture."""
    shear: float = 0.10
    contrast: float = 0.3
    brightness: float = 0.15
    cut: float = 0.6
    """Probability that a square is blanked out (DeVries and Taylor 2017)."""
    cut_sides: tuple[float, float] = (8, 20)
    """Least and greatest side of the square, in pixels."""
    worse: float = 0.25
    """Probability of each change below, which a distant or poor camera makes."""
    blurs: tuple[float, float] = (0.2, 1.5)
    """Standard deviations of the Gaussian, in pixels of the 48x48 picture."""
    sides: tuple[int, int] = (20, 40)
    """Sides in pixels to which a face is scaled down and up again."""
    noise: float = 0.05
    """Greatest standard deviation of the noise; white is 1."""
    qualities: tuple[float, float] = (20, 90)
    """Of JPEG."""


def drawn(random: np.random.Generator, count: int) -> NDArray[np.float32]:
    """The random numbers for `augmented`, float32 (count, `DRAWS`), uniform in [-1, 1]."""
    return np.asarray(random.uniform(-1, 1, (count, DRAWS)), np.float32)


def augmented(faces: Any, draws: Any, how: Augmentation, strength: Any = 1.0) -> Any:
    """An augmented copy of a batch.

    Args:
        faces: float32 (n, 48, 48) in [0, 1].
        draws: float32 (n, `DRAWS`) of `drawn`.
        strength: factor for limits and probabilities, 0 to 1. Half of the faces are mirrored under every strength.

    Returns:
        float32 (n, 48, 48) in [0, 1].
    """
    draws = ops.transpose(draws)
    faces = ops.image.affine_transform(
        faces[..., None], _transforms(draws[0], strength * draws[1:8], how), "bilinear", "nearest",
        data_format="channels_last",
    )[..., 0]  # fmt: skip
    faces = _coarser(faces, draws[14:18], how, strength)
    gain = (1 + how.contrast * strength * draws[8])[:, None, None]
    middle = ops.mean(faces, axis=(1, 2), keepdims=True)
    faces = (faces - middle) * gain + middle + (how.brightness * strength * draws[9])[:, None, None]
    faces = _compressed(_noisy(faces, draws[18:20], draws[22], how, strength), draws[20:22], how, strength)
    return ops.where(_squares(draws[10:14], how, strength), middle, faces)


def _unit(draws: Any) -> Any:
    """Draws from [-1, 1] to [0, 1]."""
    return (draws + 1) / 2


def _between(draws: Any, limits: tuple[float, float]) -> Any:
    return limits[0] + (limits[1] - limits[0]) * _unit(draws)


def _transforms(mirror: Any, draws: Any, how: Augmentation) -> Any:
    """Projective transforms (n, 8) from output to input pixels, about the picture's middle."""
    angle = how.turn * draws[0]
    common = 1 + how.scale * draws[1]
    across = 1 / (common + how.stretch * draws[2])
    down = 1 / (common + how.stretch * draws[3])
    across = across * ops.where(mirror < 0, -1.0, 1.0)
    shear = how.shear * draws[6]
    a, b = ops.cos(angle) * across, (shear * ops.cos(angle) - ops.sin(angle)) * down
    c, d = ops.sin(angle) * across, (shear * ops.sin(angle) + ops.cos(angle)) * down
    middle = (SIDE - 1) / 2
    right, below = how.shift * SIDE * draws[5], how.shift * SIDE * draws[4]
    zero = ops.zeros_like(a)
    return ops.stack(
        [
            a, b, middle + right - a * middle - b * middle,
            c, d, middle + below - c * middle - d * middle,
            zero, zero,
        ],
        axis=1,
    )  # fmt: skip


def _coarser(faces: Any, draws: Any, how: Augmentation, strength: Any) -> Any:
    """Some faces blurred, some scaled down and up again: both act on rows and columns alike, as a 48x48 matrix."""
    least, greatest = how.sides
    blurred, small = (_unit(draws[at]) < how.worse * strength for at in (0, 2))
    sigmas = ops.where(blurred, _between(draws[1], how.blurs), 1e-3)
    places = np.arange(SIDE, dtype=np.float32)
    apart = np.square(places[:, None] - places) / 2
    blur = ops.softmax(-apart / ops.square(sigmas)[:, None, None], axis=-1)
    side = ops.cast(ops.floor(_unit(draws[3]) * (greatest - least + 0.999)), "int32")
    scaled = ops.take(_scalings(how.sides), ops.where(small, side, greatest - least + 1), axis=0)
    both = ops.matmul(scaled, blur)
    return ops.matmul(ops.matmul(both, faces), ops.transpose(both, (0, 2, 1)))


@cache
def _scalings(sides: tuple[int, int]) -> NDArray[np.float32]:
    """float32 (n, 48, 48): to each side of the range and back, and at last the identity."""
    whole = np.eye(SIDE, dtype=np.float32)

    def there_and_back(side: int) -> NDArray[np.float32]:
        small = cv2.resize(whole, (SIDE, side), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.resize(small, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), np.float32)

    return np.stack([*map(there_and_back, range(sides[0], sides[1] + 1)), whole])


def _noisy(faces: Any, draws: Any, which: Any, how: Augmentation, strength: Any) -> Any:
    amount = ops.where(_unit(draws[0]) < how.worse * strength, how.noise * _unit(draws[1]), 0.0)
    fields = ops.take(_noise(), ops.cast(ops.floor(_unit(which) * (_FIELDS - 0.001)), "int32"), axis=0)
    return ops.clip(faces + amount[:, None, None] * fields, 0.0, 1.0)


@cache
def _noise() -> NDArray[np.float32]:
    """float32 (256, 48, 48) of standard deviation 1."""
    return np.asarray(np.random.default_rng(0).standard_normal((_FIELDS, SIDE, SIDE)), np.float32)


def _compressed(faces: Any, draws: Any, how: Augmentation, strength: Any) -> Any:
    """Some faces as JPEG would show them: the cosine transform of 8x8 blocks, rounded to the steps of the quality."""
    cosine, table = _cosine(), np.tile(_LUMINANCE, (SIDE // 8, SIDE // 8))
    quality = _between(draws[1], how.qualities)
    factor = ops.where(quality < 50, 50 / quality, 2 - quality / 50)[:, None, None]
    steps = ops.maximum(ops.floor(table * factor + 0.5), 1.0)
    waves = ops.matmul(ops.matmul(cosine, faces * 255 - 128), cosine.T)
    back = ops.matmul(ops.matmul(cosine.T, ops.round(waves / steps) * steps), cosine)
    packed = ops.clip((back + 128) / 255, 0.0, 1.0)
    return ops.where((_unit(draws[0]) < how.worse * strength)[:, None, None], packed, faces)


@cache
def _cosine() -> NDArray[np.float32]:
    """float32 (48, 48): the orthonormal cosine transform of each block of eight."""
    waves, places = np.arange(8)[:, None], np.arange(8) + 0.5
    block = np.cos(np.pi * waves * places / 8) * np.where(waves == 0, np.sqrt(1 / 8), np.sqrt(1 / 4))
    return np.asarray(np.kron(np.eye(SIDE // 8), block), np.float32)


def _squares(draws: Any, how: Augmentation, strength: Any) -> Any:
    """bool (n, 48, 48): the pixels to blank out."""
    sides = ops.where(_unit(draws[1]) < how.cut * strength, _between(draws[0], how.cut_sides), -1.0)
    pixels = np.arange(SIDE, dtype=np.float32)
    inside = [ops.abs(pixels - (_unit(draws[axis]) * SIDE)[:, None]) <= (sides / 2)[:, None] for axis in (2, 3)]
    return ops.logical_and(inside[0][:, :, None], inside[1][:, None, :])
