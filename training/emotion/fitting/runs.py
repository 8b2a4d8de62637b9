"""Reads the folders of runs: recipe, epochs, weights and report."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from monitor.errors import DataError
from training.emotion.evaluation.calibration import softmax, unsmoothed
from training.emotion.evaluation.evaluate import Predict
from training.emotion.fitting import checkpoint
from training.emotion.fitting.checkpoint import CHECKPOINT
from training.emotion.fitting.recipe import Recipe
from training.emotion.fitting.state import Epoch
from training.emotion.model.inference import logits_of
from training.emotion.model.networks import build

NUMBERS = "report.json"
"""The report's numbers, beside its HTML."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A training, complete or not."""

    folder: Path
    recipe: Recipe
    epochs: tuple[Epoch, ...]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def best_accuracy(self) -> float | None:
        """Best validation accuracy, 0 to 1; None before the first validation."""
        found = [epoch.validation_accuracy for epoch in self.epochs if epoch.validation_accuracy is not None]
        return max(found, default=None)


def open_run(folder: Path) -> Run:
    """The run in a folder.

    Raises:
        DataError: the folder does not hold a run, or the run is damaged.
    """
    _, facts = checkpoint.load(folder / CHECKPOINT)
    try:
        return Run(folder, Recipe.from_json(facts["recipe"]), tuple(Epoch(**epoch) for epoch in facts["epochs"]))
    except (KeyError, TypeError):
        raise DataError(f"The run in {folder} is damaged; train again in another folder.") from None


def load_model(folder: Path) -> tuple[keras.Model, Run]:
    """The network with the run's best validation accuracy, in float32; the latest before the first validation.

    Raises:
        DataError: the folder does not hold a run, or the run is damaged or of an architecture that has changed.
    """
    run = open_run(folder)
    groups, _ = checkpoint.load_best(folder)
    keras.config.set_dtype_policy("float32")
    model = build(run.recipe.architecture)
    try:
        model.set_weights(groups["weights"])
    except (ValueError, KeyError):
        raise DataError(
            f"The run in {folder} does not fit the architecture {run.recipe.architecture}; train it again."
        ) from None
    return model, run


def predictor(model: keras.Model, temperature: float = 1.0, smoothing: float = 0.0) -> Predict:
    """A function that gives probabilities: mean logits of face and mirror image, without label smoothing."""
    return lambda faces: softmax(unsmoothed(logits_of(model, faces, mirrored=True), smoothing) / temperature)


def find_runs(root: Path) -> list[Run]:
    """All runs in a folder, sorted by name. Raises DataError when one of them is damaged."""
    return [open_run(file.parent) for file in sorted(root.glob(f"*/{CHECKPOINT}"))]


def numbers_of(run: Run) -> Mapping[str, Any] | None:
    """The numbers of the run's report; None if the run does not have a report.

    Raises:
        DataError: the file is damaged.
    """
    file = run.folder / "report" / NUMBERS
    if not file.exists():
        return None
    try:
        numbers: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"The report {file} cannot be read ({error}); make it again.") from None
    return numbers
