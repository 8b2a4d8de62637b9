"""Export of a trained network to the one ONNX file that the kiosk runs.

The graph scales the pixels to [0, 1], runs the face and its mirror image, takes the mean of the two logits, removes
the label smoothing, adds the offset of each class, divides by the temperature (Guo et al. 2017) and applies softmax.
"""

import hashlib
import tempfile
from pathlib import Path

import keras
import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from monitor.domain import EMOTIONS
from monitor.errors import DataError
from monitor.files import unfinished
from monitor.vision.runtime import open_session
from training.emotion.data.fer2013 import SIDE, Split
from training.emotion.evaluation.calibration import FLOOR, fitted_offsets, fitted_temperature, unsmoothed
from training.emotion.model.networks import build
from training.emotion.shipping.quantise import quantised

FACES_FOR_RANGES = 1024
"""Training faces that determine the ranges of the activations for 8-bit integers."""

OPSET = 17
LOGITS = "mean_logits"
SMALLEST_HALVED = 256
"""Number of values from which on a tensor is stored in float16; smaller ones are shapes, scales and shifts."""


def to_onnx(
    model: keras.Model,
    architecture: str,
    *,
    judged: Split,
    eight_bit_on: NDArray[np.uint8] | None = None,
    least_recall: float = 0.0,
    smoothing: float = 0.0,
) -> tuple[onnx.ModelProto, float]:
    """The network as ONNX: uint8 (n, 48, 48) faces to float32 (n, 7) calibrated probabilities.

    Args:
        model: the network, in any precision.
        architecture: its name in `networks.ARCHITECTURES`.
        judged: faces on which the temperature and the offsets are fitted, with the outputs of the exported network.
        eight_bit_on: uint8 (n, 48, 48), training faces that determine the ranges of 8-bit integers; None computes
            in float32 and stores the weights in float16.
        least_recall: smallest recall of every class on `judged`, 0 to 1, reached by offsets of the logits.
        smoothing: label smoothing of the training, 0 to 1.

    Returns:
        The network and its temperature.
    """
    plain = _with_pixels(_network(model, architecture), probabilities_inside=architecture == "classic")
    small = _halved(plain) if eight_bit_on is None else quantised(plain, eight_bit_on)
    logits = unsmoothed(run(small, judged.faces), smoothing)
    offsets = fitted_offsets(logits, judged.labels, least_recall)
    temperature = fitted_temperature(logits + offsets, judged.labels)
    whole = _with_softmax(small, temperature, offsets, smoothing)
    onnx.checker.check_model(whole, full_check=True)
    return whole, temperature


def run(network: onnx.ModelProto, faces: NDArray[np.uint8], batch: int = 64) -> NDArray[np.float32]:
    """The output of an exported network, float32 (n, 7), for faces uint8 (n, 48, 48)."""
    session = open_session(network.SerializeToString())
    parts = [session.run(None, {"faces": faces[at : at + batch]})[0] for at in range(0, len(faces), batch)]
    return np.concatenate(parts)


def write(network: onnx.ModelProto, path: Path) -> str:
    """Write the file, and next to it a .sha256 file in the format of `sha256sum`; return the SHA-256.

    Raises:
        DataError: a file cannot be written; the old files stay unchanged.
    """
    content = bytes(network.SerializeToString())
    digest = hashlib.sha256(content).hexdigest()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with unfinished(path) as part:
            part.write_bytes(content)
        with unfinished(path.with_suffix(".sha256")) as part:
            part.write_text(f"{digest}  {path.name}\n")
    except OSError as error:
        raise DataError(f"The model {path} cannot be written: {error.strerror or error}.") from None
    return digest


