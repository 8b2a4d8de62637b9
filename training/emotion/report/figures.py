"""The figures of a report: each function draws one figure and returns it as PNG."""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
import seaborn as sns
from matplotlib.figure import Figure
from numpy.typing import NDArray

from monitor.domain import EMOTIONS
from training.emotion.data.fer2013 import Fer2013, Split
from training.emotion.evaluation.calibration import BINS
from training.emotion.evaluation.evaluate import Evaluation
from training.emotion.evaluation.people import PeopleScores
from training.emotion.fitting.state import Epoch
from training.report import PNG_TEXTS

COLOURS = sns.color_palette("colorblind", len(EMOTIONS))
"""One per emotion, suitable for colour-blind people."""

INK, SECOND = "#0072B2", "#D55E00"


def class_counts(data: Fer2013) -> bytes:
    """Bars: faces per class and split."""
    figure, (axes,) = _figure(8, 3.2)
    width = 0.8 / len(data.splits)
    for number, (name, split) in enumerate(data.splits.items()):
        places = np.arange(len(EMOTIONS)) + (number - (len(data.splits) - 1) / 2) * width
        bars = axes.bar(places, split.counts(), width, label=name, color=(INK, SECOND, "#999999")[number % 3])
        axes.bar_label(bars, fontsize=7)
    axes.set(xticks=range(len(EMOTIONS)), xticklabels=EMOTIONS, ylabel="faces")
    axes.legend(frameon=False)
    return _png(figure)


def samples(split: Split, per_class: int = 10) -> bytes:
    """The first faces of every class, one row per class."""
    figure, all_axes = _figure(per_class * 0.75, len(EMOTIONS) * 0.8, len(EMOTIONS), per_class)
    for axes in all_axes:
        axes.axis("off")
    for emotion, name in enumerate(EMOTIONS):
        row = all_axes[emotion * per_class : (emotion + 1) * per_class]
        for axes, face in zip(row, split.faces[split.labels == emotion], strict=False):
            axes.imshow(face, cmap="gray", vmin=0, vmax=255)
        row[0].set_title(name, fontsize=8, loc="left", pad=2)
    return _png(figure)


def history(epochs: Sequence[Epoch]) -> bytes:
    """Training and validation loss and accuracy by epoch."""
    figure, both = _figure(9, 3.4, 1, 2)
    judged = [epoch for epoch in epochs if epoch.validation_accuracy is not None]
    for axes, name in zip(both, ("loss", "accuracy"), strict=True):
        axes.plot([e.number for e in epochs], [getattr(e, name) for e in epochs], color=INK, label="training")
        values = [getattr(epoch, f"validation_{name}") for epoch in judged]
        axes.plot([epoch.number for epoch in judged], values, "o-", ms=3, color=SECOND, label="validation")
        axes.set(xlabel="epoch", ylabel=name, ylim=(0, 1 if name == "accuracy" else None))
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.legend(frameon=False)
    return _png(figure)


def confusion(counts: NDArray[np.int64], *, normalised: bool, label: str = "label") -> bytes:
    """A confusion matrix int64 (7, 7): a row per label, a column per answer; normalised, each row sums to 1."""
    table = counts.astype(np.float64)
    if normalised:
        table /= np.maximum(table.sum(axis=1, keepdims=True), 1)
    figure, (axes,) = _figure(5.2, 4.4)
    sns.heatmap(
        table, annot=True, fmt=".2f" if normalised else ".0f", cmap="Blues", cbar=False, square=True, ax=axes,
        xticklabels=EMOTIONS, yticklabels=EMOTIONS, annot_kws={"size": 8},
    )  # fmt: skip
    axes.set(xlabel="answer", ylabel=label)
    axes.tick_params(axis="x", labelrotation=30)
    return _png(figure)


def curves(evaluation: Evaluation) -> bytes:
    """ROC and precision-recall of every class against the others."""
    figure, (left, right) = _figure(9, 4, 1, 2)
    for axes, kind, area in ((left, evaluation.roc, "AUC"), (right, evaluation.precision_recall, "AP")):
        for colour, name, curve in zip(COLOURS, EMOTIONS, kind, strict=True):
            legend = name if np.isnan(curve.area) else f"{name}, {area} {curve.area:.2f}"
            axes.plot(curve.x, curve.y, color=colour, lw=1.2, label=legend)
        axes.legend(frameon=False, fontsize=7)
    left.plot([0, 1], [0, 1], ":", color="#999999", lw=1)
    left.set(xlabel="false positive rate", ylabel="true positive rate")
    right.set(xlabel="recall", ylabel="precision")
    return _png(figure)


