"""Verification: are two images of one person? Genuine and impostor distances, equal error rate."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import normalize

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.deep import study_embeddings
from training.eigenfaces.drawing import BLUE, ORANGE, canvas, name_axes
from training.eigenfaces.section import Numbers, ReportTable, Section, paragraph
from training.eigenfaces.steps.best import best_folds
from training.report import percent

BINS = np.linspace(0, 2, 81)
"""Cosine distance: 0 for equal directions, 1 for orthogonal ones, 2 for opposite ones."""

CLASSIC, BEST, DEEP = "Eigenfaces", "Best pipeline", "Deep embedding"


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Cosine distances of all pairs of images within each held-out group of people."""

    distance: NDArray[np.float64]
    """float64 (n,), 0 to 2."""
    genuine: NDArray[np.bool_]
    """bool (n,): whether both images show one person."""

    def numbers(self) -> Numbers:
        """Rates and histograms (ISO/IEC 19795-1): FNMR at FMR 1 % and 0.1 %, and the equal error rate."""
        false, true, _ = roc_curve(self.genuine, -self.distance, drop_intermediate=False)
        return {
            "pairs_genuine": int(self.genuine.sum()),
            "pairs_impostor": int((~self.genuine).sum()),
            "eer": equal_error_rate(false, 1 - true),
            "fnmr_at_fmr_1": float(1 - true[np.searchsorted(false, 0.01, side="right") - 1]),
            "fnmr_at_fmr_01": float(1 - true[np.searchsorted(false, 0.001, side="right") - 1]),
            "auc": float(roc_auc_score(self.genuine, -self.distance)),
            "bins": BINS.round(4).tolist(),
            "genuine": np.histogram(self.distance[self.genuine], BINS)[0].tolist(),
            "impostor": np.histogram(self.distance[~self.genuine], BINS)[0].tolist(),
        }


def equal_error_rate(false_match: NDArray[Any], false_non_match: NDArray[Any]) -> float:
    """The rate at which both error rates are equal, by linear interpolation.

    Args:
        false_match: (n,), rising, 0 to 1.
        false_non_match: (n,), falling, 0 to 1.
    """
    crossed = int(np.argmax(false_match >= false_non_match))
    if crossed == 0:
        return float(false_match[0])
    gap = false_non_match - false_match
    share = gap[crossed - 1] / (gap[crossed - 1] - gap[crossed])
    return float(false_match[crossed - 1] + share * (false_match[crossed] - false_match[crossed - 1]))


def verification_section(study: Study) -> Section:
    """Eigenfaces, the best pipeline and the deep embedding on people that none of them was trained on."""
    results = {name: pairs.numbers() for name, pairs in study.once(_all_pairs).items()}
    columns = (
        ("representation", "text"), ("equal error rate", "percent2"), ("FNMR at FMR 1 %", "percent2"),
        ("FNMR at FMR 0.1 %", "percent2"), ("ROC area", "number"),
    )  # fmt: skip
    keys = ("eer", "fnmr_at_fmr_1", "fnmr_at_fmr_01", "auc")
    rows = tuple((name, *(numbers[key] for key in keys)) for name, numbers in results.items())
    table = ReportTable("Verification of unknown people", columns, rows)
    caption = "Histograms of both kinds of pairs, each scaled by its number of pairs; a small overlap is good."
    picture = study.picture("verification", _figure(results), caption)
    numbers = {"folds": _folds(study), **results}
    return Section("Verification", _text(numbers), numbers, (table,), (picture,))


def _text(numbers: Numbers) -> tuple[str, ...]:
    genuine, impostor = numbers[CLASSIC]["pairs_genuine"], numbers[CLASSIC]["pairs_impostor"]
    classic, best, deep = (percent(numbers[name]["eer"]) for name in (CLASSIC, BEST, DEEP))
    return (
        paragraph(
            f"In each of {numbers['folds']} folds some people are held out.",
            "The representation is learnt from the others.",
            "Then all pairs of images of the held-out people are compared.",
            f"That makes {genuine} genuine and {impostor} impostor pairs.",
            "This task is harder than the tasks above, where the training images show every person.",
        ),
        paragraph(
            "The equal error rate is the error at the threshold where false matches and false non-matches are equal.",
            f"Eigenfaces: {classic}; the best classical pipeline: {best}; the deep embedding: {deep}.",
        ),
    )


def _figure(results: Numbers) -> Figure:
    figure, axes = canvas(11, 3.4, 1, len(results))
    for axis, (name, numbers) in zip(axes[0], results.items(), strict=True):
        for kind, colour in (("impostor", ORANGE), ("genuine", BLUE)):
            shares = np.array(numbers[kind]) / max(1, numbers[f"pairs_{kind}"])
            axis.stairs(shares, BINS, fill=True, color=colour, alpha=0.6, label=kind)
        axis.set_xlim(0, 1.6)
        axis.set_yticks([])
        axis.legend(fontsize=8, frameon=False)
        y = "share of pairs" if name == CLASSIC else ""
        name_axes(axis, f"{name}: EER {percent(numbers['eer'])}", "cosine distance", y)
    return figure


def _folds(study: Study) -> int:
    return min(FOLDS, len(study.faces.names) // 2)


def _all_pairs(study: Study) -> dict[str, Pairs]:
    deep = study.once(study_embeddings)
    best = study.once(best_folds)
    collected: dict[str, list[tuple[Any, Any]]] = {CLASSIC: [], BEST: [], DEEP: []}
    splits = list(GroupKFold(_folds(study)).split(study.pixels, groups=study.target))
    for index, (known, held) in enumerate(splits):
        people = study.target[held]
        pca = PCA(min(study.components, len(known) - 1), whiten=True, svd_solver="full").fit(study.coordinates[known])
        learnt = best.fit(known).embed(best.probes(held))
        spaces = (normalize(pca.transform(study.coordinates[held])), learnt, deep[held])
        upper = np.triu_indices(len(held), 1)
        for name, space in zip(collected, spaces, strict=True):
            collected[name].append((1 - (space @ space.T)[upper], people[upper[0]] == people[upper[1]]))
        study.done((index + 1) / len(splits))
    return {
        name: Pairs(np.concatenate([d for d, _ in found]).astype(np.float64), np.concatenate([g for _, g in found]))
        for name, found in collected.items()
    }
