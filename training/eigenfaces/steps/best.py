"""The best classical pipeline: chosen on the training part, scored on images it was not chosen on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit
from sklearn.pipeline import Pipeline
from sklearn.utils.parallel import Parallel, delayed

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.discriminant import CosineDiscriminant
from training.eigenfaces.drawing import BLUE, canvas, name_axes, sheet
from training.eigenfaces.features import COPIES, KINDS, FaceFeatures
from training.eigenfaces.protocol import leave_one_out, span_coordinates
from training.eigenfaces.section import Section, Table, percent
from training.eigenfaces.steps.classifiers import report_table

FEATURE_SETS: tuple[tuple[str, ...], ...] = (
    ("grey",),
    ("hog",),
    ("lbp", "wide lbp"),
    ("hog", "lbp", "wide lbp"),
    tuple(KINDS),
)
COMPONENTS = (120, 160, 200)
SPLITS = 10
LEARN_SHARE = 3 / 7
"""Three of the seven training images of a person: with more, most candidates are right nearly always."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way of recognising faces, and how it validated."""

    kinds: tuple[str, ...]
    copies: str
    components: int
    mean: float
    deviation: float

    def pipeline(self, shape: tuple[int, int]) -> Pipeline:
        """The candidate as an unfitted scikit-learn pipeline on rows of pixels of this height and width."""
        features = FaceFeatures(list(self.kinds), self.copies, list(shape))
        return Pipeline([("features", features), ("discriminant", CosineDiscriminant(self.components))])

    @property
    def words(self) -> str:
        return f"{' + '.join(self.kinds)}, {self.copies}, {self.components} components"


