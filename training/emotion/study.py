"""Use cases of the emotion study: evaluate a model, explain an answer, log for TensorBoard."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import keras
import numpy as np
import onnx
from numpy.typing import NDArray

from monitor.errors import ModelError
from monitor.vision.crops import CROP_SIZE, mood_crop
from monitor.vision.detector import FaceDetector
from monitor.vision.emotion import WEIGHTS, EmotionModel
from monitor.vision.images import read_image
from training.emotion.data.fer2013 import Fer2013
from training.emotion.data.votes import load_votes, votes_by_row
from training.emotion.evaluation.calibration import fitted_temperature, unsmoothed
from training.emotion.evaluation.evaluate import Evaluation, Predict, evaluation_of, robustness
from training.emotion.fitting.fit import Epoch
from training.emotion.fitting.runs import load_model, predictor
from training.emotion.model.inference import logits_of
from training.emotion.model.shipped import keras_champion
from training.emotion.report.gradcam import activation_map
from training.emotion.report.page import charts_of, numbers_of_run, write_report
from training.emotion.shipping.export import FACES_FOR_RANGES, Fit, calibrated, to_onnx, uncalibrated


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


def evaluate_file(path: Path, data: Fer2013, split: str) -> tuple[Evaluation, dict[str, float]]:
    """Evaluate an exported model on a split, and its accuracy on shifted and scaled crops (see `robustness`)."""
    model, faces = EmotionModel(path), data.split(split)
    return evaluation_of(model.predict(faces.faces), faces), robustness(model.predict, faces)


def evaluate_run(folder: Path, data: Fer2013, split: str) -> tuple[Evaluation, Path]:
    """Evaluate a run's best network on a split, and write the report into the run's folder.

    The temperature is fitted on PublicTest, the validation split on which the weights were chosen.

    Returns:
        The evaluation, and the page of the report.
    """
    model, run = load_model(folder)
    validation, tested = data.split("PublicTest"), data.split(split)
    smoothing = run.recipe.smoothing
    logits = unsmoothed(logits_of(model, validation.faces, mirrored=True), smoothing)
    temperature = fitted_temperature(logits, validation.labels)
    predict = predictor(model, temperature, smoothing)
    evaluation = evaluation_of(predict(tested.faces), tested)
    more = {"temperature": temperature, "skipped": list(data.skipped)}
    numbers = numbers_of_run(run, model, evaluation, more)
    page = write_report(folder / "report", numbers, charts_of(run, data, tested, evaluation, model, predict))
    return evaluation, page


def exported(
    run: Path, data: Fer2013, votes: Path | None, *, eight_bit: bool = True, least_recall: float = 0.0
) -> tuple[onnx.ModelProto, float]:
    """A run's best network as the kiosk runs it, or an exported file calibrated anew, and the temperature of FER2013's
    answer; see `export.Fit` and `export.to_onnx`.

    Args:
        votes: FER+'s CSV; None leaves people's answer out.

    Raises:
        DataError: the run or the votes cannot be read, or do not belong to the data.
        ModelError: the file is not an exported one.
    """
    judged = data.split("PublicTest")
    shares = None if votes is None else votes_by_row(load_votes(votes), data)[judged.rows]
    if not run.is_dir():
        given, smoothing = uncalibrated(run)
        return calibrated(given, Fit(judged, shares, least_recall, smoothing))
    network, found = load_model(run)
    ranges = data.split("Training").faces[:FACES_FOR_RANGES] if eight_bit else None
    fit = Fit(judged, shares, least_recall, found.recipe.smoothing)
    return to_onnx(network, found.recipe.architecture, fit, eight_bit_on=ranges)


def opened(run: Path | None) -> tuple[keras.Model, Predict]:
    """A network, and the function that gives its probabilities.

    Args:
        run: a run's folder, an exported champion, or None for the model that ships.

    Raises:
        ModelError: there is no model at `run`, or it cannot be read.
    """
    if run is not None and run.is_dir():
        model, found = load_model(run)
        return model, predictor(model, smoothing=found.recipe.smoothing)
    path = run or WEIGHTS
    if not path.is_file():
        raise ModelError(f"{path} is neither a run nor a model; give a run's folder or an ONNX file.")
    return keras_champion(path), EmotionModel(path).predict


def explain(
    image: Path, model: keras.Model, predict: Predict, *, layer: str | None = None, emotion: int | None = None
) -> Explanation:
    """Explain a model's answer to the face with the highest detection score on an image.

    Args:
        image: a picture with a face; where no face is detected, the whole picture is the face.
        layer: name of the layer to map; None for the last layer with a height and a width.
        emotion: index of the class to map, 0 to 6; None for the class with the highest probability.

    Raises:
        ImageError: the image cannot be read.
        UsageError: the network does not have the layer.
    """
    crop, found = face_on(image)
    probabilities = predict(crop[None])[0]
    chosen = int(probabilities.argmax()) if emotion is None else emotion
    return Explanation(crop, found, probabilities, chosen, activation_map(model, crop, chosen, layer))


def face_on(image: Path) -> tuple[NDArray[np.uint8], bool]:
    """The crop of the face with the highest detection score, uint8 (48, 48), and whether a face was detected."""
    rgb = read_image(image)
    # A picture that is not larger than a crop is a crop, as in the folders of the data set.
    faces = FaceDetector().detect(rgb, thorough=True) if min(rgb.shape[:2]) > CROP_SIZE else []
    if faces:
        return mood_crop(rgb, faces[0]), True
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    size = (CROP_SIZE, CROP_SIZE)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8), False


def tensorboard(folder: Path) -> Callable[[Epoch], None]:
    """A callback that logs every epoch for TensorBoard."""
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
