"""Step 10: precision-recall and ROC curves, one person against the rest."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve, roc_auc_score, roc_curve
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import label_binarize
from sklearn.svm import SVC

from training.eigenfaces.context import Study
from training.eigenfaces.drawing import BLUE, GREY, ORANGE, canvas, name_axes
from training.eigenfaces.protocol import eigenface_pipeline
from training.eigenfaces.section import Section, Table
from training.eigenfaces.steps.best import fitted_best

GRID = np.linspace(0, 1, 101)


def curves_section(study: Study) -> Section:
    """One-versus-rest, micro and macro averaged, with areas: the classic SVC and the best pipeline."""
    truth = label_binarize(study.target[study.test], classes=range(len(study.faces.names)))
    probes = study.pixels[study.test]
    classic = eigenface_pipeline(OneVsRestClassifier(SVC()), study.components)
    classic.fit(study.pixels[study.train], study.target[study.train])
    scores = {
        "Eigenfaces + SVC": classic.decision_function(probes),
        "Best pipeline": study.once(fitted_best).decision_function(probes),
    }
    numbers = {name: _curves(truth, score) for name, score in scores.items()}
    figure, axes = canvas(10, 4.2, 1, 2)
    for colour, (name, curves) in zip((BLUE, ORANGE), numbers.items(), strict=True):
        _draw(axes[0], name, curves, colour)
    _draw_people(axes[0], truth, scores["Eigenfaces + SVC"])
    name_axes(axes[0, 0], "Precision and recall", "recall", "precision")
    name_axes(axes[0, 1], "ROC", "false positive rate", "true positive rate")
    axes[0, 1].set_xlim(-0.005, 0.3)
    for axis in axes[0]:
        axis.set_ylim(0.4, 1.01)
        axis.legend(fontsize=8, frameon=False, loc="lower left" if axis is axes[0, 0] else "lower right")
    columns = (
        ("method", "text"),
        ("average precision, micro", "number"),
        ("macro", "number"),
        ("ROC area, micro", "number"),
        ("macro", "number"),
    )
    rows = tuple(
        (name, *(c[key] for key in ("ap_micro", "ap_macro", "auc_micro", "auc_macro"))) for name, c in numbers.items()
    )
    classic_area, best_area = numbers["Eigenfaces + SVC"], numbers["Best pipeline"]
    text = (
        "Every person in turn against the rest. Micro averaging pools all decisions; macro averaging takes each "
        "person's own curve and weighs people alike. Micro average precision is "
        f"{classic_area['ap_micro']:.3f} for the classic SVC "
        f"and {best_area['ap_micro']:.3f} for the best pipeline. An area says how well a threshold can tell "
        "one person from the rest; "
        "micro areas fall short of macro ones where the scores of different people are not on one scale.",
    )
    picture = study.picture(
        "curves", figure, "Full lines: micro average; dashed: macro; thin: the classic SVC's single people."
    )
    return Section(
        "Precision, recall, ROC", text, numbers, (Table("Areas on the hold-out", columns, rows),), (picture,)
    )


def _people(truth: NDArray[Any]) -> Iterable[int]:
    return [int(person) for person in np.flatnonzero(truth.any(axis=0))]


def _curves(truth: NDArray[Any], scores: NDArray[Any]) -> dict[str, Any]:
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


def _draw(axes: NDArray[np.object_], name: str, curves: dict[str, Any], colour: str) -> None:
    for average, line in (("micro", "-"), ("macro", "--")):
        options = {"color": colour, "linestyle": line, "linewidth": 2 if line == "-" else 1.4, "zorder": 3}
        axes[0].plot(
            curves["grid"],
            curves[f"precision_{average}"],
            label=f"{name}, {average}: {curves[f'ap_{average}']:.3f}",
            **options,
        )
        axes[1].plot(
            curves["grid"],
            curves[f"true_rate_{average}"],
            label=f"{name}, {average}: {curves[f'auc_{average}']:.3f}",
            **options,
        )


def _draw_people(axes: NDArray[np.object_], truth: NDArray[Any], scores: NDArray[Any]) -> None:
    for person in _people(truth):
        precision, recall, _ = precision_recall_curve(truth[:, person], scores[:, person])
        false, true, _ = roc_curve(truth[:, person], scores[:, person])
        axes[0].plot(recall, precision, color=GREY, linewidth=0.5, alpha=0.35)
        axes[1].plot(false, true, color=GREY, linewidth=0.5, alpha=0.35)
