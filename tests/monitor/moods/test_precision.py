"""What a number of sightings can tell."""

import numpy as np
import pytest

from monitor.domain import EMOTIONS
from monitor.moods.precision import VALENCE, clear_change, pleasantness, share_range

HAPPY, SAD, CALM = (tuple(float(name == one) for name in EMOTIONS) for one in ("happy", "sad", "neutral"))


def mixed(happy: float) -> tuple[float, ...]:
    """Some happy, the rest neutral."""
    return tuple(happy * a + (1 - happy) * b for a, b in zip(HAPPY, CALM, strict=True))


def test_ranges_are_those_of_wilson_and_narrow_with_the_count() -> None:
    assert share_range(0.21, 154) == pytest.approx((0.153, 0.281), abs=2e-3)
    assert share_range(0.0, 10) == pytest.approx((0.0, 0.2775), abs=1e-3)
    assert share_range(1.0, 1) == pytest.approx((0.2065, 1.0), abs=1e-3)
    assert share_range(0.5, 0) == (0.0, 1.0)


def test_nineteen_of_twenty_ranges_hold_the_true_share() -> None:
    drawn = np.random.default_rng(4).binomial(40, 0.3, 2000)
    ranges = [share_range(count / 40, 40) for count in drawn]
    assert 0.93 < np.mean([low <= 0.3 <= high for low, high in ranges]) < 0.98


def test_every_emotion_has_a_valence() -> None:
    assert set(VALENCE) == set(EMOTIONS)
    assert VALENCE["happy"] > VALENCE["surprise"] > VALENCE["neutral"] == 0 > VALENCE["angry"]


def test_pleasantness_is_the_expected_valence_with_its_range() -> None:
    found = pleasantness(mixed(0.5), 100)
    assert found is not None
    assert found == pytest.approx((0.405, 1.96 * 0.405 / 10))
    assert pleasantness(mixed(0.5), 4) is None
    assert pleasantness((0.0,) * 7, 100) is None


def test_a_change_is_told_only_beyond_chance() -> None:
    assert clear_change(CALM, 100, HAPPY, 4) is None, "one lucky day is no change"
    assert clear_change(mixed(0.3), 40, mixed(0.5), 10) is None
    found = clear_change(mixed(0.3), 400, mixed(0.5), 100)
    assert found is not None
    assert abs(found[1]) == pytest.approx(0.2)
    name, by = clear_change(HAPPY, 30, SAD, 10) or ("", 0.0)
    assert (abs(by), name in ("happy", "sad")) == (1, True)


def test_equal_people_rarely_seem_to_change() -> None:
    random = np.random.default_rng(6)
    shares = np.full(7, 1 / 7)
    said = 0
    for _ in range(1000):
        before, now = random.multinomial(60, shares) / 60, random.multinomial(20, shares) / 20
        said += clear_change(before.tolist(), 60, now.tolist(), 20) is not None
    assert said <= 60