class CopyFolds:
    """Fits `CosineDiscriminant`s on some images and asks them about others, in coordinates that all folds share.

    The features learn nothing, and the coordinates are a rotation of them, so a fold gives what the whole
    pipeline would give on these images; the PCA and the LDA are fitted inside.
    """

    def __init__(
        self, pixels: NDArray[Any], target: NDArray[np.int64], pipeline: Pipeline, components: int | None = None
    ) -> None:
        """
        Args:
            pixels: (n, height * width).
            target: (n,).
            pipeline: of a `Candidate`; unfitted.
            components: instead of the pipeline's own.
        """
        features = clone(pipeline["features"]).fit_transform(pixels)
        n, count, d = features.shape
        upright = features[:, : min(2, count)].reshape(-1, d)
        self._points = span_coordinates(features.reshape(-1, d), upright).reshape(n, count, -1)
        self._target = target
        self._components = components or pipeline["discriminant"].components

    def fit(self, train: NDArray[np.int64], components: int | None = None) -> CosineDiscriminant:
        """Learn from some images, by index."""
        model = CosineDiscriminant(components or self._components)
        return model.fit(self._points[train], self._target[train])

    def probes(self, images: NDArray[np.int64]) -> NDArray[Any]:
        """What to ask a fitted model about."""
        return np.asarray(self._points[images, :2])

    def accuracy(self, train: NDArray[np.int64], test: NDArray[np.int64], components: int | None = None) -> float:
        predicted = self.fit(train, components).predict(self.probes(test))
        return float(np.mean(predicted == self._target[test]))

    def __call__(self, train: NDArray[np.int64], test: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        return {"best": self.fit(train).predict(self.probes(test))}


def candidates(study: Study) -> list[Candidate]:
    """All candidates, validated on the training part only, the best first."""
    train = study.train
    people = len(study.faces.names)
    learn = max(2 * people, round(len(train) * LEARN_SHARE))
    splits = StratifiedShuffleSplit(SPLITS, train_size=learn, random_state=study.settings.seed)
    folds = list(splits.split(train, study.target[train]))
    families = [(kinds, copies) for kinds in FEATURE_SETS for copies in COPIES]
    parallel = Parallel(n_jobs=study.settings.jobs, return_as="generator")
    work = (
        delayed(_validated)(study.pixels[train], study.target[train], study.faces.shape, *family, folds)
        for family in families
    )
    found: list[Candidate] = []
    for index, family in enumerate(parallel(work)):
        found += family
        study.done((index + 1) / len(families))
    return sorted(found, key=lambda candidate: -candidate.mean)


def _validated(
    pixels: NDArray[Any],
    target: NDArray[np.int64],
    shape: tuple[int, int],
    kinds: tuple[str, ...],
    copies: str,
    folds: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> list[Candidate]:
    """One set of features and copies with every number of components."""
    work = CopyFolds(pixels, target, Candidate(kinds, copies, COMPONENTS[0], 0.0, 0.0).pipeline(shape))
    found = []
    for components in COMPONENTS:
        scores = [work.accuracy(known, asked, components) for known, asked in folds]
        found.append(Candidate(kinds, copies, components, float(np.mean(scores)), float(np.std(scores))))
    return found


def fitted_best(study: Study) -> Pipeline:
    """The best candidate, fitted on the training part."""
    best = study.once(candidates)[0]
    return best.pipeline(study.faces.shape).fit(study.pixels[study.train], study.target[study.train])


def best_folds(study: Study) -> CopyFolds:
    """The best candidate, ready for any division of all images."""
    return CopyFolds(study.pixels, study.target, study.once(candidates)[0].pipeline(study.faces.shape))


@dataclass(frozen=True, slots=True)
class BestScores:
    """What the best candidate is worth."""

    hold_out: float
    predicted: NDArray[Any]
    """On the hold-out."""
    folds: tuple[float, ...]
    leave_one_out: float


def best_scores(study: Study) -> BestScores:
    """Hold-out, stratified 5 folds and leave-one-out of the best candidate."""
    predicted = study.once(fitted_best).predict(study.pixels[study.test])
    work = study.once(best_folds)
    splits = StratifiedKFold(FOLDS, shuffle=True, random_state=study.settings.seed)
    folds = [work.accuracy(known, asked) for known, asked in splits.split(study.pixels, study.target)]
    single = leave_one_out(work, study.target, jobs=study.settings.jobs, done=study.done)["best"]
    return BestScores(float(np.mean(predicted == study.target[study.test])), predicted, tuple(folds), single)


def best_section(study: Study) -> Section:
    """How the best pipeline was chosen, and what it is worth."""
    tried = study.once(candidates)
    best, scores = tried[0], study.once(best_scores)
    test, names = study.test, study.faces.names
    wrong = [int(image) for image in test[scores.predicted != study.target[test]]]
    table, report = report_table(study.target[test], scores.predicted, names, "Full classification report")
    matrix = confusion_matrix(study.target[test], scores.predicted, labels=range(len(names)))
    mean = float(np.mean(scores.folds))
    numbers = {
        "tried": len(tried),
        "candidates": [
            {
                "features": list(c.kinds),
                "copies": c.copies,
                "components": c.components,
                "mean": c.mean,
                "deviation": c.deviation,
            }
            for c in tried
        ],
        "chosen": {"features": list(best.kinds), "copies": best.copies, "components": best.components},
        "validation": best.mean,
        "splits": SPLITS,
        "hold_out": scores.hold_out,
        "right": len(test) - len(wrong),
        "of": len(test),
        "folds": list(scores.folds),
        "mean": mean,
        "deviation": float(np.std(scores.folds)),
        "leave_one_out": scores.leave_one_out,
        "wrong_images": wrong,
        "confusion": matrix.tolist(),
        "report": report,
    }
    text = (
        "No deep network: each face is described by its pixels, by histograms of oriented gradients and by "
        "local binary patterns; "
        "PCA and a shrunk LDA are fitted on these, and the nearest training image by angle names the person. "
        "Training images may be "
        "joined by their mirror images and by copies moved by two pixels.",
        f"{len(tried)} candidates were tried, only on the training part: {SPLITS} random splits, three images "
        "a person to learn from and the others to "
        f"be recognised. The winner ({best.words}) reached {percent(best.mean)} there, and was then asked "
        "about the hold-out once.",
        f"It recognises {len(test) - len(wrong)} of {len(test)} held-out images: {percent(scores.hold_out)}. "
        f"{FOLDS} stratified folds give {percent(mean)}, "
        f"leave-one-out {percent(scores.leave_one_out)}; these two share images with the choice, the hold-out "
        "does not.",
    )
    columns = (
        ("features", "text"),
        ("training images", "text"),
        ("components", "text"),
        ("validation", "percent"),
        ("± deviation", "percent"),
    )
    rows = tuple((" + ".join(c.kinds), c.copies, c.components, c.mean, c.deviation) for c in tried)
    tables = (Table(f"All {len(tried)} candidates", columns, rows, strong=(0,), folded=True), table)
    pictures = [
        study.picture(
            "candidates", _candidates_figure(tried), "What each ingredient brings; best number of components each."
        )
    ]
    if wrong:
        pictures.append(_mistakes(study, wrong, scores.predicted))
    return Section("The best classical pipeline", text, numbers, tables, tuple(pictures))


def _candidates_figure(tried: list[Candidate]) -> Any:
    figure, axes = canvas(10, 3.4)
    axis = axes[0, 0]
    width = 0.8 / len(COPIES)
    for index, copies in enumerate(COPIES):
        tops = [max(c.mean for c in tried if c.kinds == kinds and c.copies == copies) for kinds in FEATURE_SETS]
        places = np.arange(len(FEATURE_SETS)) + (index - 1) * width
        axis.bar(places, tops, width * 0.92, label=copies, color=BLUE, alpha=(0.35, 0.65, 1.0)[index])
        for place, top in zip(places, tops, strict=True):
            axis.text(place, top, f"{100 * top:.1f}", ha="center", va="bottom", fontsize=8)
    axis.set_xticks(range(len(FEATURE_SETS)), [" + ".join(kinds) for kinds in FEATURE_SETS], fontsize=9)
    low = min(c.mean for c in tried)
    axis.set_ylim(max(0.0, low - 0.05), 1.005)
    axis.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}".replace("%", " %"))
    axis.grid(visible=False, axis="x")
    axis.legend(fontsize=9, frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.1))
    name_axes(axis, "Validation accuracy on the training part")
    return figure


def _mistakes(study: Study, wrong: list[int], predicted: NDArray[Any]) -> Any:
    """Each mistake beside a training image of the person it was taken for, and one of the right person."""
    named = dict(zip(study.test.tolist(), predicted.tolist(), strict=True))
    images, titles = [], []
    for image in wrong[:8]:
        for person, title in ((study.target[image], "is"), (named[image], "taken for")):
            known = study.train[study.target[study.train] == person][0]
            if title == "is":
                images.append(study.faces.images[image])
                titles.append(f"image {image}")
            images.append(study.faces.images[known])
            titles.append(f"{title} {person}")
    figure = sheet(np.stack(images), titles, 6 if len(wrong) > 1 else 3, size=1.2)
    return study.picture(
        "mistakes",
        figure,
        "Every mistake on the hold-out: the image, its person, and whom it was taken for.",
        wide=len(wrong) > 1,
    )
