"""Guided gradient-weighted class activation maps (Grad-CAM; Selvaraju et al. 2017).

As in the classic notebooks, each channel is weighted by the mean of its positive gradients at positive activations.
"""

import difflib
from functools import lru_cache
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from monitor.errors import UsageError
from training.emotion.data.batches import pixels_of
from training.emotion.data.fer2013 import SIDE
from training.emotion.model.backend import backend

Map = NDArray[np.float32]

LEAST_SIDE = 6
"""Rows that a layer needs for its map to tell parts of a face apart; 3 rows do not."""


def default_layer(model: keras.Model) -> str:
    """The name of the last layer whose output (n, h, w, c) has at least `LEAST_SIDE` rows, or any where none has."""
    names = _spatial_layers(model)
    if not names:
        raise UsageError(
            "This network does not have a layer with a height and a width, so it does not have an activation map."
        )
    fine = [name for name in names if model.get_layer(name).output.shape[1] >= LEAST_SIDE]
    return (fine or names)[-1]


def activation_map(model: keras.Model, face: NDArray[np.uint8], output: int, layer: str | None = None) -> Map:
    """The activation map of an emotion: how much each part of a face raises its score.

    Args:
        model: a network from pixels (n, 48, 48, 1) to scores.
        face: uint8 (48, 48).
        output: index of the score.
        layer: name of the layer; None for that of `default_layer`.

    Returns:
        float32 (48, 48), 0 to 1; all 0 if no part of the face raises the score.

    Raises:
        UsageError: the layer is unknown or has neither height nor width.
    """
    chosen = _layer(model, layer or default_layer(model))
    pixels = pixels_of(face[None])
    until, moved = _until(model, chosen), _with_addition(model, chosen)
    activations = until(pixels, training=False)
    nothing, picture = np.zeros(activations.shape, np.float32), keras.ops.convert_to_tensor(pixels)
    gradients = backend().gradient(lambda added: moved([picture, added], training=False)[:, output], nothing)
    return _combined(np.asarray(activations[0], np.float32), np.asarray(gradients[0], np.float32))


@lru_cache(maxsize=2)
def _until(model: keras.Model, chosen: keras.layers.Layer) -> keras.Model:
    return keras.Model(model.input, chosen.output)


@lru_cache(maxsize=2)
def _with_addition(model: keras.Model, chosen: keras.layers.Layer) -> keras.Model:
    """The network with a second input that is added to a layer's output: a gradient by it is one by that output."""
    added = keras.Input(chosen.output.shape[1:])

    def call(layer: keras.layers.Layer, *given: Any, **options: Any) -> Any:
        result = layer(*given, **options)
        return keras.layers.Add()([result, added]) if layer is chosen else result

    inputs = [keras.Input(model.input.shape[1:]), added]
    both = keras.Model([model.input, keras.Input(added.shape[1:])], model.output)
    return keras.models.clone_model(both, inputs, clone_function=lambda layer: layer, call_function=call)


def _combined(activations: Map, gradients: Map) -> Map:
    guided = gradients * (activations > 0) * (gradients > 0)
    weights = guided.mean(axis=(0, 1))
    heat = (activations * weights).sum(axis=-1)
    low, high = float(heat.min()), float(heat.max())
    if high <= low:
        return np.zeros((SIDE, SIDE), np.float32)
    scaled = ((heat - low) / (high - low)).astype(np.float32)
    large = cv2.resize(scaled, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(large, 0, 1), np.float32)


def overlaid(face: NDArray[np.uint8], heat: Map, alpha: float = 0.45) -> NDArray[np.uint8]:
    """A face, uint8 (48, 48), with its map, float32 (48, 48), in colours on top: uint8 (48, 48, 3), RGB.

    Both the map and `alpha`, the opacity of the colours, go from 0 to 1.
    """
    colours = cv2.applyColorMap((heat * 255).astype(np.uint8), cv2.COLORMAP_JET)[..., ::-1].astype(np.float32)
    grey = np.repeat(face[..., None], 3, axis=-1).astype(np.float32)
    return np.asarray((1 - alpha) * grey + alpha * colours).round().astype(np.uint8)


def _spatial_layers(model: keras.Model) -> list[str]:
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    return [layer.name for layer in layers if len(getattr(layer.output, "shape", ())) == 4]


def _layer(model: keras.Model, name: str) -> keras.layers.Layer:
    layer, spatial = next((each for each in model.layers if each.name == name), None), _spatial_layers(model)
    if layer is None:
        near = difflib.get_close_matches(name, spatial, 5, 0.0)
        raise UsageError(f"There is no layer named {name!r}; the nearest names are {', '.join(near)}.")
    if name not in spatial:
        raise UsageError(f"The layer {name!r} has neither height nor width, so it does not have an activation map.")
    return layer
