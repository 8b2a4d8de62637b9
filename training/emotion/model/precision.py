"""Measures which precision trains faster on this machine."""

import time

import keras
import numpy as np
import tensorflow as tf

from training.emotion.data.fer2013 import SIDE
from training.emotion.model.networks import build

POLICIES = ("float32", "mixed_bfloat16")
STEPS = 3


def measured_precisions(architecture: str, batch: int) -> dict[str, float]:
    """Milliseconds per face of a forward and backward step, by Keras dtype policy."""
    before = keras.config.dtype_policy()
    try:
        return {policy: _milliseconds(architecture, batch, policy) for policy in POLICIES}
    finally:
        keras.config.set_dtype_policy(before)


def _milliseconds(architecture: str, batch: int, policy: str) -> float:
    keras.config.set_dtype_policy(policy)
    model = build(architecture)
    pixels = tf.constant(np.random.default_rng(0).random((batch, SIDE, SIDE, 1), np.float32))

    @tf.function(jit_compile=False)
    def step() -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(model(pixels, training=True))
        return [tf.reduce_sum(each) for each in tape.gradient(loss, model.trainable_variables)]

    step()
    times = []
    for _ in range(STEPS):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    # The minimum of a few: other processes can only slow a step down.
    return min(times) / batch * 1000
