"""FER+'s votes (Barsoum et al. 2016) and the rows of FER2013 that they belong to."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from monitor.errors import DataError
from training.emotion.data.fer2013 import Fer2013

CLASSES = 10
"""Neutral, happiness, surprise, sadness, anger, disgust, fear, contempt, unknown, no face."""

PEOPLE = 10
"""Who voted on each face."""

NO_FACE = 9
AS_EMOTION = (6, 3, 5, 4, 0, 1, 2, -1, -1, -1)
"""The number of each FER+ class in FER2013; -1 where FER2013 does not have the class."""

CONTEMPT_AS = 6
"""Contempt counts as neutral: of the 166 training faces that most people call contemptuous, 15 % of the other votes go
to neutral and 6 % to sadness, the next. So it is for single votes (36 and 12 %)."""

HELD = 8
"""FER+'s classes that are emotions; unknown and no face are not."""

FITTED_ON = slice(0, None, 2)
"""The faces of a split on which people's answer is calibrated; the others judge it."""

AGREEMENT = 0.6
"""Share of the faces whose FER2013 label is the class with most FER+ votes, as `_matched` assumes."""

LEAST_AGREEMENT = 0.45
"""Smallest share that is accepted."""

Votes = NDArray[np.float32]


def load_votes(path: Path) -> Votes:
    """The votes of each row of FER+'s CSV, float32 (rows, 10).

    Raises:
        DataError: the file is missing or of another form.
    """
    try:
        return np.loadtxt(path, np.float32, delimiter=",", skiprows=1, usecols=range(2, 2 + CLASSES), ndmin=2)
    except (OSError, ValueError, IndexError) as error:
        raise DataError(f"The FER+ votes {path} cannot be read: {error}.") from None


def emotion_votes(votes: Votes) -> Votes:
    """The shares of FER+'s eight emotions, float32 (n, 8), of votes (n, 10).

    Rows sum to 1; they are all 0 for a face without such votes, and for one that most people could not name or see.
    """
    named = votes[:, :HELD] * (votes.argmax(axis=1) < HELD)[:, None]
    total = named.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(named, total, out=np.zeros_like(named), where=total > 0), np.float32)


def majorities(votes: Votes) -> NDArray[np.int64]:
    """The class that most people chose, int64 (n,), by votes (n, 10) or their shares.

    The protocol is that of FER+'s authors (Barsoum et al. 2016, "majority voting"): a single vote counts as a slip, and
    of the others more than half must agree. -1 where they do not, or say unknown or no face.
    """
    total = np.maximum(votes.sum(axis=1, keepdims=True), 1e-9)
    counts = (votes / total * PEOPLE).round()
    counts[counts <= 1] = 0
    most = counts.argmax(axis=1)
    return np.where((2 * counts.max(axis=1) > counts.sum(axis=1)) & (most < HELD), most, -1)


def as_emotions(eight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares float32 (n, 7) in the order of EMOTIONS from shares (n, 8) of FER+'s emotions; see `CONTEMPT_AS`."""
    seven = np.zeros((len(eight), len(EMOTIONS)), np.float32)
    seven[:, list(AS_EMOTION[: len(EMOTIONS)])] = eight[:, : len(EMOTIONS)]
    seven[:, CONTEMPT_AS] += eight[:, len(EMOTIONS)]
    return seven


def votes_by_row(votes: Votes, data: Fer2013) -> Votes:
    """The votes of every data row of FER2013's CSV.

    Some copies of FER2013 lack pictures without a face, or have them at the end; after the first missing picture
    their rows and those of FER+ differ. The labels show which pictures are missing: the path through both files on
    which labels and votes agree best (Viterbi 1967).

    Args:
        votes: float32 (rows, 10), in FER+'s order.
        data: FER2013, read from its CSV.

    Returns:
        float32 (rows, 10): shares of the votes; all 0 for a row without votes.

    Raises:
        DataError: the votes belong to another file.
    """
    rows = 1 + max(int(split.rows.max()) for split in data.splits.values())
    labels = np.full(rows, -1)
    for split in data.splits.values():
        labels[split.rows] = split.labels
    places = _matched(labels, votes)
    known = (places >= 0) & (labels >= 0)
    found = np.zeros((rows, CLASSES), np.float32)
    found[known] = votes[places[known]]
    answers = np.array(AS_EMOTION)[found.argmax(axis=1)]
    judged = known & (answers >= 0)
    agreement = float((answers[judged] == labels[judged]).mean()) if judged.any() else 0.0
    if agreement < LEAST_AGREEMENT:
        raise DataError(
            f"The FER+ votes agree with only {agreement:.0%} of the labels, so they belong to another FER2013 file."
        )
    total = found.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(found, total, out=np.zeros_like(found), where=total > 0), np.float32)


def _matched(labels: NDArray[np.int64], votes: Votes) -> NDArray[np.int64]:
    """int64 (rows,): the FER+ row of every FER2013 row; -1 where FER+ has none."""
    answers = np.array(AS_EMOTION)[votes.argmax(axis=1)]
    faceless = votes.argmax(axis=1) == NO_FACE
    # Indexed by the number of faceless pictures that are missing so far: row r of FER+ is row r - gone of FER2013.
    scores = np.full(int(faceless.sum()) + 1, -np.inf)
    scores[0] = 0.0
    gone = np.arange(len(scores))
    taken = []
    for row, answer in enumerate(answers):
        places = row - gone
        inside = (places >= 0) & (places < len(labels))
        seen = np.where(inside, labels[np.clip(places, 0, len(labels) - 1)], -1)
        stays = scores + _likelihood(seen, int(answer))
        if faceless[row]:
            leaves = np.concatenate([[-np.inf], scores[:-1]])
            taken.append(leaves > stays)
            stays = np.maximum(leaves, stays)
        scores = stays
    return _walked_back(int(scores.argmax()), faceless, taken, len(labels))


def _likelihood(seen: NDArray[np.int64], answer: int) -> NDArray[np.float64]:
    """Log-probability of each label given one FER+ class; log(1/7) where the class or the label is unknown."""
    if answer < 0:
        return np.full(len(seen), np.log(1 / 7))
    agreed = np.where(seen == answer, np.log(AGREEMENT), np.log((1 - AGREEMENT) / 6))
    return np.where(seen < 0, np.log(1 / 7), agreed)


def _walked_back(
    gone: int, faceless: NDArray[np.bool_], taken: list[NDArray[np.bool_]], rows: int
) -> NDArray[np.int64]:
    places = np.full(rows, -1)
    number = len(taken)
    for row in range(len(faceless) - 1, -1, -1):
        if faceless[row]:
            number -= 1
            if taken[number][gone]:
                gone -= 1
                continue
        if 0 <= row - gone < rows:
            places[row - gone] = row
    return places
