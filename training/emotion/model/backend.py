"""The library that computes: the one of KERAS_BACKEND, of those that training can use."""

import importlib
from collections.abc import Callable
from typing import Any, Protocol, cast

import keras

from monitor.errors import UsageError
from training.emotion.data.augment import Augmentation
from training.emotion.data.batches import Planned
from training.emotion.model.losses import Losses

BACKENDS = ("tensorflow", "jax")


class Backend(Protocol):
    """What `on_tensorflow` and `on_jax` give; see there."""

    FAILURE: type[Exception]
    STEPS_AT_ONCE: int

    def forward(self, model: keras.Model) -> Callable[[Any], Any]: ...

    def observed(self, model: keras.Model) -> Callable[[Any], list[Any]]: ...

    def gradient(self, function: Callable[[Any], Any], at: Any) -> Any: ...

    def steps(
        self,
        model: keras.Model,
        losses: Losses,
        faces: Any,
        targets: Any,
        how: Augmentation | None,
        batch: int,
        strategy: Any = None,
    ) -> Callable[[Planned], Any]: ...


def backend() -> Backend:
    """The backend that Keras uses.

    Raises:
        UsageError: training does not know it.
    """
    name = keras.backend.backend()
    if name not in BACKENDS:
        raise UsageError(f"Training does not run on Keras' backend {name}; set KERAS_BACKEND to tensorflow or jax.")
    return cast("Backend", importlib.import_module(f"training.emotion.model.on_{name}"))
