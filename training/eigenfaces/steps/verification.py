"""Verification: are two images of the same person? Genuine and impostor distances, equal error rate."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import normalize

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.deep import study_embeddings
from training.eigenfaces.drawing import BLUE, ORANGE, canvas, name_axes
from training.eigenfaces.section import Numbers, Section, Table, percent
from training.eigenfaces.steps.best import best_folds

BINS = np.linspace(0, 2, 81)
"""Cosine distance: 0 the same direction, 1 unrelated, 2 opposite."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Cosine distances between images, all pairs within each held-out group of people."""

    distance: NDArray[np.float64]
    genuine: NDArray[np.bool_]

    def numbers(self) -> Numbers:
        """Rates and histograms (ISO/IEC 19795-1): FNMR at FMR 1 % and 0.1 %, and where the two are equal."""
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
    """Where the rising false match rate meets the falling false non-match rate, between the two nearest points."""
    crossed = int(np.argmax(false_match >= false_non_match))
    if crossed == 0:
        return float(false_match[0])
    gap = false_non_match - false_match
    share = gap[crossed - 1] / (gap[crossed - 1] - gap[crossed])
    return float(false_match[crossed - 1] + share * (false_match[crossed] - false_match[crossed - 1]))


def verification_section(study: Study) -> Section:
    """Eigenfaces, the best pipeline and the deep embedding on people that none of them has seen."""
    pairs = study.once(_all_pairs)
    numbers = {name: found.numbers() for name, found in pairs.items()}
    figure, axes = canvas(11, 3.4, 1, len(pairs))
    for axis, (name, n) in zip(axes[0], numbers.items(), strict=True):
        for kind, colour in (("impostor", ORANGE), ("genuine", BLUE)):
            shares = np.array(n[kind]) / max(1, n[f"pairs_{kind}"])
            axis.stairs(shares, BINS, fill=True, color=colour, alpha=0.6, label=kind)
        axis.set_xlim(0, 1.6)
        axis.set_yticks([])
        axis.legend(fontsize=8, frameon=False)
        name_axes(
            axis,
            f"{name}: EER {percent(n['eer'])}",
            "cosine distance",
            "share of pairs" if name == "Eigenfaces" else "",
        )
    first = numbers["Eigenfaces"]
    folds = _folds(study)
    text = (
        f"{folds} times, some of the people are taken away, the representation is learnt on the others, and "
        "all pairs among the images of those taken away "
        f"are compared: {first['pairs_genuine']} genuine and {first['pairs_impostor']} impostor pairs. This is "
        "harder than the tasks above, "
        "where every person was known.",
        f"At the threshold where both errors are equal, eigenfaces err on {percent(first['eer'])} of the "
        "pairs, the best classical pipeline on "
        f"{percent(numbers['Best pipeline']['eer'])}, the deep embedding on "
        f"{percent(numbers['Deep embedding']['eer'])}.",
    )
    columns = (
        ("representation", "text"),
        ("equal error rate", "percent2"),
        ("FNMR at FMR 1 %", "percent2"),
        ("FNMR at FMR 0.1 %", "percent2"),
        ("ROC area", "number"),
    )
    rows = tuple((name, n["eer"], n["fnmr_at_fmr_1"], n["fnmr_at_fmr_01"], n["auc"]) for name, n in numbers.items())
    picture = study.picture(
        "verification", figure, "The less the two colours overlap, the better; each scaled to its own number of pairs."
    )
    return Section(
        "Verification",
        text,
        {"folds": folds, **numbers},
        (Table("Verification of unseen people", columns, rows),),
        (picture,),
    )


def _folds(study: Study) -> int:
    return min(FOLDS, len(study.faces.names) // 2)


def _all_pairs(study: Study) -> dict[str, Pairs]:
    deep = study.once(study_embeddings)
    best = study.once(best_folds)
    collected: dict[str, list[tuple[Any, Any]]] = {"Eigenfaces": [], "Best pipeline": [], "Deep embedding": []}
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
