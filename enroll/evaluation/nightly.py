"""The gallery examines itself: the day's kept views and strangers against tomorrow's gallery.

How often somebody will not be recognised is read from the leads of their passages over the threshold: they are taken as
normally distributed, with a spread that is drawn to everybody's where a person has few passages (an empirical Bayes
estimate; Efron and Morris 1975).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final
from uuid import UUID

import numpy as np

from enroll.evaluation.rates import Rate
from monitor.domain import Embedding, Match
from monitor.vision.matching.gallery import Gallery
from monitor.vision.matching.joined import mean_of

BOUND: Final = 0.05
"""Expected share of missed passages from which a person will soon not be recognised."""
ENOUGH: Final = 3
"""Images that a person should have at least."""
_PRIOR: Final = 4.0
"""Passages that everybody's spread counts for in a person's."""
_SPREAD: Final = 0.03
"""Spread of leads in units of the similarity where too few passages tell it."""
_NORMAL: Final = NormalDist()


@dataclass(frozen=True, slots=True)
class Served:
    """How well a person is recognised."""

    person: UUID
    name: str
    passages: int
    """Passages that were looked at: by face, and by PIN in place of the face."""
    missed: int
    """Of these, how many tomorrow's gallery would not name rightly, those by PIN included."""
    expected: float
    """Expected share of missed passages, 0 to 1."""
    low: float
    high: float
    """Its 95 % interval."""
    images: int

    @property
    def soon_missed(self) -> bool:
        """Whether more than `BOUND` of the passages will probably be missed."""
        return self.expected > BOUND

    @property
    def needs_picture(self) -> bool:
        return self.soon_missed or self.images < ENOUGH

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "person": self.name,
            "expected_misses": round(self.expected, 4),
            "low": round(self.low, 4),
            "high": round(self.high, 4),
            "passages": self.passages,
            "missed": self.missed,
            "images": self.images,
            "soon_not_recognised": self.soon_missed,
            "needs_picture": self.needs_picture,
        }


@dataclass(frozen=True, slots=True)
class Examination:
    """What the gallery found out about itself."""

    people: int
    fnir: Rate
    """Passages of enrolled people that tomorrow's gallery would not name rightly, entries by PIN included."""
    fpir: Rate
    """Kept faces of strangers that tomorrow's gallery would name."""
    served: tuple[Served, ...]
    """Everybody, the worst served first."""

    @property
    def soon_missed(self) -> int:
        return sum(one.soon_missed for one in self.served)

    @property
    def need_pictures(self) -> int:
        return sum(one.needs_picture for one in self.served)

    @property
    def spread(self) -> tuple[float, float]:
        """Expected misses of the best and the worst served of those with passages; 0 and 0 without any."""
        shares = [one.expected for one in self.served if one.passages]
        return (min(shares), max(shares)) if shares else (0.0, 0.0)

    def record(self) -> dict[str, Any]:
        """For JSON; it names nobody."""
        best, worst = self.spread
        return {
            "people": self.people,
            "fnir": _rate(self.fnir),
            "fpir": _rate(self.fpir),
            "soon_not_recognised": self.soon_missed,
            "need_pictures": self.need_pictures,
            "best_served": round(best, 4),
            "worst_served": round(worst, 4),
        }


def examine(
    gallery: Gallery,
    names: Mapping[UUID, str],
    images: Mapping[UUID, int],
    passages: Iterable[tuple[UUID, Sequence[Embedding]]],
    strangers: Iterable[Embedding],
    by_pin: Mapping[UUID, int],
) -> Examination:
    """Match passages and strangers against the gallery.

    Args:
        gallery: everybody who will be known tomorrow.
        names, images: of everybody in it.
        passages: for each passage the person and the embeddings of the kept views, float32 (128,) or (256,), length 1.
        strangers: embeddings of kept unknown faces.
        by_pin: how often people checked in by PIN at a camera.
    """
    leads: dict[UUID, list[float]] = {}
    missed: dict[UUID, int] = {}
    for person, views in passages:
        if person not in names:
            continue
        match = gallery.identify(mean_of(views))
        leads.setdefault(person, []).append(_lead(match, person))
        missed[person] = missed.get(person, 0) + (match.person is None or match.person.person != person)
    spread = _common_spread(leads.values())
    served = [
        _served(id, name, leads.get(id, []), missed.get(id, 0), by_pin.get(id, 0), images.get(id, 0), spread)
        for id, name in names.items()
    ]
    named = [gallery.identify(face).accepted for face in strangers]
    return Examination(
        len(names),
        Rate(sum(one.missed for one in served), sum(one.passages for one in served)),
        Rate(sum(named), len(named)),
        tuple(sorted(served, key=lambda one: (-one.expected, one.images, one.name))),
    )


def _lead(match: Match, person: UUID) -> float:
    """How far the person is above the threshold, in units of the similarity; below it where somebody else is."""
    if match.best is None:
        return -1.0
    if match.best.person == person:
        lead = (match.best.similarity - match.threshold) / match.unit
        return lead if match.accepted else min(lead, 0.0)
    return min((match.threshold - match.best.similarity) / match.unit, 0.0)


def _common_spread(leads: Iterable[Sequence[float]]) -> float:
    """The standard deviation of leads around each person's mean."""
    several = [np.asarray(one) for one in leads if len(one) > 1]
    free = sum(len(one) - 1 for one in several)
    squares = sum(float(((one - one.mean()) ** 2).sum()) for one in several)
    return math.sqrt((squares + _PRIOR * _SPREAD**2) / (free + _PRIOR))


def _served(
    person: UUID, name: str, leads: Sequence[float], missed: int, by_pin: int, images: int, spread: float
) -> Served:
    trials = len(leads) + by_pin
    if not leads:
        # Nothing was seen of the face: of n entries by PIN all were misses, of none nothing is known.
        low, high = Rate(by_pin, trials).interval
        return Served(person, name, trials, by_pin, float(bool(by_pin)), low if by_pin else 0.0, high, images)
    mean, count = float(np.mean(leads)), len(leads)
    squares = float(((np.asarray(leads) - mean) ** 2).sum())
    own = math.sqrt((squares + _PRIOR * spread**2) / (count - 1 + _PRIOR))
    doubt = 1.96 * own / math.sqrt(count)
    face, best, worst = (_NORMAL.cdf(-(mean + shift) / own) for shift in (0.0, doubt, -doubt))
    expected, low, high = ((one * count + by_pin) / trials for one in (face, best, worst))
    return Served(person, name, trials, missed + by_pin, expected, low, high, images)


def _rate(rate: Rate) -> dict[str, Any] | None:
    if not rate.trials:
        return None
    low, high = rate.interval
    return {"value": round(rate.value, 4), "low": round(low, 4), "high": round(high, 4), "trials": rate.trials}
