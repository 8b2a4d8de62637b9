"""Layers that Keras lacks or runs slowly."""

from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
from keras import ops

EPSILON = 1e-3
MOMENTUM = 0.98


@keras.saving.register_keras_serializable("muster")
class FusedBatchNorm(keras.layers.Layer):
    """Batch normalisation over the last axis of (n, h, w, c), with the fused kernel where the backend is TensorFlow.

    On a CPU the layer of Keras runs a dozen small operations there and doubles the time of a small network; JAX fuses
    them by itself. Scale, shift and statistics are float32 under every precision policy.
    """

    momentum = MOMENTUM
    """Share of the old statistics that a training batch keeps, 0 to 1; a traced graph does not follow changes."""

    def build(self, shape: tuple[int | None, ...]) -> None:
        def weight(name: str, start: str, trainable: bool) -> Any:
            options: dict[str, Any] = {} if trainable else {"aggregation": "mean"}
            return self.add_weight(
                name=name, shape=(shape[-1],), initializer=start, dtype="float32", trainable=trainable,
                autocast=False, **options,
            )  # fmt: skip

        self.gamma, self.beta = weight("gamma", "ones", True), weight("beta", "zeros", True)
        self.mean, self.variance = weight("mean", "zeros", False), weight("variance", "ones", False)

    def call(self, x: Any, training: bool = False) -> Any:
        batch = bool(training) and self.trainable
        normalise = _fused if keras.backend.backend() == "tensorflow" else _composed
        y, mean, variance = normalise(x, self.gamma, self.beta, self.mean, self.variance, batch)
        if batch:
            self.mean.assign(self.mean * self.momentum + mean * (1 - self.momentum))
            self.variance.assign(self.variance * self.momentum + variance * (1 - self.momentum))
        return y


def _fused(x: Any, gamma: Any, beta: Any, mean: Any, variance: Any, batch: bool) -> tuple[Any, Any, Any]:
    """The normalised x, and mean and variance (unbiased) of the batch."""
    import tensorflow as tf

    empty = tf.zeros((0,))
    result = tf.raw_ops.FusedBatchNormV3(
        x=x,
        scale=tf.convert_to_tensor(gamma),
        offset=tf.convert_to_tensor(beta),
        mean=empty if batch else tf.convert_to_tensor(mean),
        variance=empty if batch else tf.convert_to_tensor(variance),
        epsilon=EPSILON,
        is_training=batch,
    )
    return result.y, result.batch_mean, result.batch_variance


def _composed(x: Any, gamma: Any, beta: Any, mean: Any, variance: Any, batch: bool) -> tuple[Any, Any, Any]:
    """As `_fused`, of the operations that every backend has."""
    wide = ops.cast(x, "float32")
    unbiased = variance
    if batch:
        mean = ops.mean(wide, axis=(0, 1, 2))
        variance = ops.mean(ops.square(wide - mean), axis=(0, 1, 2))
        count = int(np.prod([side or 1 for side in x.shape[:-1]]))
        unbiased = variance * (count / max(count - 1, 1))
    scale = gamma * ops.rsqrt(variance + EPSILON)
    return ops.cast(wide * scale + (beta - mean * scale), x.dtype), mean, unbiased


@keras.saving.register_keras_serializable("muster")
class PadChannels(keras.layers.Layer):
    """Appends zeros to the channels of (n, h, w, c): option A for the shortcuts of He et al. (2015)."""

    def __init__(self, channels: int, **options: Any) -> None:
        super().__init__(**options)
        self.channels = channels

    def call(self, x: Any) -> Any:
        return ops.pad(x, [[0, 0], [0, 0], [0, 0], [0, self.channels - x.shape[-1]]])

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*shape[:-1], self.channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "channels": self.channels}


def measure_statistics(model: keras.Model, observe: Callable[[Any], list[Any]], batches: Iterable[Any]) -> None:
    """Set the statistics of every `FusedBatchNorm` to the mean over batches; needed after averaging weights.

    The statistics of the training come from the activations of other weights (Izmailov et al. 2018, section 3.2).

    Args:
        observe: `backend.observed` of the network, first called here.
        batches: float32 (n, 48, 48, 1) in [0, 1].
    """
    norms = [layer for layer in model.layers if isinstance(layer, FusedBatchNorm)]
    places = {id(variable): place for place, variable in enumerate(model.non_trainable_variables)}
    wanted = [variable for norm in norms for variable in (norm.mean, norm.variance)]
    if not norms:
        return
    seen: list[list[Any]] = []
    for norm in norms:
        norm.momentum = 0.0
    for pixels in batches:
        values = observe(pixels)
        seen.append([np.asarray(values[places[id(variable)]]) for variable in wanted])
    for norm in norms:
        norm.momentum = MOMENTUM
    for variable, *statistics in zip(wanted, *seen, strict=True):
        variable.assign(np.mean(statistics, axis=0))
