"""Use cases of the emotion study: evaluate and export a model, log for TensorBoard."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from monitor.vision.emotion import EmotionModel
from training.emotion.data.fer2013 import Fer2013, Split
from training.emotion.data.votes import FITTED_ON, Votes, emotion_votes, load_votes, votes_by_row
from training.emotion.evaluation.calibration import fitted_temperature, unsmoothed
from training.emotion.evaluation.evaluate import Evaluation, copied, evaluation_of, robustness, worsened
from training.emotion.evaluation.foreign import ForeignModel
from training.emotion.evaluation.people import PeopleScores, people_scores
from training.emotion.fitting.runs import load_model, predictor
from training.emotion.fitting.state import Epoch
from training.emotion.model.inference import logits_of
from training.emotion.model.shipped import holds_two, keras_champion
from training.emotion.report.page import Chart, charts_of, numbers_of_run, write_report
from training.emotion.shipping.export import FACES_FOR_RANGES, Fit, calibrated, uncalibrated
from training.emotion.shipping.reuse import joined, without_answers


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """How good a model is on a split."""

    label: Evaluation
    """Of FER2013's answer."""
    without_copies: float | None
    """Accuracy without the faces that are nearly copies of training faces; None without training faces."""
    copies: int
    people: PeopleScores | None
    """Of the answer that is shown; on PublicTest over the faces on which it was not calibrated. None without votes."""
    people_without_copies: PeopleScores | None
    poor: Mapping[str, tuple[float, float | None]] = field(default_factory=dict)
    """By the names of `evaluate.worsened`: accuracy by FER2013's label, and agreement with people where there are
    votes; empty for a run."""
    robustness: Mapping[str, float] = field(default_factory=dict)
    """See `evaluate.robustness`; empty for a run."""
    page: Path | None = None
    """The report."""

    def as_json(self) -> dict[str, Any]:
        """All numbers as JSON."""
        numbers = {
            **self.label.as_json(),
            "copies_of_training_faces": self.copies,
            "accuracy_without_copies": self.without_copies,
        }
        if self.people:
            numbers["people"] = self.people.as_json()
        if self.people_without_copies:
            numbers["people_without_copies"] = self.people_without_copies.as_json()
        if self.poor:
            pairs = self.poor.items()
            numbers["poor_pictures"] = {name: {"label": label, "people": people} for name, (label, people) in pairs}
        if self.robustness:
            numbers["robustness"] = dict(self.robustness)
        if self.page:
            numbers["report"] = str(self.page)
        return numbers


def evaluate_file(
    path: Path, data: Fer2013, split: str, *, votes: Path | None = None, report: Path | None = None
) -> Judgement:
    """Evaluate an exported model on a split.

    Args:
        votes: FER+'s CSV, for the agreement with people.
        report: the folder of the report; None writes none.

    Raises:
        DataError: the data, the votes or the report cannot be read or written.
        ModelError: the model cannot be read.
    """
    model, tested = EmotionModel(path, threads=0), data.split(split)
    voted = _judging_votes(data, tested, votes)
    eight = model.predict_votes(tested.faces) if model.knows_votes else None
    judgement = replace(
        _judged(data, tested, model.predict_fer2013(tested.faces), model.predict(tested.faces), eight, voted),
        poor=_under_poor_pictures(model, tested, voted),
        robustness=robustness(model.predict_fer2013, tested),
    )
    if report is None:
        return judgement
    network = keras_champion(path)
    charts = charts_of(data, tested, judgement.label, network, model.predict_fer2013, people=judgement.people)
    networks = 2 if holds_two(onnx.load(path)) else 1
    numbers = {"run": path.name, "parameters": networks * int(network.count_params()), **_UNTRAINED}
    return _reported(judgement, report, data, numbers, charts)


def evaluate_foreign(
    model: ForeignModel, name: str, data: Fer2013, split: str, *, votes: Path | None = None, report: Path | None = None
) -> Judgement:
    """Evaluate a network of another maker on a split, as `evaluate_file` does; its answers are taken as they are."""
    tested = data.split(split)
    seven = model.predict(tested.faces)
    judgement = _judged(data, tested, seven, seven, None, _judging_votes(data, tested, votes))
    if report is None:
        return judgement
    charts = charts_of(data, tested, judgement.label, model.mappable, model.predict, people=judgement.people)
    return _reported(judgement, report, data, {"run": name, "parameters": model.parameters, **_UNTRAINED}, charts)


