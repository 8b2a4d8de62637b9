"""Export of a trained network to the one ONNX file that the kiosk runs.

The graph scales the pixels to [0, 1], runs the face and its mirror image, and takes the mean of the two logits. Two
answers follow from them. FER2013's label: label smoothing removed, an offset for each class, a temperature (Guo et al.
2017), softmax. People's votes, of a network that learnt them: a temperature, a bias for each class, softmax; and the
same as the seven emotions.
"""

import hashlib
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import onnx
import onnx.parser
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from monitor.domain import EMOTIONS
from monitor.errors import DataError
from monitor.files import unfinished
from monitor.vision.runtime import open_session, run_batched
from training.emotion.data.fer2013 import SIDE, Split
from training.emotion.data.votes import AS_EMOTION, CONTEMPT_AS, FITTED_ON, HELD, emotion_votes
from training.emotion.evaluation.calibration import (
    FLOOR,
    fitted_offsets,
    fitted_temperature,
    fitted_to_votes,
    unsmoothed,
)
from training.emotion.model.networks import build
from training.emotion.shipping.quantise import SIDES, quantised

FACES_FOR_RANGES = 1024
"""Training faces that determine the ranges of the activations for 8-bit integers."""

OPSET = 17
LOGITS, PAIRS = "mean_logits", "pairs"
"""Names in the graph: of the mean logits, and of the shape that sets a face beside its mirror image."""

SMALLEST_HALVED = 256
"""Number of values from which on a tensor is stored in float16; smaller ones are shapes, scales and shifts."""

_UNSMOOTHED = """
smoothed = Softmax <axis = 1> (logits)
rest = Sub(smoothed, smoothed_away)
likely = Relu(rest)
hidden = Add(likely, floor)
unsmoothed = Log(hidden)
"""
"""The nodes of `calibration.unsmoothed`."""

_LABEL = """
moved = Add({}, offsets)
calibrated = Div(moved, temperature)
fer2013 = Softmax <axis = 1> (calibrated)
"""
_PEOPLE = """
votes_scaled = Div(voted, votes_temperature)
votes_moved = Add(votes_scaled, votes_biases)
votes = Softmax <axis = 1> (votes_moved)
seven = Gather <axis = 1> (votes, emotions)
eighth = Gather <axis = 1> (votes, contempt)
counted = Mul(eighth, counts_as)
people = Add(seven, counted)
"""


@dataclass(frozen=True, slots=True)
class Fit:
    """What the two answers are calibrated on."""

    judged: Split
    """The temperature and the offsets of FER2013's answer are fitted on all of it, people's answer on a half
    (`votes.FITTED_ON`)."""
    votes: NDArray[np.float32] | None = None
    """float32 (n, 10) of FER+, for the faces of `judged`; None leaves people's answer out of the file."""
    least_recall: float = 0.0
    """Smallest recall of every class on `judged`, 0 to 1, reached by offsets of FER2013's logits."""
    smoothing: float = 0.0
    """Label smoothing of the training, 0 to 1."""


def uncalibrated(
    model: keras.Model, architecture: str, *, eight_bit_on: NDArray[np.uint8] | None = None
) -> onnx.ModelProto:
    """A network as ONNX, from faces uint8 (n, 48, 48) to the mean logits of face and mirror image.

    Args:
        model: the network, in any precision.
        architecture: its name in `networks.ARCHITECTURES`.
        eight_bit_on: uint8 (n, 48, 48), training faces that determine the ranges of 8-bit integers. None, or a file
            that would be larger for them, computes in float32 and stores the weights in float16.
    """
    plain = _with_pixels(_network(model, architecture), probabilities_inside=architecture == "classic")
    small = _halved(plain)
    if eight_bit_on is not None:
        # Dense layers stay in float32, so that a network with large ones grows.
        small = min(quantised(plain, eight_bit_on), small, key=lambda network: network.ByteSize())
    return small


def calibrated(network: onnx.ModelProto, fit: Fit) -> tuple[onnx.ModelProto, float]:
    """A network that ends with the mean logits, with calibrated answers after them, by name of the output.

    "fer2013" is float32 (n, 7); "people", float32 (n, 7), and "votes", float32 (n, 8), are there with `fit.votes`.

    Returns:
        The network and the temperature of FER2013's answer.

    Raises:
        DataError: there are votes, but the network has no outputs for them, or no face of the half has any.
    """
    logits = run(network, fit.judged.faces, LOGITS)
    labelled = unsmoothed(logits[:, : len(EMOTIONS)], fit.smoothing)
    offsets = fitted_offsets(labelled, fit.judged.labels, fit.least_recall)
    temperature = fitted_temperature(labelled + offsets, fit.judged.labels)
    whole = onnx.ModelProto()
    whole.CopyFrom(network)
    del whole.graph.output[:], whole.graph.value_info[:]
    _add_label(whole.graph, temperature, offsets, fit.smoothing)
    if fit.votes is not None:
        if logits.shape[1] == len(EMOTIONS):
            raise DataError("This network has no outputs for votes; leave --votes out.")
        shares = emotion_votes(fit.votes[FITTED_ON])
        given = logits[FITTED_ON, len(EMOTIONS) : len(EMOTIONS) + HELD]
        voted = shares.any(axis=1)
        if not voted.any():
            raise DataError("No face of PublicTest has votes, so people's answer cannot be calibrated; give others.")
        _add_votes(whole.graph, *fitted_to_votes(given[voted], shares[voted]))
    onnx.checker.check_model(whole, full_check=True)
    return whole, temperature


