"""The optimizer and its learning rate schedule."""

from typing import Any

import keras
from keras import ops

from training.emotion.fitting.recipe import Recipe


@keras.saving.register_keras_serializable("muster")
class Trapezoid(keras.optimizers.schedules.LearningRateSchedule):
    """A linear warm-up, a constant rate, a linear cool-down to zero.

    Unlike a cosine schedule it depends on the number of epochs only in the cool-down, so a training can be
    lengthened or shortened before it (Haegele et al. 2024).
    """

    def __init__(self, rate: float, steps: int, up: int, down: int) -> None:
        self.rate, self.steps, self.up, self.down = rate, steps, max(up, 1), max(down, 1)

    def __call__(self, step: Any) -> Any:
        at = ops.cast(step, "float32")
        rising, falling = (at + 1) / self.up, (self.steps - at) / self.down
        return self.rate * ops.clip(ops.minimum(rising, falling), 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "steps": self.steps, "up": self.up, "down": self.down}


def falls_from(recipe: Recipe, steps_an_epoch: int) -> int:
    """The first step of the cool-down."""
    steps = recipe.epochs * steps_an_epoch
    return steps - round(recipe.cool_down * steps)


def schedule_of(recipe: Recipe, steps_an_epoch: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """The learning rate by step: a trapezoid, or one tenth from half of the epochs on without a cool-down."""
    steps = recipe.epochs * steps_an_epoch
    if recipe.cool_down:
        return Trapezoid(recipe.rate, steps, recipe.warm_up * steps_an_epoch, round(recipe.cool_down * steps))
    half = recipe.epochs // 2 * steps_an_epoch
    return keras.optimizers.schedules.PiecewiseConstantDecay([half - 1], [recipe.rate, recipe.rate / 10])


def optimizer_of(recipe: Recipe, steps_an_epoch: int) -> keras.optimizers.Optimizer:
    """AdamW for a recipe with weight decay, else Adam."""
    rate = schedule_of(recipe, steps_an_epoch)
    average = {"use_ema": True, "ema_momentum": recipe.average} if recipe.average else {}
    if not recipe.weight_decay:
        return keras.optimizers.Adam(rate, **average)
    optimizer = keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay, **average)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer
