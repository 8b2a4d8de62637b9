"""What to expect at the door, from the people who are enrolled: how often a stranger would be named, and who would not
be recognised; before the first day."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.people import load_gallery
from db.templates import load_members
from enroll.likeness import Embeddings, fit_of_each, mean_template
from enroll.rates import Floats, Rate
from monitor.errors import UsageError
from monitor.vision.encoder import ENCODER_NAME, unit
from monitor.vision.threshold import fmr_at, threshold_for, threshold_for_means

TARGETS: Final = (0.001, 0.003, 0.01, 0.03, 0.1)
"""The shares of strangers for which thresholds are shown."""

_BLOCK: Final = 1024

_ENOUGH: Final = 3
"""Images that a template should have at least."""


@dataclass(frozen=True, slots=True, eq=False)
class EnrolledPeople:
    """Everyone who can be recognised, with the embeddings of their images."""

    names: tuple[str, ...]
    members: tuple[Embeddings, ...]
    """For each person float32 (n, 128), each row of length 1."""

    @property
    def images(self) -> int:
        return sum(map(len, self.members))


@dataclass(frozen=True, slots=True)
class AtTarget:
    """What a target FPIR would mean for this gallery."""

    target: float
    threshold: float
    """For single images, at the present number of people."""
    expected_fpir: float
    """From the impostor curve: strangers like LFW's, for each of whom one image is looked at."""
    fpir: Rate
    """Seen: enrolled people taken for somebody else while their own template was left out."""
    strangers: Rate
    """Seen: the given strangers who were named."""
    fnir: Rate
    """Seen: enrolled images that the rest of their person's images would not have named."""

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "target_fpir": self.target,
            "threshold": round(self.threshold, 4),
            "expected_fpir": round(self.expected_fpir, 5),
            "fpir": _rate(self.fpir),
            "fpir_of_given_strangers": _rate(self.strangers),
            "fnir": _rate(self.fnir),
        }


@dataclass(frozen=True, slots=True)
class RiskyPair:
    """Two people whose templates are among the most similar."""

    one: str
    other: str
    similarity: float


@dataclass(frozen=True, slots=True)
class WeakPerson:
    """Someone whose template needs more images."""

    name: str
    images: int
    missed: int
    """Of them, how many the others would not have named."""
    needed: int
    """More images: up to three, and one for each that was missed."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The whole account."""

    people: int
    images: int
    targets: tuple[AtTarget, ...]
    pairs: tuple[RiskyPair, ...]
    weak: tuple[WeakPerson, ...]

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "people": self.people,
            "images": self.images,
            "targets": [target.record() for target in self.targets],
            "riskiest_pairs": [
                {"people": [pair.one, pair.other], "similarity": round(pair.similarity, 4)} for pair in self.pairs
            ],
            "weak": [
                {"person": one.name, "images": one.images, "missed": one.missed, "needed": one.needed}
                for one in self.weak
            ],
        }


def load_people(session: Session, cipher: TemplateCipher) -> EnrolledPeople:
    """Everyone in the gallery.

    Raises:
        UsageError: nobody is enrolled.
        WrongKey: the templates were encrypted with another key.
    """
    gallery = load_gallery(session, cipher, ENCODER_NAME)
    if not gallery:
        raise UsageError("Nobody is enrolled yet; start with 'muster enroll import'.")
    members = tuple(
        np.stack([member.embedding for member in load_members(session, cipher, one.person, ENCODER_NAME)])
        for one in gallery
    )
    return EnrolledPeople(tuple(one.name for one in gallery), members)


def calibrate(
    people: EnrolledPeople,
    strangers: Embeddings,
    *,
    target_fpir: float,
    margin: float,
    most: int = 10,
) -> Calibration:
    """Judge the gallery by its own images.

    Args:
        strangers: float32 (n, 128), of people who are not enrolled; n may be 0.
        target_fpir, margin: the settings in force.
        most: how many pairs and weak people are given.
    """
    bench = _Bench(people, strangers, margin)
    targets = tuple(bench.at(target) for target in sorted({*TARGETS, target_fpir}))
    return Calibration(
        len(people.names),
        people.images,
        targets,
        tuple(_riskiest(people, most)),
        tuple(_weak(people, bench.missed(target_fpir), most)),
    )