def run(network: onnx.ModelProto, faces: NDArray[np.uint8], output: str) -> NDArray[np.float32]:
    """An output of an exported network, float32 (n, classes), for faces uint8 (n, 48, 48)."""
    return run_batched(open_session(network.SerializeToString()), faces, 64, output)


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
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # Keras asks NumPy for a name that will come back
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
        helper.make_node("Concat", ["scaled", "mirrored"], [SIDES], axis=0),
        helper.make_node("Unsqueeze", [SIDES, constant("channel_axis", [3], np.int64)], [inner.input[0].name]),
    ]
    given = inner.output[0].name
    after = [helper.make_node("Log", [given], ["logs"])] if probabilities_inside else []
    classes = inner.output[0].type.tensor_type.shape.dim[1].dim_value
    pairs = constant(PAIRS, [2, -1, classes], np.int64)
    after += [
        helper.make_node("Reshape", ["logs" if probabilities_inside else given, pairs], ["by_side"]),
        helper.make_node("ReduceMean", ["by_side"], [LOGITS], axes=[0], keepdims=0),
    ]
    graph = helper.make_graph(
        [*before, *inner.node, *after],
        "muster_emotion",
        [helper.make_tensor_value_info("faces", TensorProto.UINT8, ["n", SIDE, SIDE])],
        [helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["n", classes])],
        [*weights, *inner.initializer],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)


def _add_label(graph: onnx.GraphProto, temperature: float, offsets: NDArray[np.float32], smoothing: float) -> None:
    """Add FER2013's answer. Added last, because optimisers drop a temperature of 1."""
    _add_slice(graph, "logits", 0, len(EMOTIONS))
    _add_constants(graph, {"temperature": temperature, "offsets": offsets})
    if smoothing:
        _add_constants(graph, {"smoothed_away": smoothing / len(EMOTIONS), "floor": FLOOR})
        _add_nodes(graph, _UNSMOOTHED)
    _add_nodes(graph, _LABEL.format("unsmoothed" if smoothing else "logits"))
    graph.output.append(helper.make_tensor_value_info("fer2013", TensorProto.FLOAT, ["n", len(EMOTIONS)]))


def _add_votes(graph: onnx.GraphProto, temperature: float, biases: NDArray[np.float32]) -> None:
    """Add people's answer, in FER+'s eight classes and in the seven of FER2013."""
    places = [AS_EMOTION[: len(EMOTIONS)].index(emotion) for emotion in range(len(EMOTIONS))]
    _add_slice(graph, "voted", len(EMOTIONS), len(EMOTIONS) + HELD)
    _add_constants(
        graph,
        {"votes_temperature": temperature, "votes_biases": biases, "counts_as": np.eye(len(EMOTIONS))[CONTEMPT_AS]},
    )
    for name, chosen in (("emotions", places), ("contempt", [HELD - 1])):
        graph.initializer.append(numpy_helper.from_array(np.array(chosen, np.int64), name))
    _add_nodes(graph, _PEOPLE)
    for name, classes in (("people", len(EMOTIONS)), ("votes", HELD)):
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", classes]))


def _add_slice(graph: onnx.GraphProto, name: str, start: int, end: int) -> None:
    """Add some of the columns of the mean logits."""
    bounds = {f"{name}_from": [start], f"{name}_to": [end], f"{name}_axis": [1]}
    graph.initializer.extend(numpy_helper.from_array(np.array(v, np.int64), key) for key, v in bounds.items())
    graph.node.append(helper.make_node("Slice", [LOGITS, *bounds], [name]))


def _add_constants(graph: onnx.GraphProto, values: Mapping[str, float | NDArray[np.floating]]) -> None:
    graph.initializer.extend(numpy_helper.from_array(np.array(v, np.float32), name) for name, v in values.items())


def _add_nodes(graph: onnx.GraphProto, lines: str) -> None:
    graph.node.extend(map(onnx.parser.parse_node, lines.strip().splitlines()))


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
