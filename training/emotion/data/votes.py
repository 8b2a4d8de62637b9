"""FER+'s votes (Barsoum et al. 2016) and the rows of FER2013 that they belong to."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.errors import DataError
from training.emotion.data.fer2013 import Fer2013

CLASSES = 10
"""Neutral, happiness, surprise, sadness, anger, disgust, fear, contempt, unknown, no face."""

NO_FACE = 9
AS_EMOTION = (6, 3, 5, 4, 0, 1, 2, -1, -1, -1)
"""FER2013's number for each class of FER+; -1 without one."""

AGREEMENT = 0.6
"""How often FER2013's label is the class that most of FER+'s people voted for."""

LEAST_AGREEMENT = 0.45

Votes = NDArray[np.float32]


def load_votes(path: Path) -> Votes:
    """Read FER+'s file.

    Returns:
        float32 (rows, 10): the votes of each row.

    Raises:
        DataError: the file is missing or not in FER+'s form.
    """
    try:
        return np.loadtxt(path, np.float32, delimiter=",", skiprows=1, usecols=range(2, 2 + CLASSES), ndmin=2)
    except (OSError, ValueError, IndexError) as error:
        raise DataError(f"The FER+ votes {path} cannot be read: {error}.") from None


def votes_by_row(votes: Votes, data: Fer2013) -> Votes:
    """The votes of every data row of FER2013's CSV.

    Copies of FER2013 are in circulation that have lost some pictures without a face, or have them at the end; from
    there on their rows and FER+'s no longer match. Which of them are gone is found by the labels: the path through
    both files on which labels and votes agree best (Viterbi 1967).

    Args:
        votes: float32 (rows, 10), in FER+'s order.
        data: FER2013, read from its CSV.

    Returns:
        float32 (rows, 10): shares of the votes; all zero for a row without any.

    Raises:
        DataError: labels and votes do not belong together.
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
            f"FER+'s votes agree with only {agreement:.0%} of the labels; they belong to another file than this one."
        )
    total = found.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(found, total, out=np.zeros_like(found), where=total > 0), np.float32)


def _matched(labels: NDArray[np.int64], votes: Votes) -> NDArray[np.int64]:
    """For every row of FER2013 its row in FER+, -1 where there is none."""
    answers = np.array(AS_EMOTION)[votes.argmax(axis=1)]
    faceless = votes.argmax(axis=1) == NO_FACE
    # By the number of faceless pictures that are gone so far; row r of FER+ is row r - gone of FER2013.
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
    """Logarithm of the probability of each label beside one answer; the same for all that tell nothing."""
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
