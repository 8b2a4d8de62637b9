"""Measures which precision trains faster on this machine."""

import time

import keras
import numpy as np

from training.emotion.data.batches import Order, planned
from training.emotion.data.fer2013 import SIDE
from training.emotion.fitting.optimizer import optimizer_of
from training.emotion.fitting.recipe import RECIPES
from training.emotion.model.backend import backend
from training.emotion.model.losses import CLASSES, losses_of
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
    model, compute = build(architecture), backend()
    model.optimizer = optimizer_of(RECIPES[architecture], 1)
    model.optimizer.build(model.trainable_variables)
    random, classes = np.random.default_rng(0), model.output_shape[-1]
    faces = random.integers(0, 256, (batch, SIDE, SIDE)).astype(np.uint8)
    targets = np.eye(classes, dtype=np.float32)[random.integers(0, CLASSES, batch)]
    step = compute.steps(model, losses_of(0.0), faces, targets, None, batch)
    times = []
    for number in range(1 + STEPS):
        began = time.perf_counter()
        np.asarray(step(planned(Order(batch, batch, 0), range(number, number + 1))))
        times.append(time.perf_counter() - began)
    # The first one compiles. The minimum of a few: other processes can only slow a step down.
    return min(times[1:]) / batch * 1000
