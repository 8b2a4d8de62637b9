"""The report of a run: one HTML file with its figures inside, the figures as PNGs, the numbers as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jinja2
import keras
import numpy as np

from monitor.domain import EMOTIONS
from monitor.errors import DataError
from monitor.files import unfinished
from training.emotion.data.fer2013 import Fer2013, Split
from training.emotion.evaluation.evaluate import Evaluation, Predict
from training.emotion.evaluation.people import PeopleScores
from training.emotion.fitting.runs import NUMBERS, Run, numbers_of
from training.emotion.fitting.state import Epoch
from training.emotion.report import figures
from training.emotion.report.gradcam import activation_map, default_layer, overlaid
from training.report import data_uri

PAGE = "index.html"
MAPS = 36


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure with its title and caption."""

    name: str
    """File name of the PNG without the suffix."""
    title: str
    text: str
    png: bytes

    @property
    def source(self) -> str:
        """The address of an `<img>`."""
        return data_uri(self.png)


def numbers_of_run(run: Run, model: keras.Model) -> dict[str, Any]:
    """What a report says of a run beside its evaluation, as JSON."""
    return {
        "run": run.name,
        "recipe": run.recipe.as_json(),
        "parameters": int(model.count_params()),
        "epochs": [{name: value for name, value in asdict(epoch).items() if name != "of"} for epoch in run.epochs],
    }


def charts_of(
    data: Fer2013,
    split: Split,
    evaluation: Evaluation,
    model: keras.Model | None,
    predict: Predict,
    *,
    epochs: Sequence[Epoch] = (),
    people: PeopleScores | None = None,
) -> list[Chart]:
    """Every figure of the report, in its order.

    Args:
        model: for the activation maps; None leaves them out.
        epochs: of the training; without them there is no curve.
        people: the agreement with people, for its own figures.
    """
    counts = evaluation.confusion
    charts = [
        Chart("class_counts", "Faces per class", "In each split of the data.", figures.class_counts(data)),
        Chart("samples", "Samples", f"The first faces of every class of {split.name}.", figures.samples(split)),
        *([Chart("history", "Training", "Loss and accuracy by epoch.", figures.history(epochs))] if epochs else []),
        Chart("confusion", "Confusion matrix", "Number of faces.", figures.confusion(counts, normalised=False)),
        Chart(
            "confusion_normalised", "Confusion matrix, normalised", "Shares of each label; the diagonal is the recall.",
            figures.confusion(counts, normalised=True),
        ),
        Chart("curves", "ROC and precision-recall", "Each class against the others.", figures.curves(evaluation)),
        Chart("calibration", "Calibration", "Accuracy by confidence.", figures.reliability(evaluation)),
        Chart("mistakes", "The most confident mistakes", "label - answer - probability.",
              figures.mistakes(evaluation, split)),
    ]  # fmt: skip
    if model is not None:
        words = f"Guided Grad-CAM of {default_layer(model)}: label - answer - probability."
        charts.append(Chart("activation_maps", "Activation maps", words, maps(model, predict, split)))
    if people is not None:
        charts += [
            Chart("people", "Most people's word and the answer", "Shares of each favourite of ten people.",
                  figures.confusion(people.confusion, normalised=True, label="most people")),
            Chart("coverage", "Coverage and agreement", "What is left when less confident answers are unsure.",
                  figures.coverage(people)),
        ]  # fmt: skip
    return charts


def maps(model: keras.Model, predict: Predict, split: Split) -> bytes:
    """A 6x6 grid of faces, each with the activation map of the model's answer."""
    chosen = split.head(MAPS)
    probabilities = predict(chosen.faces)
    pictures = [
        overlaid(face, activation_map(model, face, int(answer)))
        for face, answer in zip(chosen.faces, probabilities.argmax(axis=1), strict=True)
    ]
    return figures.grid(pictures, figures.outcomes(chosen.labels, probabilities))


def write_report(folder: Path, numbers: Mapping[str, Any], charts: Sequence[Chart]) -> Path:
    """Write the page, the PNGs and the numbers; returns the page.

    Raises:
        DataError: a file cannot be written.
    """
    page = _template("report.html.j2").render(numbers=numbers, charts=charts, emotions=EMOTIONS)
    files = {f"{chart.name}.png": chart.png for chart in charts}
    return _write(folder, {**files, NUMBERS: json.dumps(numbers, indent=2).encode(), PAGE: page.encode()})


def write_comparison(folder: Path, runs: Sequence[Run]) -> Path:
    """Write one page with all runs side by side; runs without a report show the numbers of their training.

    Raises:
        DataError: a run's report is damaged, or the page cannot be written.
    """
    page = _template("comparison.html.j2").render(runs=[comparison_row(run) for run in runs], emotions=EMOTIONS)
    return _write(folder, {"comparison.html": page.encode()})


def comparison_row(run: Run) -> dict[str, Any]:
    """The main numbers of a run; None for numbers that are not measured yet."""
    numbers = numbers_of(run) or {}
    evaluation: dict[str, Any] = numbers.get("evaluation", {})
    classes = evaluation.get("classes", {})
    recalls = {name: classes[name]["recall"] for name in EMOTIONS if name in classes}
    return {
        "run": run.name,
        "architecture": run.recipe.architecture,
        "parameters": numbers.get("parameters"),
        "epochs": len(run.epochs),
        "of": run.recipe.epochs,
        "hours": sum(epoch.seconds for epoch in run.epochs) / 3600,
        "validation_accuracy": run.best_accuracy,
        "split": evaluation.get("split"),
        "accuracy": evaluation.get("accuracy"),
        "macro_f1": evaluation.get("macro_f1"),
        "calibration_error": evaluation.get("expected_calibration_error"),
        "weakest_recall": float(np.min(list(recalls.values()))) if recalls else None,
        "recalls": recalls,
    }


def _template(name: str) -> jinja2.Template:
    loader = jinja2.PackageLoader("training.emotion.report", "templates")
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True).get_template(name)


def _write(folder: Path, files: Mapping[str, bytes]) -> Path:
    path = folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            path = folder / name
            with unfinished(path) as part:
                part.write_bytes(content)
    except OSError as error:
        raise DataError(f"The report {path} cannot be written: {error.strerror or error}.") from None
    return path
