"""Learning rates by step."""

import pytest

from training.emotion.fitting.optimizer import schedule_of
from training.emotion.fitting.recipe import CHAMPION, Recipe


def test_the_rate_rises_stays_and_falls() -> None:
    recipe = CHAMPION.changed(epochs=10, rate=1.0, warm_up=1, cool_down=0.5)
    rate = schedule_of(recipe, steps_an_epoch=10)
    assert [round(float(rate(step)), 2) for step in (0, 9, 49, 75, 100)] == [0.1, 1.0, 1.0, 0.5, 0.0]


def test_the_classic_recipe_has_two_phases() -> None:
    rate = schedule_of(Recipe("classic", epochs=60, batch=256, rate=1e-3), steps_an_epoch=2)
    assert [float(rate(step)) for step in (0, 59, 60, 119)] == pytest.approx([1e-3, 1e-3, 1e-4, 1e-4])
