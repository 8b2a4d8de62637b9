"""Explains a network's answer to a face: which parts of the face speak for which emotion."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from monitor.errors import ModelError
from monitor.vision.crops import CROP_SIZE, mood_crop
from monitor.vision.detector import FaceDetector
from monitor.vision.emotion import WEIGHTS, EmotionModel
from monitor.vision.images import read_image
from training.emotion.data.fer2013 import SIDE
from training.emotion.data.votes import AS_EMOTION
from training.emotion.evaluation.evaluate import Predict
from training.emotion.evaluation.foreign import KERAS_SUFFIXES, load_foreign
from training.emotion.fitting.runs import load_model, predictor
from training.emotion.model.shipped import keras_champion
from training.emotion.report.gradcam import activation_map, default_layer


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """A model's answer to one face, and the parts of the face that speak for one emotion."""

    crop: NDArray[np.uint8]
    """uint8 (48, 48), grey: the input of the model."""
    found: bool
    """Whether a face was detected; if not, the crop is the whole picture."""
    probabilities: NDArray[np.float32]
    """float32 (7,)."""
    emotion: int
    """Index of the emotion that the map explains, 0 to 6."""
    heat: NDArray[np.float32]
    """float32 (48, 48), 0 to 1: the activation map."""
    layer: str
    """Name of the layer that is mapped."""
    rows: int
    """Height and width of the layer's output."""

    @property
    def title(self) -> str:
        """What the map shows, in a line."""
        answer, share = int(self.probabilities.argmax()), f"({self.probabilities[self.emotion]:.0%})"
        if self.emotion == answer:
            return f"What speaks for {EMOTIONS[answer]}, the answer {share}"
        return f"What speaks for {EMOTIONS[self.emotion]} {share}; the answer is {EMOTIONS[answer]}"


def opened(run: Path | None) -> tuple[keras.Model, Predict, tuple[int, ...]]:
    """A network, the function that gives its probabilities, and which of its outputs stands for each emotion.

    Args:
        run: a run's folder, an exported champion (of two networks the first is given), what Keras saved, or None for
            the model that ships.

    Raises:
        ModelError: there is no model at `run`, or it cannot be read.
    """
    labels = tuple(range(len(EMOTIONS)))
    if run is not None and run.is_dir():
        model, found = load_model(run)
        return model, predictor(model, smoothing=found.recipe.smoothing), labels
    path = run or WEIGHTS
    if path.suffix.lower() in KERAS_SUFFIXES and path.is_file():
        foreign = load_foreign(path)
        if foreign.mappable is None:
            raise ModelError(
                f"{path} does not take grey faces of {SIDE}x{SIDE} pixels, so it has no activation map here."
            )
        return foreign.mappable, foreign.predict, labels
    if not path.is_file():
        raise ModelError(f"{path} is neither a run nor a model; give a run's folder or an ONNX file.")
    network, shipped = keras_champion(path), EmotionModel(path)
    votes = tuple(len(EMOTIONS) + AS_EMOTION.index(emotion) for emotion in labels)
    return network, shipped.predict, votes if shipped.knows_votes else labels


def explain(
    image: Path,
    model: keras.Model,
    predict: Predict,
    outputs: Sequence[int],
    *,
    layer: str | None = None,
    emotion: int | None = None,
) -> Explanation:
    """Explain a model's answer to the face with the highest detection score on an image.

    Args:
        image: a picture with a face; where no face is detected, the whole picture is the face.
        outputs: which output of the network stands for each emotion, from `opened`.
        layer: name of the layer to map; None for the default of `gradcam.default_layer`.
        emotion: index of the class to map, 0 to 6; None for the class with the highest probability.

    Raises:
        ImageError: the image cannot be read.
        UsageError: the network does not have the layer.
    """
    crop, found = face_on(image)
    probabilities = predict(crop[None])[0]
    chosen = int(probabilities.argmax()) if emotion is None else emotion
    mapped = layer or default_layer(model)
    heat = activation_map(model, crop, outputs[chosen], mapped)
    return Explanation(crop, found, probabilities, chosen, heat, mapped, int(model.get_layer(mapped).output.shape[1]))


def face_on(image: Path) -> tuple[NDArray[np.uint8], bool]:
    """The crop of the face with the highest detection score, uint8 (48, 48), and whether a face was detected."""
    rgb = read_image(image)
    # A picture that is not larger than a crop is a crop, as in the folders of the data set.
    faces = FaceDetector().detect(rgb) if min(rgb.shape[:2]) > CROP_SIZE else []
    if faces:
        return mood_crop(rgb, faces[0]), True
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    size = (CROP_SIZE, CROP_SIZE)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8), False
