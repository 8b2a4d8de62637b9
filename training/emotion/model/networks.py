"""The architectures: the classic CNN of the FER2013 notebooks, the champion, and its teacher."""

from collections.abc import Callable

import keras
from keras import layers, ops

from monitor.domain import EMOTIONS
from monitor.errors import UsageError
from training.emotion.data.fer2013 import SIDE
from training.emotion.data.votes import CLASSES as VOTES
from training.emotion.model.layers import FusedBatchNorm, PadChannels

STAGES = ((32, 3), (64, 4), (128, 3), (256, 3))
"""Filters and residual blocks of the champion's stages; every stage except the first halves the picture."""

SFACE = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
"""Filters and stride of each block of SFace's trunk."""


def classic() -> keras.Model:
    """The classic CNN, layer for layer: pixels in [0, 1] (n, 48, 48, 1) to probabilities (n, 7).

    14,544,263 parameters.
    """
    picture = keras.Input((SIDE, SIDE, 1), name="pixels")
    x = picture
    for filters, rate in ((128, 0.25), (256, 0.25), (512, 0.5)):
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
        x = layers.Dropout(rate)(x)
        x = layers.BatchNormalization()(x)
    x = layers.Flatten()(x)
    for _ in range(3):
        x = layers.Dense(512, activation="relu")(x)
        x = layers.Dropout(0.5)(x)
    # In float32, because a softmax in bfloat16 has only two digits.
    return keras.Model(picture, layers.Dense(len(EMOTIONS), activation="softmax", dtype="float32")(x), name="classic")


def champion(stages: tuple[tuple[int, int], ...] = STAGES, dropout: float = 0.3) -> keras.Model:
    """A residual network: pixels in [0, 1] (n, 48, 48, 1) to logits (n, 7 + 10).

    The first seven outputs are the emotions of FER2013, the other ten the votes of FER+. The second task improves
    the features in training; the export removes it. The trunk is dlib's face encoder, a ResNet-34 with half the
    filters, and can start with its weights (`training.emotion.model.face_weights`). dlib's first layer, a 7x7
    convolution with stride 2 on a picture twice as large, is a 5x5 convolution here.
    """
    picture = keras.Input((SIDE, SIDE, 1), name="pixels")
    x = layers.Rescaling(255 / 256, -117 / 256, name="centre")(picture)
    x = layers.ReLU()(_convolution(x, stages[0][0], 5, 1, "stem"))
    x = layers.MaxPooling2D(3, 2, "same")(x)
    pooled = []
    for stage, (filters, blocks) in enumerate(stages):
        for block in range(blocks):
            x = _residual(x, filters, 2 if stage and not block else 1, f"s{stage}b{block}")
        if stage >= len(stages) - 2:
            pooled.append(layers.GlobalAveragePooling2D()(x))
    x = layers.Dropout(dropout)(layers.Concatenate()(pooled))
    return keras.Model(picture, layers.Dense(len(EMOTIONS) + VOTES, dtype="float32", name="head")(x), name="champion")


def _convolution(x: keras.KerasTensor, filters: int, size: int, stride: int, name: str) -> keras.KerasTensor:
    x = layers.Conv2D(filters, size, stride, "same", use_bias=False, name=f"{name}_conv")(x)
    return FusedBatchNorm(name=f"{name}_norm")(x)


def _residual(x: keras.KerasTensor, filters: int, stride: int, name: str) -> keras.KerasTensor:
    y = layers.ReLU()(_convolution(x, filters, 3, stride, f"{name}_1"))
    y = _convolution(y, filters, 3, 1, f"{name}_2")
    if stride > 1:
        x = layers.AveragePooling2D(2, padding="same")(x)
    if x.shape[-1] != filters:
        x = PadChannels(filters)(x)
    return layers.ReLU(name=f"{name}_out")(layers.Add()([x, y]))


def teacher() -> keras.Model:
    """The champion with twice the filters: 17,586,257 parameters, four times its work."""
    return champion(tuple((2 * filters, blocks) for filters, blocks in STAGES), dropout=0.4)


def sface(blocks: tuple[tuple[int, int], ...] = SFACE, dropout: float = 0.4) -> keras.Model:
    """A teacher of another kind: SFace's trunk (Zhong et al. 2021), a MobileNet; inputs and outputs of the champion.

    It sees the face at twice its size, where the eyes are as far apart as on the faces that SFace was trained on.
    """
    picture = keras.Input((SIDE, SIDE, 1), name="pixels")
    x = layers.Rescaling(255 / 128, -127.5 / 128, name="centre")(picture)
    x = layers.UpSampling2D(2, interpolation="bilinear")(x)
    x = _sloped(layers.Conv2D(blocks[0][0] // 2, 3, padding="same", use_bias=False, name="stem_conv")(x), "stem")
    pooled = []
    for number, (filters, stride) in enumerate(blocks, 1):
        if stride > 1 and number == len(blocks) - 1:
            pooled.append(layers.GlobalAveragePooling2D()(x))
        # The padding of PyTorch and MXNet, from which Keras' "same" differs where the stride is 2.
        x = ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
        x = layers.DepthwiseConv2D(
            3, stride, use_bias=False, depthwise_initializer="he_normal", name=f"b{number}_deep"
        )(x)
        x = _sloped(x, f"b{number}_1")
        x = _sloped(layers.Conv2D(filters, 1, use_bias=False, name=f"b{number}_wide")(x), f"b{number}_2")
    pooled.append(layers.GlobalAveragePooling2D()(FusedBatchNorm(name="last_norm")(x)))
    x = layers.Dropout(dropout)(layers.Concatenate()(pooled))
    return keras.Model(picture, layers.Dense(len(EMOTIONS) + VOTES, dtype="float32", name="head")(x), name="sface")


def _sloped(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    x = FusedBatchNorm(name=f"{name}_norm")(x)
    return layers.PReLU(shared_axes=[1, 2], name=f"{name}_slope")(x)


ARCHITECTURES: dict[str, Callable[[], keras.Model]] = {
    "classic": classic, "champion": champion, "teacher": teacher, "sface": sface,
}  # fmt: skip


def build(name: str) -> keras.Model:
    """A new network of an architecture.

    Raises:
        UsageError: the architecture is unknown.
    """
    if name not in ARCHITECTURES:
        raise UsageError(f"There is no architecture named {name!r}; the architectures are {', '.join(ARCHITECTURES)}.")
    return ARCHITECTURES[name]()
