"""How far stated probabilities can be believed, and the one number that mends them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

BINS = 15
FLOOR = 0.004
"""Added to every probability that smoothing is taken off from, so that none is impossible."""

OFFSET_STEP = 0.02
OFFSET_STEPS = 150


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """The reliability of the likeliest class, in bins of equal width (Guo et al. 2017)."""

    confidence: NDArray[np.float64]
    """float64 (15,): mean confidence of a bin's faces; NaN where it has none."""
    accuracy: NDArray[np.float64]
    """float64 (15,): share of them that is right; NaN where it has none."""
    counts: NDArray[np.int64]
    """int64 (15,)."""

    @property
    def error(self) -> float:
        """Expected calibration error, 0 to 1."""
        filled = self.counts > 0
        gaps = np.abs(self.confidence - self.accuracy)[filled]
        return float(np.average(gaps, weights=self.counts[filled])) if filled.any() else 0.0


def calibration_of(probabilities: NDArray[np.float32], labels: NDArray[np.int64]) -> Calibration:
    """Reliability of probabilities (n, 7) against the labels (n,)."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = (probabilities.argmax(axis=1) == labels).astype(np.float64)
    # A bin holds its upper end, as in the paper: (0, 1/15], (1/15, 2/15], ...
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    counts = np.bincount(bins, minlength=BINS)
    with np.errstate(invalid="ignore"):
        return Calibration(
            np.bincount(bins, confidence, BINS) / counts, np.bincount(bins, right, BINS) / counts, counts
        )


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float32]:
    """float32 (n, 7), rows sum to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def unsmoothed(logits: NDArray[np.float32], smoothing: float) -> NDArray[np.float32]:
    """Logits of the probabilities that label smoothing hid.

    A network that learned from smoothed labels answers a mixture of the truth and of one seventh for every class;
    the seventh's share is taken off again, down to `FLOOR`.

    Args:
        logits: float32 (n, 7).
        smoothing: that it was trained with; 0 changes nothing.
    """
    if not smoothing:
        return logits
    hidden = np.maximum(softmax(logits) - smoothing / logits.shape[1], 0) + FLOOR
    return np.asarray(np.log(hidden), np.float32)


def fitted_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature under which the labels are likeliest (Guo et al. 2017, section 4.2).

    Args:
        logits: float32 (n, 7); logarithms of probabilities do as well.
        labels: int64 (n,).
    """

    def surprise(log_temperature: float) -> float:
        likelihood = softmax(logits.astype(np.float64) / np.exp(log_temperature))
        return float(-np.log(np.maximum(likelihood[np.arange(len(labels)), labels], 1e-12)).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-2.5, 2.5), method="bounded").x))


def fitted_offsets(logits: NDArray[np.float32], labels: NDArray[np.int64], least: float) -> NDArray[np.float32]:
    """What to add to the logits so that every class is found often enough.

    The weakest class below `least` gets a step more until none is below it: a shift of decisions from frequent
    classes to rare ones, at the smallest price in accuracy that such steps can have.

    Args:
        logits: float32 (n, 7).
        labels: int64 (n,).
        least: recall that every class with faces shall have, 0 to 1.

    Returns:
        float32 (7,); what was reached after `OFFSET_STEPS` where it cannot be done.
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
