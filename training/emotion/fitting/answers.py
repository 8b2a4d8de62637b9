"""A teacher's answers to the training faces, each from networks that were not trained on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from monitor.errors import DataError
from training.emotion.data.fer2013 import Split
from training.emotion.evaluation.calibration import softmax
from training.emotion.fitting import checkpoint
from training.emotion.fitting.recipe import Recipe
from training.emotion.model.inference import outputs_of
from training.emotion.model.losses import CLASSES

Array = NDArray[np.float32]


@dataclass(slots=True, eq=False)
class Answers:
    """Sums of the answers of several networks to the faces of a split."""

    rows: NDArray[np.int64]
    """int64 (n,): the data rows of the faces."""
    total: Array
    """float32 (n, 7) or (n, 17): sums of probabilities."""
    count: NDArray[np.int64]
    """int64 (n,): networks that answered each face."""

    @classmethod
    def none(cls, split: Split, outputs: int) -> "Answers":
        return cls(split.rows, np.zeros((len(split), outputs), np.float32), np.zeros(len(split), np.int64))

    def add(self, model: keras.Model, recipe: Recipe, split: Split) -> None:
        """Ask a network for the faces that it was not trained on; without folds there are none."""
        unseen = np.ones(len(split), np.bool_)
        if split.name == "Training":
            unseen = ~np.isin(split.rows, recipe.taken(split.rows))
        if not unseen.any():
            return
        given = outputs_of(model, split.faces[unseen], mirrored=True)
        parts = [softmax(given[:, :CLASSES])]
        if given.shape[1] > CLASSES:
            parts.append(softmax(given[:, CLASSES:]))
        self.total[unseen] += np.concatenate(parts, axis=1)
        self.count[unseen] += 1

    def mean(self) -> Array:
        """float32 (n, outputs). Raises DataError when a face has no answer."""
        if not self.count.all():
            raise DataError(
                f"{(self.count == 0).sum():,} of {len(self.count):,} faces have no answer; every fold needs a network."
            )
        return np.asarray(self.total / self.count[:, None], np.float32)


def save(path: Path, answers: Answers) -> None:
    """Write the mean answers. Raises DataError when a face has none, or the file cannot be written."""
    checkpoint.save(path, {"rows": [answers.rows], "answers": [answers.mean().astype(np.float16)]}, {})


def load(path: Path, split: Split) -> Array:
    """The answers of a file of `save`, float32 (n, outputs), for the faces of a split.

    Raises:
        DataError: the file is missing, damaged, or of other faces.
    """
    groups, _ = checkpoint.load(path)
    try:
        rows, answers = groups["rows"][0], groups["answers"][0].astype(np.float32)
    except KeyError:
        raise DataError(f"{path} does not hold a teacher's answers; make it with `muster train answers`.") from None
    if not np.array_equal(rows, split.rows):
        raise DataError(f"The answers in {path} are of other faces than the Training split; make them anew.")
    return np.asarray(answers, np.float32)


def answers_of(models: Sequence[tuple[keras.Model, Recipe]], split: Split) -> Answers:
    """The answers of several networks to a split.

    Raises:
        DataError: the networks have different outputs.
    """
    if len({model.output_shape for model, _ in models}) > 1:
        raise DataError("These networks have different outputs; give runs of one architecture.")
    found = Answers.none(split, models[0][0].output_shape[-1])
    for model, recipe in models:
        found.add(model, recipe, split)
    return found
