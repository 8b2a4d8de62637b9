"""How often somebody will not be recognised, from the leads of their passages or images over the threshold.

The leads are taken as normally distributed, with a spread that is drawn to everybody's where a person has few of them
(an empirical Bayes estimate; Efron and Morris 1975). Leads are in units of the similarity; a negative one is a miss.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

ENOUGH: Final = 3
"""Images that a person should have at least."""
_PRIOR: Final = 4.0
"""Leads that everybody's spread counts for in a person's."""
_SPREAD: Final = 0.03
"""Spread of leads where too few of them tell it."""
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Misses:
    """An expected share of misses, 0 to 1, with its 95 % interval."""

    expected: float
    low: float
    high: float


def common_spread(leads: Iterable[Sequence[float]]) -> float:
    """The standard deviation of everybody's leads, given for each person, around that person's mean."""
    several = [np.asarray(one) for one in leads if len(one) > 1]
    free = sum(len(one) - 1 for one in several)
    squares = sum(float(((one - one.mean()) ** 2).sum()) for one in several)
    return math.sqrt((squares + _PRIOR * _SPREAD**2) / (free + _PRIOR))


def misses(leads: Sequence[float], spread: float) -> Misses:
    """The misses to expect of a person with these leads, one or more, by everybody's `common_spread`."""
    mean, count = float(np.mean(leads)), len(leads)
    squares = float(((np.asarray(leads) - mean) ** 2).sum())
    own = math.sqrt((squares + _PRIOR * spread**2) / (count - 1 + _PRIOR))
    doubt = 1.96 * own / math.sqrt(count)
    expected, low, high = (_NORMAL.cdf(-(mean + shift) / own) for shift in (0.0, doubt, -doubt))
    return Misses(expected, low, high)
