"""The layers of a network, as `keras.Model.summary` lists them."""

import math
from dataclasses import dataclass
from pathlib import Path

import keras

from training.emotion.explanation import opened
from training.emotion.model.networks import ARCHITECTURES, build


@dataclass(frozen=True, slots=True)
class LayerLine:
    """One layer of a network."""

    name: str
    kind: str
    """Class of the layer, such as Conv2D."""
    output: tuple[int | None, ...]
    """Shape of the output; None stands for the number of faces."""
    parameters: int


@dataclass(frozen=True, slots=True)
class Layers:
    """All layers of a network, and how many parameters it has."""

    network: str
    lines: tuple[LayerLine, ...]
    parameters: int
    trainable: int
    """Parameters that training changes."""


def layers_of(network: str) -> Layers:
    """The layers of a network: an architecture's name, a run's folder or an exported file.

    Raises:
        MusterError: the run or the file is not there, or cannot be read.
    """
    model = build(network) if network in ARCHITECTURES else opened(Path(network))[0]
    lines = tuple(_line(layer) for layer in model.layers)
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    return Layers(network, lines, int(model.count_params()), trainable)


def _line(layer: keras.layers.Layer) -> LayerLine:
    # An input layer names its output in a list.
    output = layer.output[0] if isinstance(layer.output, list) else layer.output
    return LayerLine(layer.name, type(layer).__name__, tuple(output.shape), int(layer.count_params()))
