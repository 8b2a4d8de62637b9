"""Networks of other makers: what Keras saved (.keras, .h5, .hdf5) and ONNX files, with FER2013's seven answers."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import cv2
import keras
import numpy as np
import onnx
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from monitor.errors import ModelError
from monitor.vision.runtime import open_session
from training.emotion.data.fer2013 import SIDE
from training.emotion.evaluation.calibration import softmax

KERAS_SUFFIXES = frozenset({".keras", ".h5", ".hdf5"})
PixelRange: TypeAlias = Literal["0..1", "-1..1", "0..255"]
"""From black to white, as the network was trained."""
_BATCH = 256

Numbers = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class ForeignModel:
    """A network whose seven outputs are FER2013's classes in their order."""

    answer: Callable[[Numbers], Numbers]
    """From inputs float32 of `shape`, with the number of faces first, to outputs float32 (n, 7)."""
    shape: tuple[int, int, int]
    """Height, width and channels; the channels come first where `channels_first`."""
    channels_first: bool
    parameters: int
    pixels: PixelRange
    network: keras.Model | None = None
    """Where Keras saved it."""

    @property
    def mappable(self) -> keras.Model | None:
        """The network where it can have an activation map: one of Keras that takes what Muster's own take."""
        return self.network if (self.shape, self.pixels) == ((SIDE, SIDE, 1), "0..1") else None

    @property
    def told(self) -> str:
        """How the network is asked, as a sentence."""
        height, width, channels = self.shape
        colour = "grey" if channels == 1 else "three equal channels"
        order = ", ".join(EMOTIONS)
        return f"Faces are given as {width}x{height} pixels, {colour}, {self.pixels}; the outputs are read as {order}."

    def predict(self, faces: NDArray[np.uint8]) -> Numbers:
        """Probabilities float32 (n, 7) of faces uint8 (n, 48, 48); outputs that are logits pass a softmax."""
        parts = [self.answer(self._inputs(faces[at : at + _BATCH])) for at in range(0, len(faces), _BATCH)]
        given = np.concatenate([np.empty((0, len(EMOTIONS)), np.float32), *parts])
        if (given >= 0).all() and np.allclose(given.sum(axis=1), 1, atol=1e-2):
            return given
        return softmax(given)

    def _inputs(self, faces: NDArray[np.uint8]) -> Numbers:
        height, width, channels = self.shape
        way = cv2.INTER_AREA if width < SIDE else cv2.INTER_CUBIC
        scaled = [cv2.resize(face, (width, height), interpolation=way) for face in faces]
        low, high = {"0..1": (0.0, 1.0), "-1..1": (-1.0, 1.0), "0..255": (0.0, 255.0)}[self.pixels]
        shades = np.asarray(scaled, np.float32) / 255 * (high - low) + low
        axis = 1 if self.channels_first else -1
        return np.repeat(np.expand_dims(shades, axis), channels, axis=axis)


def load_foreign(path: Path, pixels: PixelRange = "0..1") -> ForeignModel:
    """A network of another maker.

    Raises:
        ModelError: the file cannot be read, or does not take one face and give seven numbers.
    """
    return _from_keras(path, pixels) if path.suffix.lower() in KERAS_SUFFIXES else _from_onnx(path, pixels)


def _from_keras(path: Path, pixels: PixelRange) -> ForeignModel:
    try:
        saved = keras.models.load_model(path, compile=False)
        (taken,), (given,) = saved.inputs, saved.outputs
        # The layers of a Sequential network belong to several graphs; those of a copy to one, which a map needs.
        model = keras.models.clone_model(keras.Model(taken, given))
        model.set_weights(saved.get_weights())
    except Exception as error:  # noqa: BLE001 - a file of another version can raise anything at all
        raise ModelError(
            f"Keras {keras.__version__} cannot load {path} ({type(error).__name__}). "
            "Save the network again with model.save('NAME.keras'), or export it to ONNX."
        ) from None
    shape, first = _checked(path, list(taken.shape), list(given.shape))

    def answer(inputs: Numbers) -> Numbers:
        return np.asarray(model(inputs, training=False), np.float32)

    return ForeignModel(answer, shape, first, int(model.count_params()), pixels, model)


def _from_onnx(path: Path, pixels: PixelRange) -> ForeignModel:
    try:
        content = path.read_bytes()
        session = open_session(content)
        parameters = sum(int(np.prod(weight.dims)) for weight in onnx.load_from_string(content).graph.initializer)
    except (OSError, ModelError):
        raise ModelError(
            f"{path} is not a network that can be read; give a run's folder, an ONNX file or what Keras saved "
            "(.keras, .h5, .hdf5)."
        ) from None
    given, result = session.get_inputs()[0], session.get_outputs()[0]
    if given.type != "tensor(float)" or len(session.get_inputs()) != 1:
        raise ModelError(f"{path} takes {given.type}; a network must take one picture as tensor(float).")
    shape, first = _checked(path, given.shape, result.shape)
    together = given.shape[0] if isinstance(given.shape[0], int) else _BATCH

    def answer(inputs: Numbers) -> Numbers:
        parts = []
        for at in range(0, len(inputs), together):
            part = inputs[at : at + together]
            if isinstance(given.shape[0], int):
                # Such a file takes exactly this many faces at once: zeros fill up the last part.
                part = np.pad(part, ((0, together - len(part)), (0, 0), (0, 0), (0, 0)))
            parts.append(session.run([result.name], {given.name: part})[0])
        return np.asarray(np.concatenate(parts)[: len(inputs)], np.float32)

    return ForeignModel(answer, shape, first, parameters, pixels)


def _checked(path: Path, taken: list[object], given: list[object]) -> tuple[tuple[int, int, int], bool]:
    """Height, width and channels, and whether the channels come first. Raises: ModelError."""
    if given[1:] != [len(EMOTIONS)]:
        raise ModelError(
            f"{path} gives {_sizes(given)} per face; a network must give {len(EMOTIONS)}, in the order "
            f"{', '.join(EMOTIONS)}."
        )
    sizes = [size if isinstance(size, int) else SIDE for size in taken[1:]]
    if len(sizes) == 3 and sizes[2] in (1, 3):
        return (sizes[0], sizes[1], sizes[2]), False
    if len(sizes) == 3 and sizes[0] in (1, 3):
        return (sizes[1], sizes[2], sizes[0]), True
    raise ModelError(f"{path} takes {_sizes(taken)} per face; a network must take a picture with 1 or 3 channels.")


def _sizes(shape: list[object]) -> str:
    return "x".join(str(size) for size in shape[1:]) or "nothing"
