"""What training needs of TensorFlow itself: gradients, traced functions, several workers."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from training.emotion.data.augment import Augmentation
from training.emotion.data.batches import Planned, made
from training.emotion.model.losses import Losses, right_answers

Strategy: TypeAlias = tf.distribute.Strategy

FAILURE = tf.errors.OpError
"""What a computation raises that the device cannot do."""

STEPS_AT_ONCE = 1
"""Steps that one call of `steps` takes."""


@lru_cache(maxsize=4)
def forward(model: keras.Model) -> Callable[[Any], Any]:
    """The network in inference mode."""
    return lambda pixels: model(pixels, training=False)


def observed(model: keras.Model) -> Callable[[Any], list[Any]]:
    """A pass in training mode: pixels to the values of the network's untrained variables afterwards."""

    def observe(pixels: Any) -> list[Any]:
        model(pixels, training=True)
        return [variable.value for variable in model.non_trainable_variables]

    return observe


def gradient(function: Callable[[Any], Any], at: Any) -> Any:
    """The gradient of the sum of a function's values, at a tensor."""
    start = tf.convert_to_tensor(at)
    with tf.GradientTape() as tape:
        tape.watch(start)
        value = tf.reduce_sum(function(start))
    return tape.gradient(value, start)


def steps(
    model: keras.Model,
    losses: Losses,
    faces: Any,
    targets: Any,
    how: Augmentation | None,
    batch: int,
    strategy: Strategy | None = None,
) -> Callable[[Planned], Any]:
    """A function that trains on planned batches and gives the sums of losses and right answers, float32 (2,).

    Args:
        losses: the loss of every face.
        faces: uint8 (n, 48, 48), of the training.
        targets: float32 (n, classes).
        how: changes of the faces; None for none.
        batch: faces per step, over all workers.
        strategy: distribution of the work; None for this process alone.
    """
    chief = strategy or tf.distribute.get_strategy()
    resolver = chief.cluster_resolver
    worker = resolver.task_id or 0 if resolver else 0
    stored, wished = tf.constant(faces), tf.constant(targets)

    def on_replica(chosen: Any, draws: Any, strength: Any) -> Any:
        pixels, wanted = made(stored, wished, chosen, draws, strength, how)
        with tf.GradientTape() as tape:
            given = model(pixels, training=True)
            each = losses(wanted, given)
            # Gradients are summed over the workers.
            loss = tf.reduce_sum(each) / batch
        gradients = tape.gradient(loss, model.trainable_variables)
        model.optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return tf.stack([tf.reduce_sum(each), right_answers(wanted, given)])

    # XLA doubles the time on a CPU.
    @tf.function(jit_compile=False)
    def step(chosen: Any, draws: Any, strength: Any) -> Any:
        mine = chief.run(on_replica, (chosen, draws, strength))
        return chief.reduce(tf.distribute.ReduceOp.SUM, mine, axis=None)

    def run(planned: Planned) -> Any:
        part = np.array_split(np.arange(batch), chief.num_replicas_in_sync)[worker]
        return sum(
            step(tf.constant(chosen[part]), tf.constant(draws[part]), tf.constant(strength))
            for chosen, draws, strength in zip(planned.chosen, planned.draws, planned.strength, strict=True)
        )

    return run
