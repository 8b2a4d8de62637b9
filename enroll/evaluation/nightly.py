"""The gallery examines itself: the day's kept views and strangers against tomorrow's gallery.

How often somebody will not be recognised is read from the leads of their passages over the threshold
(`expected_misses`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from db.records.faces import BOUND
from enroll.evaluation.expected_misses import ENOUGH, common_spread, misses
from enroll.evaluation.rates import Rate
from monitor.domain import Embedding, Match
from monitor.vision.matching.gallery import Gallery
from monitor.vision.matching.joined import mean_of


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
            "fnir": self.fnir.record(),
            "fpir": self.fpir.record(),
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
    spread = common_spread(leads.values())
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


def _served(
    person: UUID, name: str, leads: Sequence[float], missed: int, by_pin: int, images: int, spread: float
) -> Served:
    trials = len(leads) + by_pin
    if not leads:
        # Nothing was seen of the face: of n entries by PIN all were misses, of none nothing is known.
        low, high = Rate(by_pin, trials).interval
        return Served(person, name, trials, by_pin, float(bool(by_pin)), low if by_pin else 0.0, high, images)
    face, count = misses(leads, spread), len(leads)
    expected, low, high = ((one * count + by_pin) / trials for one in (face.expected, face.low, face.high))
    return Served(person, name, trials, missed + by_pin, expected, low, high, images)
