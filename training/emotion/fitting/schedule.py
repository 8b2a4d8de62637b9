"""Learning rates over a training."""

from typing import Any

import keras
import tensorflow as tf

from training.emotion.fitting.recipe import Recipe


@keras.saving.register_keras_serializable("muster")
class Trapezoid(keras.optimizers.schedules.LearningRateSchedule):
    """Up on a line, level, down on a line to zero.

    Unlike a cosine it does not depend on the number of epochs until the way down begins, so a training can be
    lengthened or shortened half-way (Haegele et al. 2024).
    """

    def __init__(self, rate: float, steps: int, up: int, down: int) -> None:
        self.rate, self.steps, self.up, self.down = rate, steps, max(up, 1), max(down, 1)

    def __call__(self, step: Any) -> Any:
        at = tf.cast(step, tf.float32)
        rising, falling = (at + 1) / self.up, (self.steps - at) / self.down
        return self.rate * tf.clip_by_value(tf.minimum(rising, falling), 0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "steps": self.steps, "up": self.up, "down": self.down}


def falls_from(recipe: Recipe, steps_an_epoch: int) -> int:
    """The step from which the rate of a recipe with a cool-down falls."""
    steps = recipe.epochs * steps_an_epoch
    return steps - round(recipe.cool_down * steps)


def schedule_of(recipe: Recipe, steps_an_epoch: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """The rate of every step of a recipe."""
    steps = recipe.epochs * steps_an_epoch
    if recipe.cool_down:
        return Trapezoid(recipe.rate, steps, recipe.warm_up * steps_an_epoch, round(recipe.cool_down * steps))
    half = recipe.epochs // 2 * steps_an_epoch
    return keras.optimizers.schedules.PiecewiseConstantDecay([half - 1], [recipe.rate, recipe.rate / 10])
