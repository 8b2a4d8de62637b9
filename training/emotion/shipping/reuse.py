"""Exported files as parts of a new one: calibrated anew, or two networks in one file."""

from pathlib import Path

import onnx
import onnx.parser
from google.protobuf.message import DecodeError
from onnx import TensorProto, compose, helper, numpy_helper

from monitor.domain import EMOTIONS
from monitor.errors import ModelError
from training.emotion.model.shipped import SECOND, holds_two
from training.emotion.shipping.export import LOGITS, PAIRS
from training.emotion.shipping.quantise import SIDES, keep_used, without_scaling

SECOND_COUNTS = 1 / 3
"""Share of the second network in the logits of a sharp face: each of the three passes counts as much."""

SHARP = (0.37, 0.61)
"""Sharpness up to which the second network does not count, and from which on it counts in full. Of FER2013's faces 95 %
have more than 0.59; blurred by one pixel, or scaled down to 24x24 pixels, 95 % have less than 0.25."""

_GATE = f"""
gate (uint8[n, 48, 48] faces) => (float[n, 1] share)
<
    int64[1] channel = {{1}}, int64[2] one_each = {{1, 1}},
    float[3, 2] parts = {{1, 0, 0, 1, 0, 1}}, float flat = {{0.01}},
    float[3, 1, 3, 3] details =
        {{0, 1, 0, 1, -4, 1, 0, 1, 0,  0, 0, 0, -1, 0, 1, 0, 0, 0,  0, -1, 0, 0, 0, 0, 0, 1, 0}},
    float least = {{{SHARP[0]}}}, float steepness = {{{SECOND_COUNTS / (SHARP[1] - SHARP[0])}}},
    float none = {{0}}, float full = {{{SECOND_COUNTS}}}
>
{{
    shades = Cast <to = 1> (faces)
    grey = Unsqueeze(shades, channel)
    differences = Conv(grey, details)
    squares = Mul(differences, differences)
    strengths = ReduceMean <axes = [2, 3], keepdims = 0> (squares)
    summed = MatMul(strengths, parts)
    laplacian, gradient = Split <axis = 1> (summed, one_each)
    divisor = Add(gradient, flat)
    sharpness = Div(laplacian, divisor)
    sharper = Sub(sharpness, least)
    unbounded = Mul(sharper, steepness)
    share = Clip(unbounded, none, full)
}}
"""
"""How much the second network counts, by the sharpness of the face: the mean square of its Laplacian over those of its
differences across and down."""


def without_answers(path: Path) -> tuple[onnx.ModelProto, float]:
    """An exported file without its answers, ending with the mean logits, to be `calibrated` anew; and its smoothing.

    Raises:
        ModelError: the file cannot be read, or was not exported by Muster.
    """
    try:
        network = onnx.load(path)
    except (OSError, DecodeError) as error:
        raise ModelError(f"The model {path} cannot be read ({error}); give another.") from None
    graph = network.graph
    if sum(LOGITS in node.output for node in graph.node) != 1:
        raise ModelError(f"{path} is not a file of `muster train export`; give another, or a run's folder.")
    smoothed = [numpy_helper.to_array(each) for each in graph.initializer if each.name == "smoothed_away"]
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["n", None]))
    keep_used(graph)
    return without_scaling(network), float(smoothed[0]) * len(EMOTIONS) if smoothed else 0.0


def joined(first: onnx.ModelProto, second: onnx.ModelProto) -> onnx.ModelProto:
    """Two networks that end with the mean logits as one that does.

    The second sees the face and not its mirror image, and counts where the face is sharp, so it need not have learnt
    blurred ones.

    Raises:
        ModelError: one of them is joined already, or their outputs differ.
    """
    if holds_two(first) or holds_two(second):
        raise ModelError("A file that holds two networks cannot take a third; give the files of one network each.")
    classes = [_classes(network) for network in (first, second)]
    if classes[0] != classes[1]:
        raise ModelError(f"The two networks have {classes[0]} and {classes[1]} outputs; give two of one architecture.")
    whole = onnx.ModelProto()
    whole.CopyFrom(first)
    graph = whole.graph
    next(node for node in graph.node if LOGITS in node.output).output[0] = "first_logits"
    for part in (_of_the_face_alone(second).graph, onnx.parser.parse_graph(_GATE)):
        named = compose.add_prefix_graph(part, SECOND, rename_inputs=False)
        graph.node.extend(named.node)
        graph.initializer.extend(named.initializer)
    graph.node.extend(
        [
            helper.make_node("Sub", [f"{SECOND}{LOGITS}", "first_logits"], [f"{SECOND}apart"]),
            helper.make_node("Mul", [f"{SECOND}apart", f"{SECOND}share"], [f"{SECOND}moved"]),
            helper.make_node("Add", ["first_logits", f"{SECOND}moved"], [LOGITS]),
        ]
    )
    return whole


def _classes(network: onnx.ModelProto) -> int:
    """Number of the network's outputs."""
    pairs = next(each for each in network.graph.initializer if each.name == PAIRS)
    return int(numpy_helper.to_array(pairs)[-1])


def _of_the_face_alone(network: onnx.ModelProto) -> onnx.ModelProto:
    """The network without its pass over the mirror image."""
    alone = onnx.ModelProto()
    alone.CopyFrom(network)
    made_by = {name: node for node in alone.graph.node for name in node.output}
    face, by_side = made_by[SIDES].input[0], made_by[made_by[LOGITS].input[0]]
    for node in alone.graph.node:
        node.input[:] = [face if name == SIDES else name for name in node.input]
    made_by[LOGITS].output[0] = "mean_of_one"
    made_by[by_side.input[0]].output[0] = LOGITS
    keep_used(alone.graph)
    return alone
