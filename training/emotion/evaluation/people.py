"""Agreement of a model's answer with ten people who saw the same faces (FER+'s votes, Barsoum et al. 2016)."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

from monitor.domain import EMOTIONS
from training.emotion.data.votes import as_emotions, emotion_votes, majorities
from training.emotion.evaluation.calibration import binned_gap

NEUTRAL = EMOTIONS.index("neutral")

CONFIDENCES = (0.0, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
"""Least confidences for which coverage and agreement are told."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is left when answers below a confidence are "unsure"."""

    confidence: float
    answered: float
    """Share of the faces that still have an answer, 0 to 1."""
    agreement: float | None
    """Of these; None where no face is left."""


@dataclass(frozen=True, slots=True, eq=False)
class PeopleScores:
    """How a model's answer compares with people's. A face has a favourite where one emotion has more votes than any
    other; contempt counts as neutral."""

    faces: int
    """With votes for an emotion."""
    clear: int
    """Of these, with a favourite."""
    agreement: float
    """Share of the clear faces that get their favourite, 0 to 1."""
    with_ties: float
    """The same over all faces, where of equally many votes FER2013's first emotion wins."""
    eight: float | None
    """The favourite of FER+'s eight classes, ties to the first, contempt a class of its own; None for a model without
    votes."""
    majorities: int
    """Faces on which more than half agree, by the protocol of FER+'s authors; see `votes.majorities`."""
    protocol: float | None
    """Share of these that get the majority, of eight classes, 0 to 1: the figure that others publish. None for a model
    without votes."""
    calibration_error: float
    """Between confidence and the share of people who give that answer; 15 bins, 0 to 1."""
    brier: float
    """Mean squared distance to the shares of the votes, summed over the emotions; 0 to 2."""
    neutral: tuple[float, ...]
    """Of the faces that people call neutral: the share of each answer, in the order of EMOTIONS."""
    coverage: tuple[Coverage, ...]
    confusion: NDArray[np.int64]
    """int64 (7, 7) of the clear faces: rows are people's favourites, columns the answers."""

    def as_json(self) -> dict[str, Any]:
        """All numbers as JSON."""
        numbers = {name: getattr(self, name) for name in self.__slots__}
        return numbers | {
            "neutral": dict(zip(EMOTIONS, self.neutral, strict=True)),
            "coverage": [asdict(each) for each in self.coverage],
            "confusion": self.confusion.tolist(),
        }


def people_scores(
    seven: NDArray[np.float32], votes: NDArray[np.float32], eight: NDArray[np.float32] | None = None
) -> PeopleScores:
    """Compare a model's answers with the votes.

    Args:
        seven: float32 (n, 7), the model's probabilities in the order of EMOTIONS.
        votes: float32 (n, 10) of FER+, for the same faces; at least one must have votes for an emotion.
        eight: float32 (n, 8), the model's shares of FER+'s classes.
    """
    shares = emotion_votes(votes)
    voted, majority = shares.any(axis=1), majorities(votes)
    has = majority >= 0
    seven, shares = seven[voted], shares[voted]
    wanted = as_emotions(shares)
    favourite, answer, confidence = wanted.argmax(axis=1), seven.argmax(axis=1), seven.max(axis=1)
    ordered = np.sort(wanted, axis=1)
    clear = ordered[:, -1] > ordered[:, -2] + 1e-4
    agrees = answer == favourite
    calm = answer[clear & (favourite == NEUTRAL)]
    given = wanted[np.arange(len(wanted)), answer]
    return PeopleScores(
        faces=len(wanted),
        clear=int(clear.sum()),
        agreement=_share(agrees[clear]) or 0.0,
        with_ties=float(agrees.mean()),
        eight=None if eight is None else float((eight[voted].argmax(axis=1) == shares.argmax(axis=1)).mean()),
        majorities=int(has.sum()),
        protocol=None if eight is None else _share(eight[has].argmax(axis=1) == majority[has]),
        calibration_error=binned_gap(confidence, given).error,
        brier=float(((seven - wanted) ** 2).sum(axis=1).mean()),
        neutral=tuple(float((calm == number).mean()) if len(calm) else 0.0 for number in range(len(EMOTIONS))),
        coverage=tuple(
            Coverage(least, float((confidence[clear] >= least).mean()), _share(agrees[clear & (confidence >= least)]))
            for least in CONFIDENCES
        ),
        confusion=confusion_matrix(favourite[clear], answer[clear], labels=range(len(EMOTIONS))).astype(np.int64),
    )


def _share(right: NDArray[np.bool_]) -> float | None:
    return float(right.mean()) if len(right) else None
