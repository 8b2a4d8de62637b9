"""The similarity limits of enrolment: from which cosine two faces belong to one person, and what was measured.

Similarities are cosines of embeddings of stills (`embed_stills`); those of single frames are lower by about 0.007. ORL:
40 people, 10 images each; portraits: 327 people with two official portraits each, many of them years apart.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.domain import Embedding
from monitor.vision.encoder import unit
from monitor.vision.matching.threshold import for_means, usual_similarity

Embeddings = NDArray[np.float32]

FITS: Final = 0.915
"""An image less similar than this to the mean of the person's other images shows somebody else."""

_FITS_WELL: Final = 0.935
_GAP: Final = 0.03
"""Where the others fit each other well, an image must not fall this far behind them, up to a fit of `_FITS_WELL`. One
mislabelled image among four is found in 98.8 % of cases on ORL, and a stranger's portrait among ORL's in 99.2 %; no
right image of 16,000 was taken out."""

_CONTRADICTORY: Final = 0.91
"""Two images that are all there is contradict each other below this; 96 % of different people's do, and no official
portraits of one person that are years apart."""

_GROUP: Final = 2
_ONE_PERSON: Final = 0.925
"""Groups of `_GROUP` or more images that are less similar on average, pair by pair, show different people. Two and two
are found in 95.9 % of cases on ORL and 99 % on the portraits, four of each of three people in 95 %; of ORL's right
images none was taken out, and 0.9 % of the portraits of one person that are years apart lie below."""

SURE: Final = 0.935
"""One of several faces on a picture is taken for the person's from this similarity on."""

_ALIKE: Final = (0.933, 0.945, 0.955)
"""Mean templates of 1, 2 and 3 or more images that are at least this similar may belong to one person. Chosen, with
`_CROWDING`, on one half of the portraits (164 people, one image each, years apart: someone enrolled twice is found in
94.5 %) and measured on the other: found in 96.9 %, and 13.5 % of new people are reported with somebody else. All 327:
95.7 and 21 %. ORL: found in 97.5 % with one image each and 100 % with three; somebody else is reported in 7.5 and
0 %."""

_NEIGHBOURS: Final = 3
_CROWDING: Final = 0.4
"""Crowding correction: where a template's mean similarity to its `_NEIGHBOURS` nearest others exceeds what is usual for
the gallery's size, the limit rises by this share of the excess; it falls where the mean is below the usual."""
_MOST_CROWDING: Final = 0.02
"""The largest excess or shortfall that counts."""

MOST_LOWERED: Final = _CROWDING * _MOST_CROWDING
"""The crowding correction lowers no limit by more than this."""

ALMOST_SURELY_ONE: Final = 0.955
"""Two single images of different people are this similar once in 100,000 times."""


def mean_template(embeddings: Embeddings) -> Embedding:
    """The template of a person: the mean of their unit embeddings, not scaled back to length 1.

    Its length says how much the images differ, which the threshold needs to know.

    Args:
        embeddings: float32 (n, 128), n at least 1, each row of length 1.

    Returns:
        float32 (128,).
    """
    return np.asarray(embeddings.mean(axis=0), np.float32)


def similarity(one: Sequence[Embedding], other: Sequence[Embedding]) -> float | None:
    """Cosine of the mean templates of two sets of faces; None when one set is empty.

    Args:
        one: float32 (128,) each, of length 1.
        other: the second set.
    """
    if not len(one) or not len(other):
        return None
    first, second = (unit(mean_template(np.stack(faces))) for faces in (one, other))
    return float(first @ second)


def fit_of_each(embeddings: Embeddings) -> NDArray[np.float32]:
    """How similar each image is to the mean of the others.

    Args:
        embeddings: float32 (n, 128), n at least 2, each row of length 1.

    Returns:
        float32 (n,), cosines.
    """
    others = unit(embeddings.sum(axis=0, keepdims=True) - embeddings)
    return np.asarray((embeddings * others).sum(axis=1), np.float32)


def misfits(embeddings: Embeddings, *, vouched: int = 0) -> dict[int, float]:
    """Images that show somebody else than the rest, the worst taken out first.

    Of two images that contradict each other neither is known to be right, so both are given back; unless others vouch
    for one of them.

    Args:
        embeddings: float32 (n, 128), each row of length 1.
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
        embeddings: float32 (n, 128), each row of length 1.
        vouched: that many at the front are never taken out.

    Returns:
        As `misfits`.
    """
    from scipy.cluster.hierarchy import fcluster, linkage

    left = np.arange(len(embeddings))
    found: dict[int, float] = {}
    while len(left) >= 2 * _GROUP:
        second = fcluster(linkage(embeddings[left], "average", "cosine"), 2, "maxclust") == 2
        groups = sorted((left[second], left[~second]), key=lambda group: ((group < vouched).any(), len(group)))
        smaller, larger = groups
        if min(map(len, groups)) < _GROUP or (smaller < vouched).any():
            break
        similarity = float((embeddings[smaller] @ embeddings[larger].T).mean())
        if similarity >= _ONE_PERSON:
            break
        equal = len(smaller) == len(larger) and not (larger < vouched).any()
        found |= dict.fromkeys(map(int, left if equal else smaller), similarity)
        left = left[:0] if equal else larger
    return found


def _needed(embeddings: Embeddings, judged: int) -> float:
    """The fit that an image must have, by how well the others fit each other."""
    if len(embeddings) == 2:
        return _CONTRADICTORY
    others = fit_of_each(np.delete(embeddings, judged, axis=0))
    return min(max(float(others.min()) - _GAP, FITS), _FITS_WELL)


def choose_face(candidates: Embeddings, reference: Embeddings) -> int | None:
    """Which of several faces on a picture is the person's; None when that is not certain.

    Args:
        candidates: float32 (n, 128), the faces.
        reference: float32 (m, 128), the person's other images; m may be 0.
    """
    if not len(reference):
        return None
    similarities = candidates @ unit(mean_template(reference))
    order = np.argsort(-similarities)
    clear = len(order) == 1 or similarities[order[1]] < FITS
    return int(order[0]) if similarities[order[0]] >= SURE and clear else None


def alike_from(members: Sequence[int]) -> float:
    """The similarity from which two mean templates may belong to one person.

    Args:
        members: how many images are behind each.
    """
    return _ALIKE[min(max(min(members), 1), len(_ALIKE)) - 1]


def crowding(similarities: NDArray[np.float32], rows: NDArray[np.int64], usual: float) -> NDArray[np.float32]:
    """The crowding correction: how much the limit of `alike_from` moves for some of the people compared with.

    Args:
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
    return np.asarray(_CROWDING * np.clip(found - usual, -_MOST_CROWDING, _MOST_CROWDING), np.float32)


def usually_next(size: int, mean_length: float, length: float) -> float:
    """The usual mean similarity of the nearest three people, as `crowding` needs it.

    Args:
        size: people that a template is compared with.
        mean_length: of their templates.
        length: of the template.
    """
    usual = usual_similarity(range(1, _NEIGHBOURS + 1), max(size, _NEIGHBOURS))
    return float(for_means(usual, np.float64(mean_length), min(length, 1.0)))
