"""What the measures of a window, and of a turned face, are taken for."""

from dataclasses import replace

import pytest

from monitor.vision.liveness.motion import Cues, has_relief, judge

STILL = Cues(eyes=0.01, mouth=0.01, nose=0.01, excess=1.0, width=1.0, surroundings=0.0, ring=-0.9, scene=0.0)


@pytest.mark.parametrize(
    ("mouth", "excess", "live"), [(0.09, 4.0, True), (0.3, 2.0, True), (0.09, 2.0, False), (0.05, 12.0, False)]
)
def test_life_is_a_difference_that_quiet_cheeks_may_lower_and_never_raise(
    mouth: float, excess: float, live: bool
) -> None:
    assert judge([replace(STILL, mouth=mouth, excess=excess)] * 20).live is live


@pytest.mark.parametrize("beside", [{"surroundings": 0.2}, {"ring": 0.5}, {"scene": 0.9}])
def test_whose_surroundings_move_is_not_let_in_without_a_question(beside: dict[str, float]) -> None:
    verdict = judge([replace(STILL, mouth=0.5, excess=4.0, **beside)] * 20)
    assert (verdict.live, verdict.carried) == (False, "scene" not in beside)


@pytest.mark.parametrize(
    ("nose", "mouth", "width", "deep"),
    [(0.1, 0.0, 1.0, True), (0.0, 0.25, 0.9, True), (float("nan"), 0.2, 0.9, False), (0.3, 0.3, 0.7, False)],
)
def test_relief_is_that_of_nose_or_mouth_and_none_of_what_became_narrow(
    nose: float, mouth: float, width: float, deep: bool
) -> None:
    assert has_relief(replace(STILL, nose=nose, mouth=mouth, width=width)) is deep
