"""Step 10: precision-recall and ROC curves, one person against the rest."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import label_binarize
from sklearn.svm import SVC

from training.eigenfaces.context import Study
from training.eigenfaces.drawing import BLUE, GREY, ORANGE, canvas, name_axes
from training.eigenfaces.protocol import eigenface_pipeline
from training.eigenfaces.section import Numbers, ReportTable, Section, paragraph
from training.eigenfaces.steps.best import fitted_best

GRID = np.linspace(0, 1, 101)
CLASSIC, BEST = "Eigenfaces + SVC", "Best pipeline"


def curves_section(study: Study) -> Section:
    """One-versus-rest curves, micro and macro averaged, with areas: the classic SVC and the best pipeline."""
    truth = label_binarize(study.target[study.test], classes=range(len(study.faces.names)))
    probes = study.pixels[study.test]
    classic = eigenface_pipeline(OneVsRestClassifier(SVC()), study.components)
    classic.fit(study.pixels[study.train], study.target[study.train])
    scores = {
        CLASSIC: classic.decision_function(probes),
        BEST: study.once(fitted_best).decision_function(probes),
    }
    numbers = {name: _curves(truth, score) for name, score in scores.items()}
    caption = "Solid lines: micro average; dashed: macro average; thin: single people with the classic SVC."
    picture = study.picture("curves", _figure(numbers, truth, scores[CLASSIC]), caption)
    return Section("Precision, recall, ROC", (_text(numbers),), numbers, (_table(numbers),), (picture,))


def _text(numbers: Numbers) -> str:
    classic, best = numbers[CLASSIC]["ap_micro"], numbers[BEST]["ap_micro"]
    return paragraph(
        "Each person against the rest.",
        "Micro averaging pools all decisions; macro averaging is the mean over the curves of single people.",
        f"The micro average precision is {classic:.3f} for the classic SVC and {best:.3f} for the best pipeline.",
        "The area says how well a threshold on the score can separate one person from the rest.",
        "Micro areas are smaller than macro areas where the scores of different people have different scales.",
    )


def _table(numbers: Numbers) -> ReportTable:
    columns = (
        ("method", "text"), ("average precision, micro", "number"), ("macro", "number"),
        ("ROC area, micro", "number"), ("macro", "number"),
    )  # fmt: skip
    keys = ("ap_micro", "ap_macro", "auc_micro", "auc_macro")
    rows = tuple((name, *(curves[key] for key in keys)) for name, curves in numbers.items())
    return ReportTable("Areas on the hold-out", columns, rows)


def _people(truth: NDArray[Any]) -> list[int]:
    """The people with at least one image."""
    return [int(person) for person in np.flatnonzero(truth.any(axis=0))]


def _curves(truth: NDArray[Any], scores: NDArray[Any]) -> Numbers:
    """Areas, and curves at 101 places, from (n, people) truth and scores."""
    people = _people(truth)
    precision, recall, _ = precision_recall_curve(truth.ravel(), scores.ravel())
    false, true, _ = roc_curve(truth.ravel(), scores.ravel())
    by_person = {str(person): float(average_precision_score(truth[:, person], scores[:, person])) for person in people}
    precisions, trues = [], []
    for person in people:
        p, r, _ = precision_recall_curve(truth[:, person], scores[:, person])
        f, t, _ = roc_curve(truth[:, person], scores[:, person])
        precisions.append(np.interp(GRID, r[::-1], p[::-1]))
        trues.append(np.interp(GRID, f, t))
    return {
        "ap_micro": float(average_precision_score(truth, scores, average="micro")),
        "ap_macro": float(average_precision_score(truth, scores, average="macro")),
        "auc_micro": float(roc_auc_score(truth, scores, average="micro")),
        "auc_macro": float(roc_auc_score(truth, scores, average="macro")),
        "ap_by_person": by_person,
        "grid": GRID.round(2).tolist(),
        "precision_micro": np.interp(GRID, recall[::-1], precision[::-1]).round(4).tolist(),
        "precision_macro": np.mean(precisions, axis=0).round(4).tolist(),
        "true_rate_micro": np.interp(GRID, false, true).round(4).tolist(),
        "true_rate_macro": np.mean(trues, axis=0).round(4).tolist(),
    }


def _figure(numbers: Numbers, truth: NDArray[Any], classic_scores: NDArray[Any]) -> Figure:
    figure, axes = canvas(10, 4.2, 1, 2)
    for colour, (name, curves) in zip((BLUE, ORANGE), numbers.items(), strict=True):
        _draw(axes[0], name, curves, colour)
    _draw_people(axes[0], truth, classic_scores)
    name_axes(axes[0, 0], "Precision and recall", "recall", "precision")
    name_axes(axes[0, 1], "ROC", "false positive rate", "true positive rate")
    axes[0, 1].set_xlim(-0.005, 0.3)
    for axis in axes[0]:
        axis.set_ylim(0.4, 1.01)
        axis.legend(fontsize=8, frameon=False, loc="lower left" if axis is axes[0, 0] else "lower right")
    return figure


def _draw(axes: NDArray[np.object_], name: str, curves: Numbers, colour: str) -> None:
    for average, line in (("micro", "-"), ("macro", "--")):
        options = {"color": colour, "linestyle": line, "linewidth": 2 if line == "-" else 1.4, "zorder": 3}
        for axis, curve, area in zip(axes, ("precision", "true_rate"), ("ap", "auc"), strict=True):
            words = f"{name}, {average}: {curves[f'{area}_{average}']:.3f}"
            axis.plot(curves["grid"], curves[f"{curve}_{average}"], label=words, **options)


def _draw_people(axes: NDArray[np.object_], truth: NDArray[Any], scores: NDArray[Any]) -> None:
    for person in _people(truth):
        precision, recall, _ = precision_recall_curve(truth[:, person], scores[:, person])
        false, true, _ = roc_curve(truth[:, person], scores[:, person])
        axes[0].plot(recall, precision, color=GREY, linewidth=0.5, alpha=0.35)
        axes[1].plot(false, true, color=GREY, linewidth=0.5, alpha=0.35)