class _Bench:
    """The similarities that the rates at any threshold follow from: for each image its own person's and the two best
    of everybody else."""

    def __init__(self, people: EnrolledPeople, strangers: Embeddings, margin: float) -> None:
        means = np.stack([mean_template(rows) for rows in people.members])
        counts = [len(rows) for rows in people.members]
        self._lengths = np.linalg.norm(means, axis=1)
        self._margin = margin
        owners = np.repeat(np.arange(len(means)), counts)
        self._others = _best_two(np.concatenate(people.members), unit(means), owners)
        self._strangers = _best_two(strangers, unit(means), np.full(len(strangers), -1))
        # Leave one out: what the rest of the person's images say of this one.
        self._own = np.concatenate([_leave_one_out(rows) for rows in people.members])
        self._rest_lengths = np.concatenate([_rest_lengths(rows) for rows in people.members])
        self._testable = np.repeat(np.array(counts) > 1, counts)

    def at(self, target: float) -> AtTarget:
        """The rates at one target FPIR."""
        count = len(self._lengths)
        single = threshold_for(target, count)
        missed = self.missed(target)
        return AtTarget(
            target,
            single,
            float(1 - (1 - fmr_at(single)) ** count),
            self._named(self._others, single),
            self._named(self._strangers, single),
            Rate(int(missed.sum()), int(self._testable.sum())),
        )

    def missed(self, target: float) -> NDArray[np.bool_]:
        """For each image, whether the rest of the person's images would not have named it; (images,)."""
        single = threshold_for(target, len(self._lengths))
        needed = np.array([threshold_for_means(single, float(length), 1.0) for length in self._rest_lengths])
        lead = self._own - self._others.first
        return np.asarray(self._testable & ~((self._own >= needed) & (lead > 0) & (lead >= self._margin)), np.bool_)

    def _named(self, best: "_BestTwo", single: float) -> Rate:
        thresholds = np.array([threshold_for_means(single, float(length), 1.0) for length in self._lengths])
        named = (best.first >= thresholds[best.person]) & (best.first - best.second >= self._margin)
        return Rate(int(named.sum()), len(named))


@dataclass(frozen=True, slots=True, eq=False)
class _BestTwo:
    """For each probe the two most similar people, its own left out; -inf where there is nobody."""

    person: NDArray[np.int64]
    first: Floats
    second: Floats


def _best_two(probes: Embeddings, means: Embeddings, owners: NDArray[np.int64]) -> _BestTwo:
    """Block by block, so that memory does not grow with the gallery.

    Args:
        owners: (probes,): whose image each probe is; -1 for nobody enrolled.
    """
    person = np.zeros(len(probes), np.int64)
    first, second = np.full(len(probes), -np.inf), np.full(len(probes), -np.inf)
    for start in range(0, len(probes), _BLOCK):
        here = slice(start, start + _BLOCK)
        scores = (probes[here] @ means.T).astype(np.float64)
        rows = np.arange(len(scores))
        enrolled = owners[here] >= 0
        scores[rows[enrolled], owners[here][enrolled]] = -np.inf
        person[here] = scores.argmax(axis=1)
        first[here] = scores[rows, person[here]]
        scores[rows, person[here]] = -np.inf
        second[here] = scores.max(axis=1)
    # With one person enrolled there is no runner-up, and a lead over nobody is enough.
    return _BestTwo(person, first, np.where(np.isfinite(first), second, 0.0))


def _leave_one_out(rows: Embeddings) -> Floats:
    return fit_of_each(rows).astype(np.float64) if len(rows) > 1 else np.full(len(rows), -np.inf)


def _rest_lengths(rows: Embeddings) -> Floats:
    if len(rows) == 1:
        return np.ones(1)
    rest = (rows.sum(axis=0, keepdims=True) - rows) / (len(rows) - 1)
    return np.asarray(np.linalg.norm(rest, axis=1), np.float64)


def _riskiest(people: EnrolledPeople, most: int) -> Sequence[RiskyPair]:
    """The most similar pairs of templates, found block by block so that memory stays small."""
    means = unit(np.stack([mean_template(rows) for rows in people.members]))
    found: list[tuple[float, int, int]] = []
    for start in range(0, len(means), _BLOCK):
        similarities = means[start : start + _BLOCK] @ means.T
        rows = np.arange(len(similarities))
        for offset in rows:
            similarities[offset, : start + offset + 1] = -np.inf
        flat = np.argpartition(similarities, -min(most, similarities.size), axis=None)[-most:]
        for place in flat:
            row, column = divmod(int(place), len(means))
            found.append((float(similarities[row, column]), start + row, column))
    best = sorted((one for one in found if np.isfinite(one[0])), reverse=True)[:most]
    return [RiskyPair(people.names[row], people.names[column], similarity) for similarity, row, column in best]


def _weak(people: EnrolledPeople, missed: NDArray[np.bool_], most: int) -> Sequence[WeakPerson]:
    ends = np.cumsum([len(rows) for rows in people.members])
    found = []
    for name, rows, end in zip(people.names, people.members, ends, strict=True):
        lost = int(missed[end - len(rows) : end].sum())
        needed = max(_ENOUGH - len(rows), lost)
        if needed > 0:
            found.append(WeakPerson(name, len(rows), lost, needed))
    return sorted(found, key=lambda one: (-one.needed, -one.missed, one.name))[:most]


def _rate(rate: Rate) -> dict[str, Any] | None:
    if not rate.trials:
        return None
    low, high = rate.interval
    return {"value": round(rate.value, 4), "low": round(low, 4), "high": round(high, 4), "trials": rate.trials}
