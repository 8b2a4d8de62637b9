"""Everything that decides what a training makes, in one record that is kept beside its weights."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from monitor.errors import DataError


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one network is trained."""

    architecture: str
    epochs: int
    batch: int
    rate: float
    """Highest learning rate."""
    warm_up: int = 0
    """Epochs in which the rate rises from zero."""
    cool_down: float = 0.0
    """Last share of the epochs, in which the rate falls to zero on a line; 0: the last half at a tenth of it."""
    weight_decay: float = 0.0
    smoothing: float = 0.0
    votes_weight: float = 0.0
    """Weight of the loss on the votes of FER+; 0 without them."""
    teacher_weight: float = 0.0
    """Share of a teacher's answers in what is learned; the labels have the rest (Hinton et al. 2015)."""
    average: float = 0.0
    """Momentum of the moving average of the weights (EMA) that is kept in the end; 0: none."""
    augment: bool = False
    """Change the faces at random; less while the rate falls (`batches.CALM`)."""
    face_weights: bool = False
    """Begin with the face encoder's weights."""
    validate_every: int = 1
    """Epochs."""
    seed: int = 7
    precision: str = "float32"
    """Keras' dtype policy."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def changed(self, **values: Any) -> "Recipe":
        """The same with other values; None leaves one as it is."""
        return replace(self, **{name: value for name, value in values.items() if value is not None})

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Recipe":
        """Raises DataError when the values are not those of a recipe."""
        known = {field.name for field in fields(cls)}
        try:
            return cls(**{name: value for name, value in values.items() if name in known})
        except TypeError as error:
            raise DataError(f"The run's recipe is damaged: {error}.") from None


CLASSIC = Recipe("classic", epochs=60, batch=256, rate=1e-3)
"""30 epochs at 1e-3 and 30 at 1e-4, as in the notebooks."""

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

TAUGHT = {"teacher_weight": 0.5, "smoothing": 0.0}
"""What changes with a teacher: its answers bring the doubt that smoothing would."""

RECIPES = {recipe.architecture: recipe for recipe in (CLASSIC, CHAMPION)}