def reliability(evaluation: Evaluation) -> bytes:
    """The reliability diagram: accuracy and share of the faces by confidence."""
    calibration, middles = evaluation.calibration, (np.arange(BINS) + 0.5) / BINS
    figure, (axes,) = _figure(4.6, 4)
    accuracy = np.nan_to_num(calibration.accuracy)
    axes.bar(middles, accuracy, 1 / BINS, color=INK, alpha=0.8, edgecolor="white", label="accuracy")
    axes.plot([0, 1], [0, 1], ":", color="#555555", label="as right as confident")
    shares = calibration.counts / max(calibration.counts.sum(), 1)
    axes.plot(middles, shares, "o-", ms=3, lw=1, color=SECOND, label="share of faces")
    axes.set(xlabel="confidence", ylabel="share", xlim=(0, 1), ylim=(0, 1))
    axes.set_title(f"expected calibration error {calibration.error:.3f}", fontsize=9)
    axes.legend(frameon=False, fontsize=8)
    return _png(figure)


def coverage(people: PeopleScores) -> bytes:
    """The share of faces with an answer, and the agreement on these, by the confidence needed."""
    figure, (axes,) = _figure(4.6, 4)
    left = [each for each in people.coverage if each.agreement is not None]
    axes.plot([each.answered for each in left], [each.agreement for each in left], "o-", ms=4, color=INK)
    for each in left:
        axes.annotate(f"{each.confidence:.1f}", (each.answered, each.agreement or 0), fontsize=7,
                      xytext=(4, 4), textcoords="offset points")  # fmt: skip
    axes.set(xlabel="share of faces with an answer", ylabel="agrees with most people", xlim=(0, 1.05))
    axes.set_title("at the confidence needed; the vertical axis is cut", fontsize=9)
    return _png(figure)


def mistakes(evaluation: Evaluation, split: Split) -> bytes:
    """The faces with the most confident mistakes."""
    pictures = [split.faces[mistake.index] for mistake in evaluation.mistakes]
    titles = [_outcome(each.label, each.answer, each.probability) for each in evaluation.mistakes]
    return grid(pictures, titles)


def explanation(
    face: NDArray[np.uint8], picture: NDArray[np.uint8], probabilities: NDArray[np.float32], title: str, layer: str
) -> bytes:
    """A face, its activation map and the probabilities of all emotions side by side.

    Args:
        face: uint8 (48, 48).
        picture: uint8 (48, 48, 3), RGB: the map on top of the face, from `gradcam.overlaid`.
        probabilities: float32 (7,).
        title: of the whole figure.
        layer: title of the map.
    """
    figure, (left, middle, right) = _figure(9.6, 3.6, 1, 3)
    for axes, shown, name in ((left, face, "the face, 48x48 pixels"), (middle, picture, layer)):
        axes.imshow(shown, cmap="gray", vmin=0, vmax=255)
        axes.set_title(name, fontsize=9)
        axes.axis("off")
    bars = right.barh(EMOTIONS, probabilities, color=INK)
    right.bar_label(bars, [f"{value:.1%}" for value in probabilities], fontsize=8, padding=3)
    right.set(xlim=(0, 1.15), xticks=(0, 0.5, 1), xticklabels=("0 %", "50 %", "100 %"))
    right.invert_yaxis()
    right.set_title("probability", fontsize=9)
    figure.suptitle(title, fontsize=11, fontweight="bold")
    return _png(figure)


def grid(pictures: Sequence[NDArray[np.uint8]], titles: Sequence[str], columns: int = 6) -> bytes:
    """Pictures, grey (48, 48) or RGB (48, 48, 3), each below its title."""
    rows = max(1, -(-len(pictures) // columns))
    figure, all_axes = _figure(columns * 1.8, rows * 1.9, rows, columns)
    for axes in all_axes:
        axes.axis("off")
    for axes, picture, title in zip(all_axes, pictures, titles, strict=False):
        axes.imshow(picture, cmap="gray", vmin=0, vmax=255)
        axes.set_title(title, fontsize=7.5, pad=2)
    return _png(figure)


def outcomes(labels: NDArray[np.int64], probabilities: NDArray[np.float32]) -> list[str]:
    """ "label - answer - probability" for every face."""
    answers = probabilities.argmax(axis=1)
    return [
        _outcome(int(label), int(answer), float(row[answer]))
        for label, answer, row in zip(labels, answers, probabilities, strict=True)
    ]


def _outcome(label: int, answer: int, probability: float) -> str:
    return f"{EMOTIONS[label]} - {EMOTIONS[answer]} - {probability:.2f}"


def _figure(width: float, height: float, rows: int = 1, columns: int = 1) -> tuple[Figure, list[Any]]:
    with matplotlib.rc_context({"axes.spines.top": False, "axes.spines.right": False}):
        # Without pyplot, which would choose a window system and keep every figure.
        figure = Figure(figsize=(width, height), dpi=110, layout="constrained")
        return figure, list(np.ravel(figure.subplots(rows, columns)))


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata=PNG_TEXTS)
    return file.getvalue()
