"""The study's commands without a command line: judge a model, explain an answer."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from monitor.errors import ModelError
from monitor.vision.crops import CROP_SIZE, mood_crop
from monitor.vision.detector import FaceDetector
from monitor.vision.emotion import WEIGHTS, EmotionModel
from monitor.vision.images import read_image
from training.emotion.data.fer2013 import Fer2013
from training.emotion.evaluation.calibration import fitted_temperature, unsmoothed
from training.emotion.evaluation.evaluate import Evaluation, Predict, evaluate, robustness
from training.emotion.fitting.fit import Epoch, logits_of
from training.emotion.fitting.runs import load_model, predictor
from training.emotion.model.shipped import keras_champion
from training.emotion.report.gradcam import activation_map
from training.emotion.report.page import charts_of, numbers_of_run, write_report


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """What a model answers to one face, and where it looks."""

    crop: NDArray[np.uint8]
    """uint8 (48, 48), grey: what the model was shown."""
    found: bool
    """Whether a face was found; if not, the whole picture was shown."""
    probabilities: NDArray[np.float32]
    """float32 (7,)."""
    emotion: int
    """Which the map is of."""
    heat: NDArray[np.float32]
    """float32 (48, 48), 0 to 1."""


def judge_file(path: Path, data: Fer2013, split: str) -> tuple[Evaluation, dict[str, float]]:
    """All figures of an exported model on a split, and its accuracy with crops shifted and scaled."""
    model, judged = EmotionModel(path), data.split(split)
    return evaluate(model.predict, judged), robustness(model.predict, judged)


def judge_run(folder: Path, data: Fer2013, split: str) -> tuple[Evaluation, Path]:
    """All figures of a run's best network on a split, and the page of the report that is written into its folder.

    The temperature is fitted on PublicTest, which the weights were chosen on too.
    """
    model, run = load_model(folder)
    validation, judged = data.split("PublicTest"), data.split(split)
    smoothing = run.recipe.smoothing
    logits = unsmoothed(logits_of(model, validation.faces, mirrored=True), smoothing)
    temperature = fitted_temperature(logits, validation.labels)
    predict = predictor(model, temperature, smoothing)
    evaluation = evaluate(predict, judged)
    more = {"temperature": temperature, "skipped": list(data.skipped)}
    numbers = numbers_of_run(run, model, evaluation, more)
    page = write_report(folder / "report", numbers, charts_of(run, data, judged, evaluation, model, predict))
    return evaluation, page


def opened(run: Path | None) -> tuple[keras.Model, Predict]:
    """A network and its answers: a run's folder, an exported champion, or None for the one that ships."""
    if run is not None and run.is_dir():
        model, found = load_model(run)
        return model, predictor(model, smoothing=found.recipe.smoothing)
    path = run or WEIGHTS
    if not path.is_file():
        raise ModelError(f"There is neither a run nor a model at {path}; give a run's folder or an ONNX file.")
    return keras_champion(path), EmotionModel(path).predict


def explain(
    image: Path, model: keras.Model, predict: Predict, *, layer: str | None = None, emotion: int | None = None
) -> Explanation:
    """What a model answers to the surest face on an image, and where it looks for it.

    Args:
        image: any picture with a face; where none is found, the whole picture is taken for one.
        model: whose activations are mapped.
        predict: the same model's answers.
        layer: by name; None for the last with a height and a width.
        emotion: index of the class to map; None for the likeliest.

    Raises:
        ImageError: it cannot be read.
        UsageError: there is no such layer.
    """
    crop, found = face_on(image)
    probabilities = predict(crop[None])[0]
    chosen = int(probabilities.argmax()) if emotion is None else emotion
    return Explanation(crop, found, probabilities, chosen, activation_map(model, crop, chosen, layer))


def face_on(image: Path) -> tuple[NDArray[np.uint8], bool]:
    """The surest face on a picture as the model wants it, uint8 (48, 48), and whether one was found at all."""
    import cv2

    rgb = read_image(image)
    # A picture no larger than a crop is one, as in the data set's folders.
    faces = FaceDetector().detect(rgb, thorough=True) if min(rgb.shape[:2]) > CROP_SIZE else []
    if faces:
        return mood_crop(rgb, faces[0]), True
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    size = (CROP_SIZE, CROP_SIZE)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8), False


def tensorboard(folder: Path) -> Callable[[Epoch], None]:
    """A listener that writes every epoch for TensorBoard."""
    import tensorflow as tf

    writer = tf.summary.create_file_writer(str(folder))

    def write(epoch: Epoch) -> None:
        with writer.as_default(step=epoch.number):
            for name in ("loss", "accuracy", "validation_loss", "validation_accuracy", "seconds"):
                value = getattr(epoch, name)
                if value is not None:
                    tf.summary.scalar(name, value)
        writer.flush()

    return write
