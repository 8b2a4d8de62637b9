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
from training.eigenfaces.drawing import BLUE, GREY, ORANGE, canvas, name_axes, say_cut
from training.eigenfaces.protocol import eigenface_pipeline
from training.eigenfaces.section import Numbers, ReportTable, Section, columns, paragraphs
from training.eigenfaces.steps.best import fitted_best

GRID = np.linspace(0, 1, 101)
CLASSIC, BEST = "Eigenfaces + SVC", "Best pipeline"


def curves_section(study: Study) -> Section:
    """One-versus-rest curves, micro and macro averaged, with areas: the classic SVC and the best pipeline."""
    truth = label_binarize(study.target[study.test], classes=range(len(study.faces.names)))
    classic = study.fitted(eigenface_pipeline(OneVsRestClassifier(SVC()), study.components))
    models = {CLASSIC: classic, BEST: study.once(fitted_best)}
    scores = {name: model.decision_function(study.pixels[study.test]) for name, model in models.items()}
    numbers = {name: _curves(truth, score) for name, score in scores.items()}
    areas = ("average precision, micro", "macro", "ROC area, micro", "macro")
    keys = ("ap_micro", "ap_macro", "auc_micro", "auc_macro")
    rows = tuple((name, *(curves[key] for key in keys)) for name, curves in numbers.items())
    table = ReportTable("Areas on the hold-out", columns("method", number=areas), rows)
    caption = "Solid lines: micro average; dashed: macro average; thin: single people with the classic SVC."
    picture = study.picture("curves", _figure(numbers, truth, scores[CLASSIC]), caption)
    classic_area, best_area = (numbers[name]["ap_micro"] for name in (CLASSIC, BEST))
    text = paragraphs(f"""
        Each person against the rest.
        Micro averaging pools all decisions; macro averaging is the mean over the curves of single people.
        The micro average precision is {classic_area:.3f} for the classic SVC and {best_area:.3f} for the best pipeline.
        The area says how well a threshold on the score can separate one person from the rest.
        Micro areas are smaller than macro areas where the scores of different people have different scales.
    """)
    return Section("Precision, recall, ROC", text, numbers, (table,), (picture,))


def _people(truth: NDArray[Any]) -> list[int]:
    """The people with at least one image."""
    return [int(person) for person in np.flatnonzero(truth.any(axis=0))]


def _curves(truth: NDArray[Any], scores: NDArray[Any]) -> Numbers:
    """Areas, and curves at 101 places, from (n, people) truth and scores."""
    people = _people(truth)
    precision, true = _on_grid(truth.ravel(), scores.ravel())
    single = np.array([_on_grid(truth[:, person], scores[:, person]) for person in people])
    areas = {
        f"{area}_{average}": float(measure(truth, scores, average=average))
        for area, measure in (("ap", average_precision_score), ("auc", roc_auc_score))
        for average in ("micro", "macro")
    }
    return {
        **areas,
        "ap_by_person": {str(p): float(average_precision_score(truth[:, p], scores[:, p])) for p in people},
        "grid": GRID.round(2).tolist(),
        "precision_micro": precision.round(4).tolist(),
        "precision_macro": single[:, 0].mean(axis=0).round(4).tolist(),
        "true_rate_micro": true.round(4).tolist(),
        "true_rate_macro": single[:, 1].mean(axis=0).round(4).tolist(),
    }


def _on_grid(truth: NDArray[Any], scores: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Precision by recall, and true positive rate by false positive rate, at the places of `GRID`: (101,) each."""
    precision, recall, _ = precision_recall_curve(truth, scores)
    false, true, _ = roc_curve(truth, scores)
    return np.interp(GRID, recall[::-1], precision[::-1]), np.interp(GRID, false, true)


def _figure(numbers: Numbers, truth: NDArray[Any], classic_scores: NDArray[Any]) -> Figure:
    figure, axes = canvas(10, 4.2, 2)
    for colour, (name, curves) in zip((BLUE, ORANGE), numbers.items(), strict=True):
        for average, line, width in (("micro", "-", 2), ("macro", "--", 1.4)):
            options = {"color": colour, "linestyle": line, "linewidth": width, "zorder": 3}
            for axis, curve, area in zip(axes, ("precision", "true_rate"), ("ap", "auc"), strict=True):
                words = f"{name}, {average}: {curves[f'{area}_{average}']:.3f}"
                axis.plot(curves["grid"], curves[f"{curve}_{average}"], label=words, **options)
    for person in _people(truth):
        precision, recall, _ = precision_recall_curve(truth[:, person], classic_scores[:, person])
        false, true, _ = roc_curve(truth[:, person], classic_scores[:, person])
        axes[0].plot(recall, precision, color=GREY, linewidth=0.5, alpha=0.35)
        axes[1].plot(false, true, color=GREY, linewidth=0.5, alpha=0.35)
    name_axes(axes[0], "Precision and recall", "recall", "precision")
    name_axes(axes[1], "ROC", "false positive rate", "true positive rate")
    axes[1].set_xlim(-0.005, 0.3)
    say_cut(axes[0], "vertical axis cut: begins at 0.4")
    say_cut(axes[1], "both axes cut: up to 0.3, from 0.4")
    for axis, corner in zip(axes, ("lower left", "lower right"), strict=True):
        axis.set_ylim(0.4, 1.01)
        axis.legend(fontsize=8, frameon=False, loc=corner)
    return figure
