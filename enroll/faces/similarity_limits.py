"""The similarity limits of enrolment: from which cosine two faces belong to one person, and what was measured.

Similarities are cosines of embeddings of stills (`embed_stills`); those of single frames are lower by about 0.007. ORL:
40 people, 10 images each; portraits: 327 people with two official portraits each, many of them years apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.domain import Embedding
from monitor.vision.encoder import unit
from monitor.vision.matching.joined import comparable, is_joined
from monitor.vision.matching.threshold import DLIB, JOINED, Curve

Embeddings = NDArray[np.float32]

_GROUP: Final = 2
"""Images that make a group."""
_NEIGHBOURS: Final = 3
_CROWDING: Final = 0.4
"""Crowding correction: where a template's mean similarity to its `_NEIGHBOURS` nearest others exceeds what is usual for
the gallery's size, the limit rises by this share of the excess; it falls where the mean is below the usual."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Similarities that decide whether faces belong to one person, for one kind of embedding."""

    curve: Curve
    fits: float
    """An image less similar than this to the mean of the person's other images shows somebody else."""
    fits_well: float
    gap: float
    """Where the others fit each other well, an image must not fall this far behind them, up to `fits_well`."""
    contradictory: float
    """Two images that are all there is contradict each other below this."""
    one_person: float
    """Groups of two or more images that are less similar on average, pair by pair, show different people."""
    sure: float
    """One of several faces on a picture is taken for the person's from this similarity on."""
    alike: tuple[float, float, float]
    """Mean templates of 1, 2 and 3 or more images that are at least this similar may belong to one person."""
    almost_surely_one: float
    """Two single images of different people are this similar once in 100,000 times."""

    @property
    def most_crowding(self) -> float:
        """The largest excess or shortfall that counts in the crowding correction, as a similarity."""
        return 0.02 * self.curve.unit

    @property
    def most_lowered(self) -> float:
        """The crowding correction lowers no limit by more than this."""
        return _CROWDING * self.most_crowding

    def alike_from(self, members: Sequence[int]) -> float:
        """The similarity from which two mean templates, each of so many images, may belong to one person."""
        return self.alike[min(max(min(members), 1), len(self.alike)) - 1]


ALONE: Final = Limits(
    DLIB,
    fits=0.915,
    fits_well=0.935,
    gap=0.03,
    contradictory=0.91,
    one_person=0.925,
    sure=0.935,
    alike=(0.933, 0.945, 0.955),
    almost_surely_one=0.955,
)
"""For embeddings of dlib's network alone. One mislabelled image among four is found in 98.8 % of cases on ORL, somebody
enrolled twice with one portrait each in 95.7 %, and 21 % of new people are reported with somebody else."""

BOTH: Final = Limits(
    JOINED,
    fits=0.66,
    fits_well=0.70,
    gap=0.15,
    contradictory=0.60,
    one_person=0.64,
    sure=0.68,
    alike=(0.67, 0.69, 0.72),
    almost_surely_one=0.72,
)
"""For joined embeddings, chosen on every other portrait (164 people, one image each, years apart) and half of ORL. On
all: one mislabelled image among four, and two and two, are found in 100 % of cases on ORL, and no right image of 1,600
was taken out; somebody enrolled twice is found in 97.6 % with one portrait each and in 100 % on ORL; 2.8 and 2.5 % of
new people are reported with somebody else; 0.3 % of the pairs of portraits of one person contradict each other."""


def limits_of(embeddings: Embeddings) -> Limits:
    """The limits for embeddings of this kind, float32 (..., 128 or 256)."""
    return BOTH if is_joined(embeddings) else ALONE


def mean_template(embeddings: Embeddings) -> Embedding:
    """The template of a person, float32 (128 or 256,): the mean of their unit embeddings (n, 128 or 256), n at least 1.

    It is not scaled back to length 1: its length says how much the images differ, which the threshold needs to know.
    """
    return np.asarray(embeddings.mean(axis=0), np.float32)


def similarity(one: Sequence[Embedding], other: Sequence[Embedding]) -> tuple[float, Limits] | None:
    """Cosine of the mean templates of two sets of unit embeddings, and the limits for it; None when one set is empty.

    Joined ones are compared as such where all are joined.
    """
    if not len(one) or not len(other):
        return None
    faces = comparable([*one, *other])
    first, second = (unit(mean_template(some)) for some in (faces[: len(one)], faces[len(one) :]))
    return float(first @ second), limits_of(faces)


def fit_of_each(embeddings: Embeddings) -> NDArray[np.float32]:
    """Cosine of each unit embedding (n, 128 or 256), n at least 2, to the mean of the others: float32 (n,)."""
    others = unit(embeddings.sum(axis=0, keepdims=True) - embeddings)
    return np.asarray((embeddings * others).sum(axis=1), np.float32)


