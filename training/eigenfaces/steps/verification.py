"""Verification: are two images of one person? Genuine and impostor distances, equal error rate."""

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
from training.eigenfaces.section import Numbers, ReportTable, Section, columns, paragraphs
from training.eigenfaces.steps.best import best_folds
from training.report import percent

BINS = np.linspace(0, 2, 81)
"""Cosine distance: 0 for equal directions, 1 for orthogonal ones, 2 for opposite ones."""

CLASSIC, BEST, DEEP = "Eigenfaces", "Best pipeline", "Deep embedding"


def pair_numbers(distance: NDArray[np.float64], genuine: NDArray[np.bool_]) -> Numbers:
    """Rates and histograms (ISO/IEC 19795-1) of pairs of images: FNMR at FMR 1 % and 0.1 %, and the equal error rate.

    Args:
        distance: cosine distances, float64 (n,), 0 to 2.
        genuine: bool (n,): whether both images show one person.
    """
    false, true, _ = roc_curve(genuine, -distance, drop_intermediate=False)
    return {
        "pairs_genuine": int(genuine.sum()),
        "pairs_impostor": int((~genuine).sum()),
        "eer": equal_error_rate(false, 1 - true),
        "fnmr_at_fmr_1": float(1 - true[np.searchsorted(false, 0.01, side="right") - 1]),
        "fnmr_at_fmr_01": float(1 - true[np.searchsorted(false, 0.001, side="right") - 1]),
        "auc": float(roc_auc_score(genuine, -distance)),
        "bins": BINS.round(4).tolist(),
        "genuine": np.histogram(distance[genuine], BINS)[0].tolist(),
        "impostor": np.histogram(distance[~genuine], BINS)[0].tolist(),
    }


def equal_error_rate(false_match: NDArray[Any], false_non_match: NDArray[Any]) -> float:
    """The rate at which a rising rate of false matches equals a falling one of false non-matches, interpolated."""
    crossed = int(np.argmax(false_match >= false_non_match))
    if crossed == 0:
        return float(false_match[0])
    gap = false_non_match - false_match
    share = gap[crossed - 1] / (gap[crossed - 1] - gap[crossed])
    return float(false_match[crossed - 1] + share * (false_match[crossed] - false_match[crossed - 1]))


def verification_section(study: Study) -> Section:
    """Eigenfaces, the best pipeline and the deep embedding on people that none of them was trained on."""
    folds = min(FOLDS, len(study.faces.names) // 2)
    results = _results(study, folds)
    rates = ("equal error rate", "FNMR at FMR 1 %", "FNMR at FMR 0.1 %")
    keys = ("eer", "fnmr_at_fmr_1", "fnmr_at_fmr_01", "auc")
    rows = tuple((name, *(numbers[key] for key in keys)) for name, numbers in results.items())
    headings = columns("representation", percent2=rates, number=("ROC area",))
    table = ReportTable("Verification of unknown people", headings, rows)
    caption = "Histograms of both kinds of pairs, each scaled by its number of pairs; a small overlap is good."
    picture = study.picture("verification", _figure(results), caption)
    genuine, impostor = (results[CLASSIC][f"pairs_{kind}"] for kind in ("genuine", "impostor"))
    classic, best, deep = (percent(results[name]["eer"]) for name in (CLASSIC, BEST, DEEP))
    text = paragraphs(f"""
        In each of {folds} folds some people are held out.
        The representation is learnt from the others.
        Then all pairs of images of the held-out people are compared.
        That makes {genuine} genuine and {impostor} impostor pairs.
        This task is harder than the tasks above, where the training images show every person.

        The equal error rate is the error at the threshold where false matches and false non-matches are equal.
        Eigenfaces: {classic}; the best classical pipeline: {best}; the deep embedding: {deep}.
    """)
    return Section("Verification", text, {"folds": folds, **results}, (table,), (picture,))


def _figure(results: Numbers) -> Figure:
    figure, axes = canvas(11, 3.4, len(results))
    most = max(
        int(np.flatnonzero(numbers[kind])[-1]) for numbers in results.values() for kind in ("genuine", "impostor")
    )
    for axis, (name, numbers) in zip(axes, results.items(), strict=True):
        for kind, colour in (("impostor", ORANGE), ("genuine", BLUE)):
            shares = np.array(numbers[kind]) / max(1, numbers[f"pairs_{kind}"])
            axis.stairs(shares, BINS, fill=True, color=colour, alpha=0.6, label=kind)
        axis.set(xlim=(0, BINS[most + 1]), yticks=[])
        axis.legend(fontsize=8, frameon=False)
        y = "share of pairs" if name == CLASSIC else ""
        name_axes(axis, f"{name}: EER {percent(numbers['eer'])}", "cosine distance", y)
    return figure


def _results(study: Study, folds: int) -> dict[str, Numbers]:
    """The numbers of each representation, from all pairs of images within each held-out group of people."""
    deep = study.once(study_embeddings)
    best = study.once(best_folds)
    collected: dict[str, list[tuple[Any, Any]]] = {CLASSIC: [], BEST: [], DEEP: []}
    splits = list(GroupKFold(folds).split(study.pixels, groups=study.target))
    for index, (known, held) in enumerate(splits):
        people = study.target[held]
        pca = PCA(min(study.components, len(known) - 1), whiten=True, svd_solver="full").fit(study.coordinates[known])
        learnt = best.fit(known).embed(best.probes(held))
        spaces = (normalize(pca.transform(study.coordinates[held])), learnt, deep[held])
        upper = np.triu_indices(len(held), 1)
        for name, space in zip(collected, spaces, strict=True):
            collected[name].append(
                (1 - (space @ space.T)[upper].astype(np.float64), people[upper[0]] == people[upper[1]])
            )
        study.done((index + 1) / len(splits))
    return {
        name: pair_numbers(*(np.concatenate(part) for part in zip(*found, strict=True)))
        for name, found in collected.items()
    }
