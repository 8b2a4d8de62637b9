"""What the gallery answers to its own images while each is left out, from which its error rates follow."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.faces.templates import embeddings_by_person
from db.people.gallery import load_gallery
from enroll.evaluation.rates import Rate
from enroll.faces.similarity_limits import Embeddings, mean_template
from monitor.domain import Encoders, Match
from monitor.errors import UsageError
from monitor.vision.encoder import ENCODER_NAME
from monitor.vision.matching.gallery import Gallery, GalleryEntry, extra_margin
from monitor.vision.matching.joined import comparable
from monitor.vision.matching.threshold import Curve

_REFERENCE: Final = 0.01
"""The target FPIR from whose thresholds those of all other targets are computed."""
_MISSED: Final = -0.03
"""Lead over the threshold, in units of the similarity, that stands for an image which is like somebody else."""


@dataclass(frozen=True, slots=True, eq=False)
class EnrolledPeople:
    """Everyone who can be recognised, with the embeddings of their images."""

    ids: tuple[UUID, ...]
    names: tuple[str, ...]
    members: tuple[Embeddings, ...]
    """For each person float32 (n, 256), or (n, 128) where an image lacks SFace's part, each row of length 1."""
    extra_margins: tuple[float, ...]
    """For each person what is added to the margin in force."""

    @property
    def images(self) -> int:
        return sum(map(len, self.members))


def load_people(session: Session, cipher: TemplateCipher) -> EnrolledPeople:
    """Everyone in the gallery.

    Raises:
        UsageError: nobody is enrolled.
        WrongKey: the templates were encrypted with another key.
    """
    gallery = load_gallery(session, cipher, ENCODER_NAME)
    if not gallery:
        raise UsageError("Nobody is enrolled yet; start with 'muster enroll import'.")
    members = embeddings_by_person(session, cipher, ENCODER_NAME)
    return EnrolledPeople(
        tuple(one.person for one in gallery),
        tuple(one.name for one in gallery),
        tuple(comparable(members[one.person]) for one in gallery),
        tuple(extra_margin(len(one.look_alikes), one.wrongly_named) for one in gallery),
    )


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
            "fpir": self.fpir.record(),
            "fpir_of_given_strangers": self.strangers.record(),
            "fnir": self.fnir.record(),
        }


class LeftOut:
    """What the kiosk's own gallery answers to every image, from which the rates at any target follow."""

    def __init__(self, people: EnrolledPeople, strangers: Embeddings, margin: float, encoders: Encoders) -> None:
        means = [mean_template(rows) for rows in people.members]
        self._count = len(means)
        entries = [
            GalleryEntry(UUID(int=row), "", mean, extra)
            for row, (mean, extra) in enumerate(zip(means, people.extra_margins, strict=True))
        ]
        gallery = Gallery(entries, target_fpir=_REFERENCE, margin=margin, encoders=encoders)
        self.encoders = gallery.encoders
        self._curve = gallery.curve
        self._single = self.threshold(_REFERENCE)
        self._lengths = [float(np.linalg.norm(mean)) for mean in means]
        self._margins = [self._curve.unit * (margin + extra) for extra in people.extra_margins]
        images = [(owner, rows, place) for owner, rows in enumerate(people.members) for place in range(len(rows))]
        self._testable = np.array([len(rows) > 1 for _, rows, _ in images], np.bool_)
        self._strangers = _Answers.of(self._curve, [self._answer(gallery.identify(stranger)) for stranger in strangers])
        self._others = _Answers.of(
            self._curve,
            [self._answer(gallery.identify(rows[place], instead=(owner, None))) for owner, rows, place in images],
        )
        self._own = _Answers.of(
            self._curve,
            [
                self._left_out(gallery, owner, rows, place) if len(rows) > 1 else _NOBODY
                for owner, rows, place in images
            ],
        )

    def threshold(self, target: float) -> float:
        """For single images."""
        return self._curve.threshold_for(target, self._count)

    def at(self, target: float) -> AtTarget:
        """The rates at one target FPIR."""
        single = self.threshold(target)
        missed = self.missed(target)
        return AtTarget(
            target,
            single,
            self._curve.expected_fpir(single, self._count),
            self._others.rate(single),
            self._strangers.rate(single),
            Rate(int(missed.sum()), int(self._testable.sum())),
        )

    def missed(self, target: float) -> NDArray[np.bool_]:
        """For each image, whether the rest of the person's images would not have named it; (images,)."""
        return np.asarray(self._testable & ~self._own.named(self.threshold(target)), np.bool_)

    def leads(self, target: float) -> NDArray[np.float64]:
        """How far above the threshold each image is when only the rest of its person's images are enrolled, in units of
        the similarity; nan for somebody's only image; (images,)."""
        leads = self._own.leads(self.threshold(target)) / self._curve.unit
        return np.where(self._testable, np.where(np.isfinite(leads), leads, _MISSED), np.nan)

    def _left_out(self, gallery: Gallery, owner: int, rows: Embeddings, place: int) -> "_Answer":
        """What the gallery says of an image when the rest of the person's images alone are enrolled."""
        rest = mean_template(np.delete(rows, place, axis=0))
        match = gallery.identify(rows[place], instead=(owner, rest))
        if match.best is None or match.best.person.int != owner:
            return _NOBODY
        return self._answer(match, float(np.linalg.norm(rest)))

    def _answer(self, match: Match, length: float | None = None) -> "_Answer":
        """
        Args:
            length: of the template that matched best, where it is not the enrolled one's.
        """
        if match.best is None:
            return _NOBODY
        row = match.best.person.int
        length = length or self._lengths[row]
        lead = 1.0 if match.runner_up is None else match.best.similarity - match.runner_up.similarity
        shift = match.threshold - float(self._curve.for_means(self._single, np.float64(length), 1.0))
        return match.best.similarity if lead >= self._margins[row] else -np.inf, length, shift


_Answer: TypeAlias = tuple[float, float, float]
"""A match without its target: similarity (-inf where the runner-up is too near), length of the best template, and how
far crowding moved the threshold."""

_NOBODY: Final[_Answer] = (-np.inf, 1.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """The answers for many images."""

    curve: Curve
    similarities: NDArray[np.float64]
    lengths: NDArray[np.float64]
    shifts: NDArray[np.float64]

    @classmethod
    def of(cls, curve: Curve, answers: Sequence[_Answer]) -> "_Answers":
        return cls(curve, *np.array(answers, np.float64).reshape(-1, 3).T)

    def leads(self, single: float) -> NDArray[np.float64]:
        """How far above this threshold for single images they are; -inf for who is too like the runner-up."""
        return self.similarities - self.curve.for_means(single, self.lengths, 1.0) - self.shifts

    def named(self, single: float) -> NDArray[np.bool_]:
        """Which of them get a name at this threshold for single images."""
        return np.asarray(self.leads(single) >= 0, np.bool_)

    def rate(self, single: float) -> Rate:
        return Rate(int(self.named(single).sum()), len(self.similarities))
