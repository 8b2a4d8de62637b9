"""dlib's face recognition network, rebuilt as ONNX from the weights dlib itself uses.

The network is the ResNet-29 of dlib's `dnn_face_recognition_v1_ex`: a 7x7 stem, then residual blocks of 32, 64,
128, 256 and 256 channels, global average pooling and a 256x128 matrix. Its batch normalisation is frozen into
an affine layer, which is folded into the convolution before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMBEDDING_SIZE
from monitor.errors import ModelError

if TYPE_CHECKING:
    import onnx

CHIP_SIZE = 150
_MEAN = (122.782, 117.001, 104.298)
_SCALE = 1 / 256
_LEVELS = ((32, 3, False), (64, 4, True), (128, 3, True), (256, 3, True), (256, 1, True))
"""Channels, blocks, and whether the first block halves the picture."""
_TENSORS = 59
_DAMAGED = "dlib's face recognition weights are damaged; install face_recognition_models again."

Floats = NDArray[np.float32]


def read_tensors(content: bytes) -> list[Floats]:
    """All tensors of a dlib network file, each flat, in the order from input to output.

    dlib writes an integer as one byte (low four bits: how many bytes follow; bit 7: sign) and then its bytes,
    little endian; a tensor as the integers 2 (a version), samples, k, rows, columns, and then float32 values.

    Raises:
        ModelError: this is not dlib's face recognition network.
    """
    tensors: list[Floats] = []
    position = 0
    while (position := content.find(b"\x01\x02", position)) >= 0:
        dimensions, start = _integers(content, position + 2, 4)
        count = int(np.prod(dimensions)) if dimensions else 0
        end = start + 4 * count
        if dimensions and min(dimensions) >= 1 and count >= 32 and end <= len(content):
            values = np.frombuffer(content, "<f4", count, start)
            if np.isfinite(values).all() and np.abs(values).max() < 1e4:
                tensors.append(values)
                position = end
                continue
        position += 1
    if len(tensors) != _TENSORS:
        raise ModelError(_DAMAGED)
    return tensors


def _integers(content: bytes, position: int, count: int) -> tuple[list[int], int]:
    values = []
    for _ in range(count):
        size = content[position] if position < len(content) else 0
        if not 1 <= size <= 4:
            return [], position
        values.append(int.from_bytes(content[position + 1 : position + 1 + size], "little"))
        position += 1 + size
    return values, position


@dataclass
class _Graph:
    nodes: "list[onnx.NodeProto]" = field(default_factory=list)
    weights: "list[onnx.TensorProto]" = field(default_factory=list)

    def constant(self, value: NDArray[np.generic]) -> str:
        from onnx import numpy_helper

        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def add(self, operator: str, *inputs: str, **attributes: object) -> str:
        from onnx import helper

        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name


def build_onnx(content: bytes) -> bytes:
    """Turn dlib's file into an ONNX model: chips uint8 (n, 150, 150, 3) RGB -> embeddings float32 (n, 128).

    Raises:
        ModelError: the content is not dlib's face recognition network.
    """
    from onnx import TensorProto, helper

    tensors = iter(read_tensors(content))
    graph = _Graph()
    x = graph.add("Cast", "chips", to=TensorProto.FLOAT)
    x = graph.add("Transpose", x, perm=[0, 3, 1, 2])
    x = graph.add("Relu", _convolution(graph, _on_pixels(tensors), x, channels=(3, 32), kernel=7, stride=2))
    x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
    size, before = 35, 32
    for channels, blocks, halves in _LEVELS:
        for block in range(blocks):
            down = halves and block == 0
            x, size = _residual(graph, tensors, x, (before, channels), size, down=down)
            before = channels
    x = graph.add("Flatten", graph.add("GlobalAveragePool", x))
    last = next(tensors).reshape(256, EMBEDDING_SIZE)
    graph.nodes.append(helper.make_node("MatMul", [x, graph.constant(last)], ["embeddings"]))
    return _serialised(graph)


def _on_pixels(tensors: Iterator[Floats]) -> Iterator[Floats]:
    """The first convolution for pixels of 0 to 255: the mean and the scale folded into it, for it pads nothing."""
    convolution = next(tensors).astype(np.float64)
    filters, biases = convolution[:-32].reshape(32, 3, 49) * _SCALE, convolution[-32:]
    biases = biases - (filters.sum(axis=2) * np.array(_MEAN)).sum(axis=1)
    yield np.concatenate([filters.ravel(), biases]).astype(np.float32)
    yield next(tensors)


def _residual(
    graph: _Graph, tensors: Iterator[Floats], x: str, channels: tuple[int, int], size: int, *, down: bool
) -> tuple[str, int]:
    """One block and its output's side length; what a side of the sum lacks is filled with zeros."""
    inner = (channels[1], channels[1])
    y = _convolution(graph, tensors, x, channels=channels, kernel=3, stride=2 if down else 1)
    y = _convolution(graph, tensors, graph.add("Relu", y), channels=inner, kernel=3, stride=1)
    if not down:
        return graph.add("Relu", graph.add("Add", y, x)), size
    main, short = (size - 3) // 2 + 1, size // 2
    x = graph.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
    larger = max(main, short)
    y = _pad(graph, y, channels=0, pixels=larger - main)
    x = _pad(graph, x, channels=channels[1] - channels[0], pixels=larger - short)
    return graph.add("Relu", graph.add("Add", y, x)), larger


def _pad(graph: _Graph, x: str, *, channels: int, pixels: int) -> str:
    if not channels and not pixels:
        return x
    pads = np.array([0, 0, 0, 0, 0, channels, pixels, pixels], np.int64)
    return graph.add("Pad", x, graph.constant(pads))


def _convolution(
    graph: _Graph, tensors: Iterator[Floats], x: str, *, channels: tuple[int, int], kernel: int, stride: int
) -> str:
    before, after = channels
    convolution, affine = next(tensors), next(tensors)
    if convolution.size != after * (before * kernel * kernel + 1) or affine.size != 2 * after:
        raise ModelError(_DAMAGED)
    filters = convolution[:-after].reshape(after, before, kernel, kernel)
    biases, gamma, beta = convolution[-after:], affine[:after], affine[after:]
    return graph.add(
        "Conv",
        x,
        graph.constant(filters * gamma[:, None, None, None]),
        graph.constant(biases * gamma + beta),
        strides=[stride, stride],
        pads=[1, 1, 1, 1] if stride == 1 else [0, 0, 0, 0],
    )


def _serialised(graph: _Graph) -> bytes:
    import onnx
    from onnx import TensorProto, helper

    chips = helper.make_tensor_value_info("chips", TensorProto.UINT8, ["n", CHIP_SIZE, CHIP_SIZE, 3])
    embeddings = helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["n", EMBEDDING_SIZE])
    onnx_graph = helper.make_graph(graph.nodes, "dlib_face_encoder", [chips], [embeddings], graph.weights)
    model = helper.make_model(onnx_graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