def evaluate_run(folder: Path, data: Fer2013, split: str, *, votes: Path | None = None) -> Judgement:
    """Evaluate a run's best network on a split, and write the report into the run's folder.

    The temperatures are fitted on PublicTest, the validation split on which the weights were chosen.
    """
    model, run = load_model(folder)
    validation, tested = data.split("PublicTest"), data.split(split)
    smoothing = run.recipe.smoothing
    logits = unsmoothed(logits_of(model, validation.faces, mirrored=True), smoothing)
    temperature = fitted_temperature(logits, validation.labels)
    predict = predictor(model, temperature, smoothing)
    seven = predict(tested.faces)
    judgement = _judged(data, tested, seven, seven, None, _judging_votes(data, tested, votes))
    charts = charts_of(data, tested, judgement.label, model, predict, epochs=run.epochs, people=judgement.people)
    numbers = numbers_of_run(run, model) | {"temperature": temperature}
    return _reported(judgement, folder / "report", data, numbers, charts)


_UNTRAINED: dict[str, Any] = {"epochs": [], "recipe": {}}
"""What a report says of a model that has no run."""


def _reported(
    judgement: Judgement, folder: Path, data: Fer2013, numbers: Mapping[str, Any], charts: Sequence[Chart]
) -> Judgement:
    """The judgement with its report, which these numbers begin."""
    whole = {**numbers, "evaluation": judgement.as_json(), "skipped": list(data.skipped)}
    return replace(judgement, page=write_report(folder, whole, charts))


def _judged(
    data: Fer2013,
    tested: Split,
    label: NDArray[np.float32],
    seven: NDArray[np.float32],
    eight: NDArray[np.float32] | None,
    voted: Votes | None,
) -> Judgement:
    """The agreement with labels and people, with and without copies of training faces.

    Args:
        label, seven: float32 (n, 7), the answer by FER2013's label and the one that is shown.
        eight: float32 (n, 8), the shares of FER+'s classes; None for a model without votes.
        voted: of `_judging_votes`.
    """
    evaluation, training = evaluation_of(label, tested), data.splits.get("Training")
    if training is None or tested.name == training.name:
        return Judgement(evaluation, None, 0, _people(seven, voted, eight), None)
    alike = copied(tested.faces, training.faces)
    right = (evaluation.answers == tested.labels)[~alike]
    rest = None if voted is None else np.where(alike[:, None], 0, voted)
    return Judgement(
        label=evaluation,
        without_copies=float(right.mean()) if len(right) else None,
        copies=int(alike.sum()),
        people=_people(seven, voted, eight),
        people_without_copies=_people(seven, rest, eight),
    )


def _judging_votes(data: Fer2013, tested: Split, votes: Path | None) -> Votes | None:
    """The shares of the votes for the faces of a split, float32 (n, 10); 0 for the faces that calibrate files."""
    if votes is None:
        return None
    shares = votes_by_row(load_votes(votes), data)[tested.rows]
    if tested.name == "PublicTest":
        shares[FITTED_ON] = 0
    return shares


def _under_poor_pictures(
    model: EmotionModel, tested: Split, voted: Votes | None
) -> dict[str, tuple[float, float | None]]:
    """How much of both answers is right under the changes of `evaluate.worsened`."""
    found: dict[str, tuple[float, float | None]] = {}
    for name, faces in worsened(tested.faces).items():
        right = float((model.predict_fer2013(faces).argmax(axis=1) == tested.labels).mean())
        people = None if voted is None else _people(model.predict(faces), voted, None)
        found[name] = (right, None if people is None else people.agreement)
    return found


def _people(seven: NDArray[np.float32], voted: Votes | None, eight: NDArray[np.float32] | None) -> PeopleScores | None:
    if voted is None or not emotion_votes(voted).any():
        return None
    return people_scores(seven, voted, eight)


def exported(
    run: Path,
    data: Fer2013,
    votes: Path | None,
    *,
    second: Path | None = None,
    eight_bit: bool = True,
    least_recall: float = 0.0,
) -> tuple[onnx.ModelProto, float]:
    """A run's best network as the kiosk runs it, or an exported file calibrated anew, and the temperature of FER2013's
    answer; see `export.Fit` and `export.calibrated`.

    Args:
        votes: FER+'s CSV; None leaves people's answer out.
        second: an exported file, whose network answers sharp faces together with the run's; see `reuse.joined`.

    Raises:
        DataError: the run or the votes cannot be read, or do not belong to the data.
        ModelError: a file is not an exported one, or the two networks do not fit.
    """
    judged = data.split("PublicTest")
    shares = None if votes is None else votes_by_row(load_votes(votes), data)[judged.rows]
    if run.is_dir():
        model, found = load_model(run)
        ranges = data.split("Training").faces[:FACES_FOR_RANGES] if eight_bit else None
        network = uncalibrated(model, found.recipe.architecture, eight_bit_on=ranges)
        smoothing = found.recipe.smoothing
    else:
        network, smoothing = without_answers(run)
    if second is not None:
        network = joined(network, without_answers(second)[0])
    return calibrated(network, Fit(judged, shares, least_recall, smoothing))


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
