"""Two layers that Keras lacks or runs slowly on a CPU."""

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

EPSILON = 1e-3
MOMENTUM = 0.98


@keras.saving.register_keras_serializable("muster")
class FusedBatchNorm(keras.layers.Layer):
    """Batch normalisation over the last axis of (n, h, w, c) with TensorFlow's fused kernel.

    On a CPU the layer of Keras runs a dozen small operations and doubles the time of a small network.
    Scale, shift and statistics are float32 under every precision policy.
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
        empty = tf.zeros((0,))
        result = tf.raw_ops.FusedBatchNormV3(
            x=x,
            scale=tf.convert_to_tensor(self.gamma),
            offset=tf.convert_to_tensor(self.beta),
            mean=empty if batch else tf.convert_to_tensor(self.mean),
            variance=empty if batch else tf.convert_to_tensor(self.variance),
            epsilon=EPSILON,
            is_training=batch,
        )
        if batch:
            self.mean.assign(self.mean * self.momentum + result.batch_mean * (1 - self.momentum))
            self.variance.assign(self.variance * self.momentum + result.batch_variance * (1 - self.momentum))
        return result.y


@keras.saving.register_keras_serializable("muster")
class PadChannels(keras.layers.Layer):
    """Appends zeros to the channels of (n, h, w, c): option A for the shortcuts of He et al. (2015)."""

    def __init__(self, channels: int, **options: Any) -> None:
        super().__init__(**options)
        self.channels = channels

    def call(self, x: Any) -> Any:
        return tf.pad(x, [[0, 0], [0, 0], [0, 0], [0, self.channels - x.shape[-1]]])

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (*shape[:-1], self.channels)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "channels": self.channels}


def measure_statistics(model: keras.Model, batches: Iterable[Any]) -> None:
    """Set the statistics of every `FusedBatchNorm` to the mean over batches; needed after averaging weights.

    The statistics of the training come from the activations of other weights (Izmailov et al. 2018, section 3.2).

    Args:
        model: a network; without `FusedBatchNorm` it does not change.
        batches: float32 (n, 48, 48, 1) in [0, 1].
    """
    norms = [layer for layer in model.layers if isinstance(layer, FusedBatchNorm)]
    if not norms:
        return
    for number, pixels in enumerate(batches):
        for norm in norms:
            norm.momentum = number / (number + 1)
        model(pixels, training=True)
    for norm in norms:
        norm.momentum = MOMENTUM
