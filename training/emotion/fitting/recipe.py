"""The training recipe: all settings that decide the result of a training, stored with the weights."""

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.errors import DataError, UsageError
from training.emotion.data.fer2013 import Split

MAY_CHANGE = ("epochs", "validate_every")
"""Settings that a resumed run may have anew."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of one training."""

    architecture: str
    epochs: int
    batch: int
    """Faces per step."""
    rate: float
    """Highest learning rate."""
    warm_up: int = 0
    """Epochs in which the learning rate rises from 0 on a line."""
    cool_down: float = 0.0
    """Share of the epochs in which the learning rate falls to 0 on a line; 0: a tenth of `rate` in the second half."""
    weight_decay: float = 0.0
    smoothing: float = 0.0
    """Label smoothing, 0 to 1."""
    votes_weight: float = 0.0
    """Weight of the loss on the FER+ votes; 0 trains without them."""
    teacher_weight: float = 0.0
    """Share of a teacher's probabilities in the targets, 0 to 1; the rest is the labels (Hinton et al. 2015)."""
    average: float = 0.0
    """Momentum of the exponential moving average (EMA) of the weights, which the run keeps; 0: no average."""
    augment: bool = False
    """Data augmentation, weaker in the cool-down (`batches.CALM`)."""
    face_weights: bool = False
    """Start with the weights of the face encoder."""
    validate_every: int = 1
    """Epochs between validations."""
    seed: int = 7
    precision: str = "float32"
    """Keras' dtype policy."""
    folds: int = 0
    """Parts of the training faces, of which one is left out; 0 trains on all."""
    fold: int = 0
    """The part that is left out, 0 to `folds` - 1."""

    def __post_init__(self) -> None:
        """Raises UsageError when the part that is left out does not exist, or is all there is."""
        if self.folds and not (self.folds > 1 and 0 <= self.fold < self.folds):
            raise UsageError(
                f"There is no part {self.fold} of {self.folds} to leave out; give at least 2 parts, numbered from 0 on "
                "(--leave-out 0 5)."
            )

    def taken(self, values: NDArray[Any]) -> NDArray[Any]:
        """Of one value for each face of the Training split, those of the faces that the training uses."""
        if not self.folds:
            return values
        return np.asarray(values[np.arange(len(values)) % self.folds != self.fold])

    def taken_from(self, split: Split) -> Split:
        """The faces of a Training split that the training uses."""
        return Split(split.name, self.taken(split.faces), self.taken(split.labels), self.taken(split.rows))

    def check_resumes(self, stored: "Recipe", folder: Path) -> None:
        """Raises DataError when a run in `folder` with the recipe `stored` cannot go on with this one."""
        for name, now in self.as_json().items():
            then = getattr(stored, name)
            if name not in MAY_CHANGE and then != now:
                raise DataError(
                    f"The run in {folder} has {name.replace('_', ' ')} {then}, not {now}; give what it has, or "
                    "another folder."
                )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def changed(self, **values: Any) -> "Recipe":
        """A copy with other values; None keeps a value."""
        return replace(self, **{name: value for name, value in values.items() if value is not None})

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Recipe":
        """Raises DataError when the values are not those of a recipe."""
        known = {field.name for field in fields(cls)}
        try:
            return cls(**{name: value for name, value in values.items() if name in known})
        except (TypeError, UsageError) as error:
            raise DataError(f"The run's recipe is damaged: {error}") from None


CLASSIC = Recipe("classic", epochs=60, batch=256, rate=1e-3)
"""30 epochs at a learning rate of 1e-3 and 30 at 1e-4, as in the notebooks."""

CHAMPION = Recipe(
    "champion",
    epochs=56,
    batch=128,
    rate=1e-3,
    warm_up=1,
    cool_down=0.4,
    weight_decay=0.05,
    smoothing=0.1,
    votes_weight=1.0,
    average=0.998,
    augment=True,
    face_weights=True,
    validate_every=4,
)

TEACHER = CHAMPION.changed(architecture="teacher", epochs=40)
"""A network of twice the filters, to teach the champion."""

SFACE_TEACHER = TEACHER.changed(architecture="sface")
"""The trunk of Muster's other face encoder, which errs elsewhere."""

TAUGHT = {"teacher_weight": 0.6, "smoothing": 0.0}
"""Changes with a teacher: its probabilities replace label smoothing."""

RECIPES = {recipe.architecture: recipe for recipe in (CLASSIC, CHAMPION, TEACHER, SFACE_TEACHER)}
