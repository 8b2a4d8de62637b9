"""What a number of sightings can tell: ranges, pleasantness, and changes beyond chance. Pure functions."""

from collections.abc import Sequence
from math import sqrt
from typing import Final

from monitor.domain import EMOTIONS

FEWEST_SIGHTINGS: Final = 5
"""Sightings from which on shares, pleasantness or a change are told."""
NORMAL_95: Final = 1.96
"""Standard deviations of a 95 % range."""
CHANGE: Final = 2.69
"""Standard deviations of a change that chance makes in one of seven emotions once in twenty times (Bonferroni)."""

VALENCE: Final = {
    "angry": -0.51, "disgust": -0.60, "fear": -0.64, "happy": 0.81, "sad": -0.63, "surprise": 0.40, "neutral": 0.0,
}  # fmt: skip
"""How pleasant people rate the state that each word names, from -1 to 1: Russell and Mehrabian, "Evidence for a
three-factor theory of emotions", Journal of Research in Personality 11 (1977). Neutral is the scale's middle."""


def share_range(share: float, count: int) -> tuple[float, float]:
    """The 95 % range of a share of so many sightings or people (Wilson 1927); (0, 1) for none."""
    if not count:
        return 0.0, 1.0
    z = NORMAL_95**2 / count
    middle = (share + z / 2) / (1 + z)
    half = NORMAL_95 / (1 + z) * sqrt(share * (1 - share) / count + z / (4 * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def usual_range(share: float, before: int, now: int) -> tuple[float, float]:
    """Where 95 % of the shares of so many sightings lie if nothing changed since a share of so many before.

    Args:
        share: of the sightings before, from 0 to 1.
    """
    if not before or not now:
        return 0.0, 1.0
    middle = (share * before + NORMAL_95**2 / 2) / (before + NORMAL_95**2)  # a share of 0 or 1 is not certain either
    half = NORMAL_95 * sqrt(middle * (1 - middle) * (1 / before + 1 / now))
    return max(0.0, middle - half), min(1.0, middle + half)


def pleasantness(probabilities: Sequence[float], count: int) -> tuple[float, float] | None:
    """The expected valence, -1 to 1, and half of its 95 % range; None where too few were seen, or none was judged.

    Args:
        probabilities: seven in the order of EMOTIONS.
        count: sightings or people behind them.
    """
    if count < FEWEST_SIGHTINGS or not any(probabilities):
        return None
    values = [VALENCE[name] for name in EMOTIONS]
    mean = sum(p * value for p, value in zip(probabilities, values, strict=True))
    spread = sum(p * (value - mean) ** 2 for p, value in zip(probabilities, values, strict=True))
    return mean, NORMAL_95 * sqrt(spread / count)


def clear_change(
    before: Sequence[float], sightings_before: int, now: Sequence[float], sightings_now: int
) -> tuple[str, float] | None:
    """The emotion whose share changed most, and by how much; None where chance alone may have done it.

    A test of two proportions. Both need `FEWEST_SIGHTINGS`.
    """
    if min(sightings_before, sightings_now) < FEWEST_SIGHTINGS:
        return None
    found: tuple[str, float] | None = None
    for name, old, new in zip(EMOTIONS, before, now, strict=True):
        pooled = (old * sightings_before + new * sightings_now) / (sightings_before + sightings_now)
        error = sqrt(pooled * (1 - pooled) * (1 / sightings_before + 1 / sightings_now))
        if abs(new - old) > CHANGE * error and (found is None or abs(new - old) > abs(found[1])):
            found = name, new - old
    return found
