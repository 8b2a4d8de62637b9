"""Measures identification on a folder of known people: Muster beside the classic recipe, on the same pictures.

Everyone's first pictures are enrolled, the others are probes. Each probe is tried twice: against the whole gallery
(is its person named?) and against the gallery without its person (is this stranger named?).
"""

from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from enroll.evaluation.rates import Floats, Rate, Trials, roc
from enroll.faces.examine import SURE, find_faces, foreground
from enroll.faces.similarity_limits import mean_template
from enroll.imports.batch import ImportBatch, Picture
from enroll.imports.run import worked_ahead
from monitor.domain import EMBEDDING_SIZE, Embedding, Encoders, Match
from monitor.errors import ImageError, UsageError
from monitor.text import plural
from monitor.vision.chips import face_chip
from monitor.vision.detector import FaceDetector
from monitor.vision.encoder import Embeddings, FaceEncoder
from monitor.vision.images import read_image
from monitor.vision.matching.gallery import Gallery, GalleryEntry
from monitor.vision.matching.joined import first_of, second_of
from monitor.vision.matching.still_encoder import StillEncoder

CLASSIC_DISTANCE: Final = 0.6
"""The distance under which `face_recognition.compare_faces` takes two faces for one person."""

FPIR: Final = 0.01
"""Where the two recipes are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFaces:
    """The largest face of each picture."""

    people: NDArray[np.int64]
    """(n,): whose picture it is, 0 for the first person."""
    plain: Embeddings
    """float32 (n, 128), as dlib gives them."""
    embeddings: Embeddings
    """float32 (n, 256), as Muster makes them of still images, of unit length."""
    missed: tuple[str, ...] = ()
    """Pictures that cannot be read or show no face."""


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """The results of one recipe."""

    name: str
    people: int
    """Enrolled."""
    trials: Trials
    default_threshold: str
    """The recipe's default threshold, in words."""
    default_fpir: Rate
    default_fnir: Rate
    roc: tuple[Floats, Floats]
    """False match rate and true match rate of single pairs of pictures."""

    @property
    def fnir(self) -> Rate:
        """At FPIR 1 %."""
        return self.trials.fnir(self.trials.threshold_at(FPIR))

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "recipe": self.name,
            "rank1": round(self.trials.rank1.value, 4),
            "fnir_at_fpir_1_percent": round(self.fnir.value, 4),
            "fnir_interval": [round(end, 4) for end in self.fnir.interval],
            "default": self.default_threshold,
            "default_fpir": round(self.default_fpir.value, 4),
            "default_fnir": round(self.default_fnir.value, 4),
        }


def embed_batch(
    batch: ImportBatch, *, workers: int, on_progress: Callable[[int, int], None] | None = None
) -> LabelledFaces:
    """Find and encode the largest face of every picture.

    Raises:
        ModelError: a model is missing or damaged.
    """
    pictures = [(row, picture) for row, person in enumerate(batch.people) for picture in person.pictures]
    people, encoded, missed = [], [], []
    with closing(worked_ahead((partial(_embed, picture=one) for _, one in pictures), _tools, workers)) as embedded:
        for done, ((row, picture), found) in enumerate(zip(pictures, embedded, strict=True), 1):
            if on_progress is not None:
                on_progress(done, len(pictures))
            if found is None:
                missed.append(picture.label)
            else:
                people.append(row)
                encoded.append(found)
    plain = np.array([one for one, _ in encoded], np.float32).reshape(-1, EMBEDDING_SIZE)
    joined = np.array([one for _, one in encoded], np.float32).reshape(-1, 2 * EMBEDDING_SIZE)
    return LabelledFaces(np.array(people, np.int64), plain, joined, tuple(missed))


_Tools: TypeAlias = tuple[FaceDetector, FaceEncoder, StillEncoder]


def _tools() -> _Tools:
    first = FaceEncoder()
    return FaceDetector(min_score=SURE), first, StillEncoder(first)


def _embed(tools: _Tools, picture: Picture) -> tuple[Embedding, Embedding] | None:
    """The face's descriptor as dlib gives it, float32 (128,), and the embedding that Muster compares, (256,)."""
    detector, first, both = tools
    try:
        with picture.at_hand() as path:
            rgb = read_image(path)
    except ImageError:
        return None
    faces = foreground(find_faces(detector, rgb))
    if not faces:
        return None
    chip = face_chip(rgb, faces[0])[None]
    return first.encode(chip)[0], both.embed(rgb, faces[:1], chip)[0]


