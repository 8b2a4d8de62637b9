"""Evaluation of a model on one split: all metrics of the study as plain numbers."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import (
    auc,
    average_precision_score,
    confusion_matrix,
    precision_recall_curve,
    precision_recall_fscore_support,
    roc_curve,
)

from monitor.domain import EMOTIONS
from training.emotion.data.fer2013 import Split
from training.emotion.evaluation.calibration import ReliabilityDiagram, calibration_of

Predict: TypeAlias = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Faces uint8 (n, 48, 48) to probabilities float32 (n, 7)."""

JITTER = 0.10
"""Share of the side by which crops are shifted or scaled, as inaccurate detections would be."""

CURVE_POINTS = 200

ALIKE = 0.95
"""Correlation of the pixels of two pictures from which on they count as copies of each other."""

_AT_ONCE = 2048
"""Training faces that are compared at once."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve of one class against the others."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    area: float
    """Area under the ROC curve, or average precision, 0 to 1; NaN without faces of the class."""


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Precision, recall and F1 of one class, 0 to 1."""

    precision: float
    recall: float
    f1: float
    faces: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong answer."""

    index: int
    """Of the face in the split."""
    label: int
    answer: int
    probability: float
    """Of the answer, 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """All metrics of one model on one split."""

    split: str
    faces: int
    accuracy: float
    loss: float
    """Mean negative log-likelihood, in nats."""
    classes: tuple[ClassScores, ...]
    confusion: NDArray[np.int64]
    """int64 (7, 7): rows are the labels, columns the answers."""
    roc: tuple[Curve, ...]
    precision_recall: tuple[Curve, ...]
    calibration: ReliabilityDiagram
    mistakes: tuple[Mistake, ...]
    """The most confident first."""
    answers: NDArray[np.int64]
    """int64 (n,): the likeliest emotion of each face."""

    def as_json(self) -> dict[str, Any]:
        """All metrics as JSON, without the points of the curves."""
        return {
            "split": self.split,
            "faces": self.faces,
            "accuracy": self.accuracy,
            "loss": self.loss,
            "expected_calibration_error": self.calibration.error,
            "macro_f1": float(np.mean([scores.f1 for scores in self.classes])),
            "classes": {
                name: asdict(scores) | {"roc_auc": _number(roc.area), "average_precision": _number(curve.area)}
                for name, scores, roc, curve in zip(
                    EMOTIONS, self.classes, self.roc, self.precision_recall, strict=True
                )
            },
            "confusion": self.confusion.tolist(),
            "calibration": {
                "confidence": [_number(value) for value in self.calibration.confidence],
                "accuracy": [_number(value) for value in self.calibration.accuracy],
                "counts": self.calibration.counts.tolist(),
            },
            "mistakes": [
                asdict(mistake) | {"label": EMOTIONS[mistake.label], "answer": EMOTIONS[mistake.answer]}
                for mistake in self.mistakes
            ],
        }


def evaluation_of(probabilities: NDArray[np.float32], split: Split, *, mistakes: int = 36) -> Evaluation:
    """Compute all metrics from probabilities float32 (n, 7) of the faces of a split, which has at least one face.

    Keeps the most confident `mistakes`.
    """
    labels, classes = split.labels, range(len(EMOTIONS))
    answers = probabilities.argmax(axis=1)
    likelihood = probabilities[np.arange(len(split)), labels].astype(np.float64)
    by_class = precision_recall_fscore_support(labels, answers, labels=list(classes), zero_division=0.0)
    return Evaluation(
        split=split.name,
        faces=len(split),
        accuracy=float((answers == labels).mean()),
        loss=float(-np.log(np.maximum(likelihood, 1e-12)).mean()),
        classes=tuple(ClassScores(float(p), float(r), float(f), int(n)) for p, r, f, n in zip(*by_class, strict=True)),
        confusion=confusion_matrix(labels, answers, labels=list(classes)).astype(np.int64),
        roc=tuple(_roc(labels == number, probabilities[:, number]) for number in classes),
        precision_recall=tuple(_precision_recall(labels == number, probabilities[:, number]) for number in classes),
        calibration=calibration_of(probabilities, labels),
        mistakes=_surest_mistakes(probabilities, labels, mistakes),
        answers=answers.astype(np.int64),
    )


