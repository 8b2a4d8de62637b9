"""Calibration of probabilities: reliability, temperature scaling, smoothing and class offsets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special
from scipy.optimize import minimize, minimize_scalar

BINS = 15
FLOOR = 0.004
"""Added to every probability after the smoothing is removed, so that no probability is 0."""

OFFSET_STEP = 0.02
"""In logits."""

OFFSET_STEPS = 150
"""Largest number of steps."""


SHRINKAGE = 1e-3
"""Weight of the squared biases in `fitted_to_votes`, against the mean cross-entropy in nats."""


@dataclass(frozen=True, slots=True, eq=False)
class ReliabilityDiagram:
    """Confidence and accuracy of the predicted class, in bins of equal width (Guo et al. 2017)."""

    confidence: NDArray[np.float64]
    """float64 (15,): mean confidence of the faces in each bin; NaN in an empty bin."""
    accuracy: NDArray[np.float64]
    """float64 (15,): accuracy on the faces in each bin; NaN in an empty bin."""
    counts: NDArray[np.int64]
    """int64 (15,): faces in each bin."""

    @property
    def error(self) -> float:
        """Expected calibration error (ECE), 0 to 1."""
        filled = self.counts > 0
        gaps = np.abs(self.confidence - self.accuracy)[filled]
        return float(np.average(gaps, weights=self.counts[filled])) if filled.any() else 0.0


def calibration_of(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> ReliabilityDiagram:
    """The reliability diagram of probabilities float32 (n, 7) and labels int64 (n,)."""
    return binned_gap(probabilities.max(axis=1), (probabilities.argmax(axis=1) == labels).astype(np.float32))


def binned_gap(confidence: NDArray[np.float32], right: NDArray[np.float32]) -> ReliabilityDiagram:
    """The reliability diagram of confidences and of how right each answer is, both float32 (n,) in 0 to 1."""
    # As in the paper, a bin includes its upper end: (0, 1/15], (1/15, 2/15], ...
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    with np.errstate(invalid="ignore"):
        return ReliabilityDiagram(
            np.bincount(bins, confidence, BINS) / counts, np.bincount(bins, right, BINS) / counts, counts
        )


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float32]:
    """Probabilities float32 (n, 7) of logits (n, 7); each row sums to 1."""
    return np.asarray(special.softmax(logits, axis=1), np.float32)


def unsmoothed(logits: NDArray[np.float32], smoothing: float) -> NDArray[np.float32]:
    """Logits float32 (n, 7) without the effect of label smoothing.

    A network that is trained with label smoothing, 0 to 1, adds the share `smoothing` of a uniform distribution to its
    probabilities. This share is subtracted, and `FLOOR` is added; 0 returns the logits unchanged.
    """
    if not smoothing:
        return logits
    hidden = np.maximum(softmax(logits) - smoothing / logits.shape[1], 0) + FLOOR
    return np.asarray(np.log(hidden), np.float32)


def fitted_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature of logits (n, 7), or log-probabilities, with the smallest negative log-likelihood of the labels.

    Guo et al. 2017, section 4.2.
    """

    def negative_log_likelihood(log_temperature: float) -> float:
        likelihood = softmax(logits.astype(np.float64) / np.exp(log_temperature))
        return float(-np.log(np.maximum(likelihood[np.arange(len(labels)), labels], 1e-12)).mean())

    return float(np.exp(minimize_scalar(negative_log_likelihood, bounds=(-2.5, 2.5), method="bounded").x))


def fitted_offsets(logits: NDArray[np.float32], labels: NDArray[np.int64], least: float) -> NDArray[np.float32]:
    """Offsets to add to the logits, so that every class reaches a recall.

    Each step raises the offset of the class with the lowest recall until all classes reach `least`. This moves
    decisions from frequent to rare classes and costs accuracy.

    Args:
        logits: float32 (n, 7).
        labels: int64 (n,).
        least: smallest recall of every class that has faces, 0 to 1.

    Returns:
        float32 (7,); after `OFFSET_STEPS` steps a class can still be below `least`.
    """
    offsets = np.zeros(logits.shape[1], np.float32)
    present = np.unique(labels)
    for _ in range(OFFSET_STEPS):
        answers = (logits + offsets).argmax(axis=1)
        recalls = np.array([(answers[labels == emotion] == emotion).mean() for emotion in present])
        if recalls.min() >= least:
            break
        offsets[present[recalls.argmin()]] += OFFSET_STEP
    return offsets


def fitted_to_votes(logits: NDArray[np.float32], shares: NDArray[np.float32]) -> tuple[float, NDArray[np.float32]]:
    """A temperature, and a bias for each class, with the smallest cross-entropy to people's votes.

    Bias-corrected temperature scaling (Alexandari et al. 2020): softmax(logits / temperature + biases), with shares of
    the votes, (n, 8), in the place of labels.
    """
    scores = logits.astype(np.float64)

    def cross_entropy(values: NDArray[np.float64]) -> float:
        likelihood = special.log_softmax(scores / np.exp(values[0]) + values[1:], axis=1)
        return float(-(shares * likelihood).sum(axis=1).mean() + SHRINKAGE * (values[1:] ** 2).sum())

    found = minimize(cross_entropy, np.zeros(1 + logits.shape[1])).x
    return float(np.exp(found[0])), np.asarray(found[1:], np.float32)
