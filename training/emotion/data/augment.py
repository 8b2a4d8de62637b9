"""Data augmentation of a whole batch of faces in the TensorFlow graph."""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from training.emotion.data.fer2013 import SIDE


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Limits of the random changes: each change is drawn uniformly between minus and plus its limit."""

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


def augmented(faces: Any, seed: Any, how: Augmentation, strength: Any = 1.0) -> Any:
    """An augmented copy of a batch; equal seeds give equal copies.

    Args:
        faces: float32 (n, 48, 48, 1) in [0, 1].
        seed: int32 or int64 (2,).
        strength: factor for the limits, 0 to 1. Half of the faces are mirrored under every strength.

    Returns:
        float32 (n, 48, 48, 1) in [0, 1].
    """
    count = tf.shape(faces)[0]
    mirror = tf.random.stateless_uniform((count,), seed + tf.constant([1, 0], seed.dtype), -1.0, 1.0)
    squares = tf.random.stateless_uniform((4, count), seed + tf.constant([2, 0], seed.dtype), -1.0, 1.0)
    draws = strength * tf.random.stateless_uniform((9, count), seed, -1.0, 1.0)
    faces = tf.raw_ops.ImageProjectiveTransformV3(
        images=faces,
        transforms=_transforms(draws[:7], mirror, how),
        output_shape=(SIDE, SIDE),
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    )
    gain = (1 + how.contrast * draws[7])[:, None, None, None]
    middle = tf.reduce_mean(faces, axis=(1, 2, 3), keepdims=True)
    faces = (faces - middle) * gain + middle + (how.brightness * draws[8])[:, None, None, None]
    faces = tf.clip_by_value(faces, 0.0, 1.0)
    return tf.where(_squares(squares, how, strength), middle, faces)


def _transforms(draws: Any, mirror: Any, how: Augmentation) -> Any:
    """Projective transforms (n, 8) from output to input pixels, about the picture's middle."""
    angle = how.turn * draws[0]
    common = 1 + how.scale * draws[1]
    across = 1 / (common + how.stretch * draws[2])
    down = 1 / (common + how.stretch * draws[3])
    across *= tf.where(mirror < 0, -1.0, 1.0)
    shear = how.shear * draws[6]
    a, b = tf.cos(angle) * across, (shear * tf.cos(angle) - tf.sin(angle)) * down
    c, d = tf.sin(angle) * across, (shear * tf.sin(angle) + tf.cos(angle)) * down
    middle = (SIDE - 1) / 2
    right, below = how.shift * SIDE * draws[5], how.shift * SIDE * draws[4]
    zero = tf.zeros_like(a)
    return tf.stack(
        [
            a, b, middle + right - a * middle - b * middle,
            c, d, middle + below - c * middle - d * middle,
            zero, zero,
        ],
        axis=1,
    )  # fmt: skip


def _squares(draws: Any, how: Augmentation, strength: Any) -> Any:
    """bool (n, 48, 48, 1): the pixels to blank out."""
    least, greatest = how.cut_sides
    sides = least + (greatest - least) * (draws[0] + 1) / 2
    sides = tf.where((draws[1] + 1) / 2 < how.cut * strength, sides, -1.0)
    pixels = tf.range(SIDE, dtype=tf.float32)
    inside = [tf.abs(pixels[None] - ((draws[axis] + 1) / 2 * SIDE)[:, None]) <= (sides / 2)[:, None] for axis in (2, 3)]
    return (inside[0][:, :, None] & inside[1][:, None, :])[..., None]