def misfits(embeddings: Embeddings, *, vouched: int = 0) -> dict[int, float]:
    """Images that show somebody else than the rest, the worst taken out first.

    Of two images that contradict each other neither is known to be right, so both are given back; unless others vouch
    for one of them.

    Args:
        embeddings: float32 (n, 128 or 256), each row of length 1.
        vouched: that many at the front are enrolled already and never taken out.

    Returns:
        Row and similarity of each misfit.
    """
    found = _mixed(embeddings, vouched)
    left = [row for row in range(len(embeddings)) if row not in found]
    while len(left) >= 2:
        fits = fit_of_each(embeddings[left])
        judged = [place for place, row in enumerate(left) if row >= vouched]
        if not judged:
            break
        worst = min(judged, key=lambda place: float(fits[place]))
        if fits[worst] >= _needed(embeddings[left], worst):
            break
        if len(left) == 2 and not vouched:
            found |= {row: float(fits[worst]) for row in left}
            break
        found[left.pop(worst)] = float(fits[worst])
    return found


def _mixed(embeddings: Embeddings, vouched: int) -> dict[int, float]:
    """Images of several people, two or more each, which hide among each other: an image fits well to a mean that holds
    another one of the same person. The smaller group goes; of two equal ones neither is known to be right.

    Args:
        embeddings: float32 (n, 128 or 256), each row of length 1.
        vouched: that many at the front are never taken out.

    Returns:
        As `misfits`.
    """
    if len(embeddings) < 2 * _GROUP:
        return {}
    from scipy.cluster.hierarchy import fcluster, linkage  # behind the question: importing it takes 0.3 s

    left = np.arange(len(embeddings))
    found: dict[int, float] = {}
    while len(left) >= 2 * _GROUP:
        second = fcluster(linkage(embeddings[left], "average", "cosine"), 2, "maxclust") == 2
        groups = sorted((left[second], left[~second]), key=lambda group: ((group < vouched).any(), len(group)))
        smaller, larger = groups
        if min(map(len, groups)) < _GROUP or (smaller < vouched).any():
            break
        similarity = float((embeddings[smaller] @ embeddings[larger].T).mean())
        if similarity >= limits_of(embeddings).one_person:
            break
        equal = len(smaller) == len(larger) and not (larger < vouched).any()
        found |= dict.fromkeys(map(int, left if equal else smaller), similarity)
        left = left[:0] if equal else larger
    return found


def _needed(embeddings: Embeddings, judged: int) -> float:
    """The fit that an image must have, by how well the others fit each other."""
    limits = limits_of(embeddings)
    if len(embeddings) == 2:
        return limits.contradictory
    others = fit_of_each(np.delete(embeddings, judged, axis=0))
    return min(max(float(others.min()) - limits.gap, limits.fits), limits.fits_well)


def choose_face(candidates: Embeddings, reference: Embeddings) -> int | None:
    """Which of several faces on a picture, (n, 128 or 256), is the person's; None when that is not certain.

    The reference are the person's other images, (m, 128 or 256); m may be 0.
    """
    if not len(reference):
        return None
    limits = limits_of(reference)
    similarities = candidates @ unit(mean_template(reference))
    order = np.argsort(-similarities)
    clear = len(order) == 1 or similarities[order[1]] < limits.fits
    return int(order[0]) if similarities[order[0]] >= limits.sure and clear else None


def crowding(
    limits: Limits, similarities: NDArray[np.float32], rows: NDArray[np.int64], usual: float
) -> NDArray[np.float32]:
    """The crowding correction: how much the limit of `alike_from` moves for some of the people compared with.

    Args:
        limits: for the embeddings compared.
        similarities: float32 (n,), of the template to everybody else's.
        rows: int64 (k,), those who may be the same person.
        usual: mean similarity of the next three people in a gallery of this size.

    Returns:
        float32 (k,): above 0 where the template is like many people, below where it is like few; 0 in a gallery of
        three or fewer.
    """
    if len(similarities) <= _NEIGHBOURS:
        return np.zeros(len(rows), np.float32)
    largest = np.sort(np.partition(similarities, -_NEIGHBOURS - 1)[-_NEIGHBOURS - 1 :])[::-1]
    theirs = similarities[rows]
    found = np.where(theirs >= largest[-1], (largest.sum() - theirs) / _NEIGHBOURS, largest[:_NEIGHBOURS].mean())
    most = limits.most_crowding
    return np.asarray(_CROWDING * np.clip(found - usual, -most, most), np.float32)


def usually_next(curve: Curve, size: int, mean_length: float, length: float) -> float:
    """The usual mean similarity of the nearest three people to a template of this length, as `crowding` needs it.

    Args:
        size: people that the template is compared with.
        mean_length: of their templates.
    """
    usual = curve.usual_similarity(range(1, _NEIGHBOURS + 1), max(size, _NEIGHBOURS))
    return float(curve.for_means(usual, np.float64(mean_length), min(length, 1.0)))
