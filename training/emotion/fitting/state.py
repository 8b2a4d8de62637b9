"""The state of a training, which is saved and resumed."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from monitor.errors import DataError
from training.emotion.data.batches import Order, Planned
from training.emotion.data.fer2013 import Split
from training.emotion.fitting import checkpoint
from training.emotion.fitting.checkpoint import CHECKPOINT
from training.emotion.fitting.recipe import Recipe
from training.emotion.model.backend import Backend
from training.emotion.model.networks import ARCHITECTURES


@dataclass(frozen=True, slots=True)
class Epoch:
    """The results of one epoch. Validation uses the averaged weights and the mean of a face and its mirror image."""

    number: int
    """Counts from 1."""
    of: int
    """Number of epochs of the run."""
    seconds: float
    loss: float
    """Mean over the training faces, in nats."""
    accuracy: float
    """On the training faces, 0 to 1."""
    validation_loss: float | None
    """None in an epoch without validation."""
    validation_accuracy: float | None


@dataclass(slots=True, eq=False)
class Training:
    """A network in training, with its data and settings."""

    model: keras.Model
    recipe: Recipe
    compute: Backend
    faces: Split
    order: Order
    validation: Split
    folder: Path
    is_chief: bool
    """Whether this worker writes the checkpoints; the weights of all workers are equal."""
    step: Callable[[Planned], Any]
    observe: Callable[[Any], list[Any]]
    epochs: list[Epoch] = field(default_factory=list)
    done: int = 0
    """Steps of the epoch that has begun."""
    sums: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    """Losses and right answers of these steps."""
    saved: float = field(default_factory=time.monotonic)
    """`time.monotonic()` of the last checkpoint."""


def resume(training: Training) -> str:
    """Go on with the checkpoint in the run's folder; return the sentence that says where.

    Raises:
        DataError: it is damaged, or of another recipe.
    """
    folder, model, recipe = training.folder, training.model, training.recipe
    groups, facts = checkpoint.load(folder / CHECKPOINT)
    architecture = facts.get("recipe", {}).get("architecture")
    if architecture != recipe.architecture:
        known = architecture if architecture in ARCHITECTURES else "another architecture"
        raise DataError(f"{folder} holds a run of {known}, not {recipe.architecture}; give another folder.")
    recipe.check_resumes(Recipe.from_json(facts["recipe"]), folder)
    try:
        model.set_weights(groups["weights"])
        for variable, value in zip(model.optimizer.variables, groups["optimizer"], strict=True):
            variable.assign(value)
        training.epochs.extend(Epoch(**epoch) for epoch in facts["epochs"])
        training.done, training.sums = facts.get("done", 0), np.array(facts.get("sums", (0.0, 0.0)))
    except (ValueError, KeyError, TypeError):
        raise DataError(f"The checkpoint in {folder} does not fit this network; give another folder.") from None
    inside = f" and step {training.done} of {training.order.steps}" if training.done else ""
    return f"Resuming after epoch {len(training.epochs)}{inside} of {recipe.epochs}."


def facts_of(training: Training) -> dict[str, Any]:
    """What a checkpoint says beside its weights, as JSON."""
    return {
        "recipe": training.recipe.as_json(),
        "epochs": [asdict(each) for each in training.epochs],
        "done": training.done,
        "sums": training.sums.tolist(),
    }


def save(training: Training) -> None:
    """Write the checkpoint from which a repeated call goes on. Raises DataError when it cannot be written."""
    if training.is_chief:
        model = training.model
        groups = {"weights": model.get_weights(), "optimizer": [np.asarray(v) for v in model.optimizer.variables]}
        checkpoint.save(training.folder / CHECKPOINT, groups, facts_of(training))
    training.saved = time.monotonic()
