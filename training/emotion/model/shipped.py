"""Converts the shipped ONNX file back to a Keras network, to explain it without a run."""

from pathlib import Path

import keras
import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import numpy_helper

from monitor.errors import ModelError
from training.emotion.model.layers import EPSILON, FusedBatchNorm
from training.emotion.model.networks import champion

Array = NDArray[np.float32]

SECOND = "second/"
"""How the names of the second network begin in a file of two."""


def holds_two(network: onnx.ModelProto) -> bool:
    """Whether an exported network consists of two; see `shipping.reuse.joined`."""
    return any(node.output[0].startswith(SECOND) for node in network.graph.node)


def keras_champion(path: Path) -> keras.Model:
    """The champion with the weights of an exported file, of two networks those of the first.

    The convolutions include the normalisation. The outputs are not calibrated, and differ from those of the file by the
    rounding of the activations.

    Raises:
        ModelError: the file cannot be read, or is not a champion.
    """
    damaged = ModelError(f"{path} is not a champion of `muster train export`; give a run's folder instead.")
    try:
        graph = onnx.load(path).graph
    except (OSError, DecodeError) as error:
        raise ModelError(f"The model {path} cannot be read ({error}); give another.") from None
    values, nodes = _Constants(graph), [node for node in graph.node if not node.output[0].startswith(SECOND)]
    convolutions = [values.of_inputs(node) for node in nodes if node.op_type == "Conv"]
    heads = [values.of_inputs(node) for node in nodes if node.op_type in ("Gemm", "MatMul")]
    if heads and len(heads[0]) == 1:
        added = values.added_to(next(node for node in graph.node if node.op_type == "MatMul"))
        # A bias of zeros is left out of the file.
        heads[0] += added or [np.zeros(heads[0][0].shape[-1], np.float32)]
    model = champion()
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    norms = [layer for layer in model.layers if isinstance(layer, FusedBatchNorm)]
    if len(convolutions) != len(layers) or len(heads) != 1 or len(heads[0]) != 2:
        raise damaged
    try:
        for layer, norm, (kernel, bias) in zip(layers, norms, convolutions, strict=True):
            layer.set_weights([kernel.transpose(2, 3, 1, 0)])
            ones = np.ones_like(bias)
            norm.set_weights([ones, bias, 0 * ones, (1 - EPSILON) * ones])
        model.get_layer("head").set_weights(heads[0])
    except ValueError:
        raise damaged from None
    return model


class _Constants:
    """The constants of a graph as float32, also where the graph stores float16 or 8-bit integers."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self._stored = {weight.name: weight for weight in graph.initializer}
        self._made = {name: node for node in graph.node for name in node.output}

    def added_to(self, node: onnx.NodeProto) -> list[Array]:
        """The constant that is added to a node's output."""
        adds = [each for each in self._made.values() if each.op_type == "Add" and node.output[0] in each.input]
        return [value for add in adds for name in add.input if (value := self._of(name)) is not None]

    def of_inputs(self, node: onnx.NodeProto) -> list[Array]:
        """The constants among a node's inputs, in the order of the inputs."""
        found = [self._of(name) for name in node.input[1:]]
        return [value for value in found if value is not None]

    def _of(self, name: str) -> Array | None:
        if name in self._stored:
            return np.asarray(numpy_helper.to_array(self._stored[name]), np.float32)
        node = self._made.get(name)
        if node is None or node.op_type not in ("Cast", "DequantizeLinear"):
            return None
        parts = [part for part in map(self._of, node.input) if part is not None]
        if node.op_type == "Cast" or len(parts) < 3:
            return parts[0] if parts else None
        values, scale, zero = parts
        shape = (-1, *[1] * (values.ndim - 1))
        return np.asarray((values - zero.reshape(shape)) * scale.reshape(shape), np.float32)