def _network(model: keras.Model, architecture: str) -> onnx.ModelProto:
    """The export of Keras, in float32."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        plain = build(architecture)
        plain.set_weights(model.get_weights())
        plain(np.zeros((1, SIDE, SIDE, 1), np.float32))
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "network.onnx"
            plain.export(file, format="onnx", verbose=False, opset_version=OPSET)
            return onnx.load(file)
    finally:
        keras.config.set_dtype_policy(before)


def _with_pixels(network: onnx.ModelProto, *, probabilities_inside: bool) -> onnx.ModelProto:
    """The network with nodes before and after it: faces in, mean logits of face and mirror image out."""
    inner = network.graph
    weights: list[onnx.TensorProto] = []

    def constant(name: str, values: object, kind: type[np.generic]) -> str:
        weights.append(numpy_helper.from_array(np.array(values, kind), name))
        return name

    axis = constant("width_axis", [2], np.int64)
    start, end, back = constant("from", [-1], np.int64), constant("to", [-(2**31)], np.int64), [-1]
    before = [
        helper.make_node("Cast", ["faces"], ["as_float"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["as_float", constant("scale", 1 / 255, np.float32)], ["scaled"]),
        helper.make_node("Slice", ["scaled", start, end, axis, constant("back", back, np.int64)], ["mirrored"]),
        helper.make_node("Concat", ["scaled", "mirrored"], ["both"], axis=0),
        helper.make_node("Unsqueeze", ["both", constant("channel_axis", [3], np.int64)], [inner.input[0].name]),
    ]
    given = inner.output[0].name
    after = [helper.make_node("Log", [given], ["logs"])] if probabilities_inside else []
    classes = constant("classes", [len(EMOTIONS)], np.int64)
    zero, one = constant("zero", [0], np.int64), constant("one", [1], np.int64)
    after += [
        helper.make_node("Slice", ["logs" if probabilities_inside else given, zero, classes, one], ["logits"]),
        helper.make_node("Reshape", ["logits", constant("pairs", [2, -1, len(EMOTIONS)], np.int64)], ["by_side"]),
        helper.make_node("ReduceMean", ["by_side"], [LOGITS], axes=[0], keepdims=0),
    ]
    graph = helper.make_graph(
        [*before, *inner.node, *after],
        "muster_emotion",
        [helper.make_tensor_value_info("faces", TensorProto.UINT8, ["n", SIDE, SIDE])],
        [helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["n", len(EMOTIONS)])],
        [*weights, *inner.initializer],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)


def _with_softmax(
    network: onnx.ModelProto, temperature: float, offsets: NDArray[np.float32], smoothing: float
) -> onnx.ModelProto:
    """The network with calibrated probabilities. Added last, because optimisers drop a temperature of 1."""
    whole = onnx.ModelProto()
    whole.CopyFrom(network)
    graph = whole.graph
    graph.initializer.append(numpy_helper.from_array(np.array(temperature, np.float32), "temperature"))
    graph.initializer.append(numpy_helper.from_array(offsets, "offsets"))
    logits = _unsmoothed(graph, smoothing) if smoothing else LOGITS
    graph.node.append(helper.make_node("Add", [logits, "offsets"], ["moved"]))
    graph.node.append(helper.make_node("Div", ["moved", "temperature"], ["calibrated"]))
    graph.node.append(helper.make_node("Softmax", ["calibrated"], ["probabilities"], axis=1))
    del graph.output[:], graph.value_info[:]
    graph.output.append(helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", len(EMOTIONS)]))
    return whole


def _unsmoothed(graph: onnx.GraphProto, smoothing: float) -> str:
    """Add `calibration.unsmoothed` to the graph; return the name of its output."""
    values = {"smoothed_away": smoothing / len(EMOTIONS), "floor": FLOOR}
    graph.initializer.extend(numpy_helper.from_array(np.array(v, np.float32), name) for name, v in values.items())
    graph.node.append(helper.make_node("Softmax", [LOGITS], ["smoothed"], axis=1))
    graph.node.append(helper.make_node("Sub", ["smoothed", "smoothed_away"], ["rest"]))
    graph.node.append(helper.make_node("Relu", ["rest"], ["likely"]))
    graph.node.append(helper.make_node("Add", ["likely", "floor"], ["hidden"]))
    graph.node.append(helper.make_node("Log", ["hidden"], ["unsmoothed"]))
    return "unsmoothed"


def _halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with large weights in float16, and a node for each that casts it to float32 when the file opens."""
    nodes, kept = [], []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < SMALLEST_HALVED:
            kept.append(weight)
            continue
        kept.append(numpy_helper.from_array(values.astype(np.float16), f"{weight.name}_half"))
        nodes.append(helper.make_node("Cast", [f"{weight.name}_half"], [weight.name], to=TensorProto.FLOAT))
    small = onnx.ModelProto()
    small.CopyFrom(model)
    del small.graph.initializer[:], small.graph.node[:]
    small.graph.initializer.extend(kept)
    small.graph.node.extend([*nodes, *model.graph.node])
    return small