def jittered(
    faces: NDArray[np.uint8], *, right: float = 0.0, down: float = 0.0, scale: float = 1.0
) -> NDArray[np.uint8]:
    """Faces cropped with a shifted or scaled box.

    Args:
        faces: uint8 (n, 48, 48).
        right: shift of the box to the right, as a share of its side.
        down: shift of the box down, as a share of its side.
        scale: factor for the side of the box; above 1 the face gets smaller.

    Returns:
        uint8 (n, 48, 48); pixels outside the original crop repeat its edge.
    """
    side = faces.shape[1]
    middle = (side - 1) / 2
    matrix = np.array([[scale, 0, middle * (1 - scale) + right * side], [0, scale, middle * (1 - scale) + down * side]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = [cv2.warpAffine(face, matrix, (side, side), flags=flags, borderMode=cv2.BORDER_REPLICATE) for face in faces]
    return np.stack(moved).astype(np.uint8)


def worsened(faces: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
    """Faces uint8 (n, 48, 48) as a distant or poor camera would show them, by name of the change; and unchanged."""

    def blurred(face: NDArray[np.uint8], sigma: float) -> cv2.typing.MatLike:
        return cv2.GaussianBlur(face, (0, 0), sigma)

    def small(face: NDArray[np.uint8], side: int) -> cv2.typing.MatLike:
        tiny = cv2.resize(face, (side, side), interpolation=cv2.INTER_AREA)
        return cv2.resize(tiny, face.shape, interpolation=cv2.INTER_LINEAR)

    def packed(face: NDArray[np.uint8], quality: int) -> cv2.typing.MatLike:
        jpeg = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        return cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE)

    changes: dict[str, Callable[[NDArray[np.uint8]], cv2.typing.MatLike]] = {
        "blur 1.0": lambda face: blurred(face, 1.0), "blur 2.0": lambda face: blurred(face, 2.0),
        "24x24": lambda face: small(face, 24), "16x16": lambda face: small(face, 16),
        "JPEG 25": lambda face: packed(face, 25),
    }  # fmt: skip
    return {"as it is": faces} | {
        name: np.stack([np.asarray(change(face), np.uint8) for face in faces]) for name, change in changes.items()
    }


def robustness(predict: Predict, split: Split) -> dict[str, float]:
    """Accuracy with unchanged boxes ("none"), and with boxes shifted or scaled by `JITTER`, by direction."""
    changes: dict[str, dict[str, float]] = {
        "none": {}, "left": {"right": -JITTER}, "right": {"right": JITTER}, "up": {"down": -JITTER},
        "down": {"down": JITTER}, "smaller": {"scale": 1 - JITTER}, "larger": {"scale": 1 + JITTER},
    }  # fmt: skip
    return {
        name: float((predict(jittered(split.faces, **change)).argmax(axis=1) == split.labels).mean())
        for name, change in changes.items()
    }


def copied(faces: NDArray[np.uint8], training: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which faces, uint8 (n, 48, 48), are nearly copies of training faces: bool (n,). FER2013 holds many twice."""
    wanted = _standardised(faces)
    found = np.zeros(len(faces), np.bool_)
    for start in range(0, len(training), _AT_ONCE):
        found |= (wanted @ _standardised(training[start : start + _AT_ONCE]).T).max(axis=1) >= ALIKE
    return found


def _standardised(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pictures as rows of mean 0 and length 1; the product of two is their correlation."""
    rows = faces.reshape(len(faces), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-6), np.float32)


def _roc(wanted: NDArray[np.bool_], scores: NDArray[np.float32]) -> Curve:
    if not wanted.any() or wanted.all():
        return Curve((0.0, 1.0), (0.0, 1.0), float("nan"))
    x, y, _ = roc_curve(wanted, scores)
    return _thinned(x, y, float(auc(x, y)))


def _precision_recall(wanted: NDArray[np.bool_], scores: NDArray[np.float32]) -> Curve:
    if not wanted.any():
        return Curve((0.0, 1.0), (0.0, 0.0), float("nan"))
    precision, recall, _ = precision_recall_curve(wanted, scores)
    return _thinned(recall[::-1], precision[::-1], float(average_precision_score(wanted, scores)))


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64], area: float) -> Curve:
    kept = np.unique(np.linspace(0, len(x) - 1, CURVE_POINTS).round().astype(int))
    return Curve(tuple(map(float, x[kept])), tuple(map(float, y[kept])), area)


def _surest_mistakes(probabilities: NDArray[np.float32], labels: NDArray[np.int64], count: int) -> tuple[Mistake, ...]:
    answers, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    wrong = np.flatnonzero(answers != labels)
    surest = wrong[np.argsort(-confidence[wrong], kind="stable")][:count]
    return tuple(Mistake(int(i), int(labels[i]), int(answers[i]), float(confidence[i])) for i in surest)


def _number(value: float) -> float | None:
    """None for NaN, which JSON does not have."""
    return None if np.isnan(value) else float(value)
