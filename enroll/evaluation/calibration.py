"""Calibration: error rates to expect at the door, computed from the enrolled images before the first day."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from db.records.faces import BOUND
from enroll.evaluation.expected_misses import ENOUGH, Misses, common_spread, misses
from enroll.evaluation.left_out import AtTarget, EnrolledPeople, LeftOut
from enroll.faces.similarity_limits import Embeddings, mean_template
from monitor.domain import Encoders
from monitor.vision.encoder import unit
from monitor.vision.matching.joined import comparable

TARGETS: Final = (0.001, 0.003, 0.01, 0.03, 0.1)
"""The shares of strangers for which thresholds are shown."""

_CURVE: Final = tuple(float(target) for target in np.logspace(-4, -0.5, 36))
"""The targets at which the curves are drawn."""

_BLOCK: Final = 1024
"""Templates that are compared with all others at once."""


@dataclass(frozen=True, slots=True)
class RiskyPair:
    """Two people whose templates are among the most similar."""

    one: str
    other: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Served:
    """How well a person is recognised, as the enrolled images tell it."""

    name: str
    images: int
    missed: int
    """How many of these images the person's other images would not have named."""
    misses: Misses | None
    """Expected share of images like these that would be missed; None for somebody with one image."""

    @property
    def needed(self) -> int:
        """How many more images: up to three in all, one for each missed image, and one where misses are expected."""
        return max(ENOUGH - self.images, self.missed, int(self.expected > BOUND))

    @property
    def expected(self) -> float:
        """Expected share of missed images, 0 to 1; 0 where nothing tells it."""
        return self.misses.expected if self.misses else 0.0

    def record(self) -> dict[str, Any]:
        """For JSON."""
        expected = round(self.misses.expected, 4) if self.misses else None
        record = {"person": self.name, "images": self.images, "missed": self.missed, "expected_misses": expected}
        return record | {"needed": self.needed}


@dataclass(frozen=True, slots=True)
class Calibration:
    """The calibration report of a gallery."""

    people: int
    images: int
    encoders: Encoders
    """Whose similarities these are."""
    threshold: float
    """The one in force, for single images."""
    targets: tuple[AtTarget, ...]
    pairs: tuple[RiskyPair, ...]
    weak: tuple[Served, ...]
    """Whom more images would help most, the worst served first."""
    spread: tuple[float, float] | None
    """Expected misses of the best and the worst served, 0 to 1; None where nobody has two images."""
    curve: tuple[AtTarget, ...]
    """The rates at many more targets, for drawing; the strictest first."""

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "people": self.people,
            "images": self.images,
            "encoders": self.encoders,
            "targets": [target.record() for target in self.targets],
            "riskiest_pairs": [
                {"people": [pair.one, pair.other], "similarity": round(pair.similarity, 4)} for pair in self.pairs
            ],
            "weak": [one.record() for one in self.weak],
            "best_served": round(self.spread[0], 4) if self.spread else None,
            "worst_served": round(self.spread[1], 4) if self.spread else None,
        }


def calibrate(
    people: EnrolledPeople,
    strangers: Embeddings,
    *,
    target_fpir: float,
    margin: float,
    encoders: Encoders = "both",
    most: int = 10,
) -> Calibration:
    """Measure the gallery with its own images.

    Args:
        strangers: float32 (n, 256 or 128), of people who are not enrolled; n may be 0.
        target_fpir, margin, encoders: the settings in force.
        most: how many pairs and weak people are given.
    """
    bench = LeftOut(people, strangers, margin, encoders)
    targets = tuple(bench.at(target) for target in sorted({*TARGETS, target_fpir}))
    served = _served(people, bench, target_fpir)
    shares = [one.expected for one in served if one.misses]
    return Calibration(
        len(people.names),
        people.images,
        bench.encoders,
        bench.threshold(target_fpir),
        targets,
        tuple(_riskiest(people, most)),
        tuple(one for one in served if one.needed)[:most],
        (min(shares), max(shares)) if shares else None,
        tuple(map(bench.at, _CURVE)),
    )


def _riskiest(people: EnrolledPeople, most: int) -> Sequence[RiskyPair]:
    """The most similar pairs of templates, found block by block so that memory stays small."""
    means = unit(comparable([mean_template(rows) for rows in people.members]))
    found: list[tuple[float, int, int]] = []
    for start in range(0, len(means), _BLOCK):
        similarities = means[start : start + _BLOCK] @ means.T
        similarities[np.arange(len(means)) <= start + np.arange(len(similarities))[:, None]] = -np.inf
        flat = np.argpartition(similarities, -min(most, similarities.size), axis=None)[-most:]
        for place in flat:
            row, column = divmod(int(place), len(means))
            found.append((float(similarities[row, column]), start + row, column))
    best = sorted((one for one in found if np.isfinite(one[0])), reverse=True)[:most]
    return [RiskyPair(people.names[row], people.names[column], similarity) for similarity, row, column in best]


def _served(people: EnrolledPeople, bench: LeftOut, target: float) -> list[Served]:
    """Everybody, the worst served first."""
    ends = np.cumsum([len(rows) for rows in people.members])[:-1]
    leads = [one[np.isfinite(one)].tolist() for one in np.split(bench.leads(target), ends)]
    missed = [int(one.sum()) for one in np.split(bench.missed(target), ends)]
    spread = common_spread(leads)
    served = [
        Served(name, len(rows), lost, misses(own, spread) if own else None)
        for name, rows, lost, own in zip(people.names, people.members, missed, leads, strict=True)
    ]
    return sorted(served, key=lambda one: (-one.expected, -one.needed, one.name))
