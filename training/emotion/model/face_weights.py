"""Transfer learning: networks for moods start with the weights of a face encoder, dlib's or SFace."""

import random

import keras
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from monitor.vision.dlib_resnet import read_tensors
from monitor.vision.models import DLIB_ENCODER, SFACE, weights
from monitor.vision.second_encoder import build_onnx
from training.emotion.model.layers import EPSILON, FusedBatchNorm
from training.emotion.model.networks import build
from training.emotion.model.widening import widened

Array = NDArray[np.float32]

FACES_FOR_STATISTICS = 512
"""Training faces whose statistics turn the face encoder's weights into the champion's."""


def start_of(architecture: str, pixels: Array, seed: int) -> list[Array]:
    """The weights with which an architecture begins: those of the face encoder, widened where it has more filters.

    Args:
        architecture: "champion" or "teacher", of dlib's encoder, or "sface".
        pixels: float32 (n, 48, 48, 1) in [0, 1], a few hundred training faces.
        seed: of the head's weights and of the noise of the widening.

    Raises:
        ModelError: the weights are missing or damaged.
    """
    random.seed(seed)
    if architecture == "sface":
        return start_from_sface()
    model = build("champion")
    start_from_face_encoder(model, pixels)
    return widened(model.get_weights(), architecture, seed)


def start_from_sface() -> list[Array]:
    """SFace's trunk as weights of the network "sface", with a head that is drawn.

    Raises:
        ModelError: the weights are missing or damaged.
    """
    graph = onnx.load_from_string(build_onnx(weights(SFACE).read_bytes())).graph
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    by_kind: dict[str, list[list[Array]]] = {"Conv": [], "BatchNormalization": [], "Mul": []}
    for node in graph.node:
        if node.op_type in by_kind and all(name in stored for name in node.input[1:]):
            by_kind[node.op_type].append([stored[name] for name in node.input[1:]])
    slopes = [values[0] for values in by_kind["Mul"] if values[0].size > 1]
    model = build("sface")
    convolutions, norms, slope = iter(by_kind["Conv"]), iter(by_kind["BatchNormalization"]), iter(slopes[::2])
    for layer in model.layers:
        match layer:
            case keras.layers.DepthwiseConv2D():
                layer.set_weights([next(convolutions)[0].transpose(2, 3, 0, 1)])
            case keras.layers.Conv2D():
                kernel = next(convolutions)[0].transpose(2, 3, 1, 0)
                layer.set_weights([kernel.sum(axis=2, keepdims=True) if layer.name == "stem_conv" else kernel])
            case FusedBatchNorm():
                gamma, beta, mean, variance = next(norms)
                layer.set_weights([gamma, beta, mean, variance])
            case keras.layers.PReLU():
                layer.set_weights([next(slope).reshape(1, 1, -1)])
            case _:
                pass
    return list(model.get_weights())


def start_from_face_encoder(model: keras.Model, pixels: Array) -> None:
    """Copy the convolutions of the face encoder into the champion; the head keeps its weights.

    dlib has a fixed scale and shift where the champion has batch normalisation. Statistics over `pixels` convert
    them, so the outputs of the convolutions do not change.

    Args:
        model: the champion with the trunk of dlib's network.
        pixels: float32 (n, 48, 48, 1) in [0, 1], a few hundred training faces.

    Raises:
        ModelError: the weights are missing or damaged.
    """
    tensors = read_tensors(weights(DLIB_ENCODER).read_bytes())
    norms = [layer for layer in model.layers if isinstance(layer, FusedBatchNorm)]
    convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    for number, (convolution, norm) in enumerate(zip(convolutions, norms, strict=True)):
        gamma, beta = np.split(tensors[2 * number + 1].ravel(), 2)
        kernel, bias = _kernel(tensors[2 * number].ravel(), len(gamma), 7 if number == 0 else 3)
        convolution.set_weights([_halve(kernel) if number == 0 else kernel])
        ones = np.ones_like(gamma)
        norm.set_weights([gamma, beta + gamma * bias, 0 * ones, (1 - EPSILON) * ones])
    outputs = keras.Model(model.input, [layer.output for layer in convolutions]).predict(pixels, verbose=0)
    for norm, output in zip(norms, outputs, strict=True):
        gamma, beta, _, _ = norm.get_weights()
        mean, variance = output.mean((0, 1, 2), np.float64), output.var((0, 1, 2), dtype=np.float64)
        norm.set_weights([gamma * np.sqrt(variance + EPSILON), beta + gamma * mean, mean, variance])


def _kernel(values: Array, filters: int, size: int) -> tuple[Array, Array]:
    """Kernel (size, size, in, filters) and biases (filters,), from dlib's (filters, in, size, size) and biases."""
    kernel = values[:-filters].reshape(filters, -1, size, size)
    return kernel.transpose(2, 3, 1, 0), values[-filters:]


def _halve(kernel: Array) -> Array:
    """The 5x5 kernel on grey that equals a 7x7 kernel with stride 2 on the picture enlarged twice (bilinear)."""
    # Enlarged pixel 2i lies a quarter pixel left of pixel i, pixel 2i + 1 a quarter right: weights 3/4 and 1/4.
    spread = np.zeros((5, 7), np.float32)
    for tap in range(7):
        place, odd = divmod(tap - 3, 2)
        spread[place + 2, tap] += 0.75
        spread[place + 2 + (1 if odd else -1), tap] += 0.25
    grey = kernel.sum(axis=2)
    return np.asarray(np.einsum("ay,bx,yxf->abf", spread, spread, grey)[:, :, None, :], np.float32)