def evaluate(
    faces: LabelledFaces, *, enrolled: int, target_fpir: float, margin: float, encoders: Encoders
) -> tuple[Recipe, Recipe]:
    """Muster, with these settings, and the classic recipe on the same faces.

    Args:
        enrolled: pictures a person that are enrolled; the others are probes.

    Raises:
        UsageError: fewer than two people, or no picture left to be a probe.
    """
    gallery, probes = _divide(faces.people, enrolled)
    owners = np.unique(faces.people[gallery])
    if len(owners) < 2 or not len(probes):
        raise UsageError(
            f"There are too few pictures: two people with at least {plural(enrolled + 1, 'picture')} each are needed."
        )
    trial = _Trial(
        [gallery[faces.people[gallery] == owner] for owner in owners],
        probes,
        np.searchsorted(owners, faces.people[probes]),
        np.asarray(faces.people[:, None] == faces.people[None], np.bool_),
    )
    entries = [
        GalleryEntry(UUID(int=row), "", mean_template(faces.embeddings[rows])) for row, rows in enumerate(trial.members)
    ]
    whole = Gallery(entries, target_fpir=target_fpir, margin=margin, encoders=encoders)
    default = f"target FPIR {target_fpir:g}, margin {margin:g}"
    return _muster(whole, faces.embeddings, trial, default), _classic(faces.plain, trial)


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """Which pictures are enrolled, and which are probes."""

    members: list[NDArray[np.int64]]
    """For each enrolled person the rows of their enrolled pictures."""
    probes: NDArray[np.int64]
    """(p,): rows of the probes."""
    own: NDArray[np.int64]
    """(p,): the place in `members` of each probe's own person."""
    pairs: NDArray[np.bool_]
    """(n, n): which pictures show one person."""


def _muster(gallery: Gallery, embeddings: Embeddings, trial: _Trial, default: str) -> Recipe:
    """By the gallery that the kiosk uses; the score is how far a similarity lies above its threshold."""
    probes, own = trial.probes, trial.own
    matches = [gallery.identify(embeddings[row]) for row in probes]
    strangers = [
        gallery.identify(embeddings[row], instead=(int(person), None)) for row, person in zip(probes, own, strict=True)
    ]
    first = np.array(
        [match.best is not None and match.best.person.int == person for match, person in zip(matches, own, strict=True)]
    )
    named = np.array([match.accepted for match in matches]) & first
    return Recipe(
        "Muster",
        len(gallery),
        Trials(_scores(strangers), _scores(matches), first),
        default,
        Rate(sum(match.accepted for match in strangers), len(own)),
        Rate(int((~named).sum()), len(own)),
        roc(*_pair_scores(_compared(embeddings, gallery.encoders), trial.pairs)),
    )


def _compared(embeddings: Embeddings, encoders: Encoders) -> Embeddings:
    """Similarities of all pairs of pictures, float32 (n, n)."""
    second = second_of(embeddings)
    if encoders == "sface" and second is not None:
        return second @ second.T
    rows = first_of(embeddings) if encoders == "dlib" else embeddings
    return rows @ rows.T


def _scores(matches: list[Match]) -> Floats:
    return np.array([match.best.similarity - match.threshold if match.best else -np.inf for match in matches])


def _classic(plain: Embeddings, trial: _Trial) -> Recipe:
    from scipy.spatial.distance import cdist

    distances = np.asarray(cdist(plain, plain), np.float64)
    scores = -np.stack([distances[np.ix_(trial.probes, rows)].min(axis=1) for rows in trial.members], axis=1)
    trials = _trials(scores, trial.own)
    return Recipe(
        "classic (nearest template)",
        len(trial.members),
        trials,
        f"distance {CLASSIC_DISTANCE:g}",
        trials.fpir(-CLASSIC_DISTANCE),
        trials.fnir(-CLASSIC_DISTANCE),
        roc(*_pair_scores(-distances, trial.pairs)),
    )


def _trials(scores: Floats, own: NDArray[np.int64]) -> Trials:
    rows = np.arange(len(own))
    genuine = scores[rows, own]
    others = scores.copy()
    others[rows, own] = -np.inf
    return Trials(others.max(axis=1), genuine, genuine > others.max(axis=1))


def _divide(people: NDArray[np.int64], enrolled: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the pictures that are enrolled, and of the probes."""
    place = np.array([np.count_nonzero(people[:row] == person) for row, person in enumerate(people)], np.int64)
    return np.flatnonzero(place < enrolled), np.flatnonzero(place >= enrolled)


def _pair_scores(scores: Floats | Embeddings, same: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    upper = np.triu_indices(len(scores), 1)
    values, genuine = scores[upper].astype(np.float64), same[upper]
    return values[genuine], values[~genuine]


def joined(batches: Iterable[ImportBatch]) -> ImportBatch:
    """Several batches as one; people of different batches stay apart, even under one name."""
    return ImportBatch(tuple(person for batch in batches for person in batch.people))
