"""The best classical pipeline: chosen on the training images, scored on images that took no part in the choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit
from sklearn.pipeline import Pipeline
from sklearn.utils.parallel import Parallel, delayed

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.discriminant import CosineDiscriminant
from training.eigenfaces.drawing import BLUE, canvas, name_axes, percent_axis, sheet
from training.eigenfaces.features import COPIES, KINDS, FaceFeatures
from training.eigenfaces.protocol import leave_one_out, span_coordinates
from training.eigenfaces.section import Numbers, ReportPicture, ReportTable, Section, columns, paragraphs
from training.eigenfaces.steps.classifiers import hold_out_numbers, report_table
from training.report import percent

FEATURE_SETS: tuple[tuple[str, ...], ...] = (
    ("grey",),
    ("hog",),
    ("lbp", "wide lbp"),
    ("hog", "lbp", "wide lbp"),
    tuple(KINDS),
)
COMPONENTS = (120, 160, 200)
SPLITS = 10
"""Random splits of the training images, for validation."""

LEARN_SHARE = 3 / 7
"""Three of a person's seven training images: with more of them most configurations have an accuracy near 100 %."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings of the pipeline, and their validation accuracy."""

    kinds: tuple[str, ...]
    """Features: names out of `KINDS`."""
    copies: str
    """Training images: a name out of `COPIES`."""
    components: int
    mean: float
    """Mean validation accuracy over the splits."""
    deviation: float
    """Standard deviation over the splits."""

    def pipeline(self, shape: tuple[int, int]) -> Pipeline:
        """An unfitted scikit-learn pipeline for rows of pixels, images of this height and width."""
        features = FaceFeatures(list(self.kinds), self.copies, list(shape))
        return Pipeline([("features", features), ("discriminant", CosineDiscriminant(self.components))])

    def chosen(self) -> Numbers:
        """The settings as JSON."""
        return {"features": list(self.kinds), "copies": self.copies, "components": self.components}


class CopyFolds:
    """Cross-validation of a `CosineDiscriminant` in coordinates that are computed once for all folds.

    The features learn nothing from the images and the coordinates are a rotation of the features. Each fold fits its
    own PCA and LDA, so it predicts exactly as the whole pipeline, fitted on the fold's images, would.
    """

    def __init__(self, pixels: NDArray[Any], target: NDArray[np.int64], pipeline: Pipeline) -> None:
        """Takes pixels (n, height * width), targets (n,) and the unfitted pipeline of a `Configuration`."""
        features = clone(pipeline["features"]).fit_transform(pixels)
        n, count, d = features.shape
        upright = features[:, : min(2, count)].reshape(-1, d)
        self._points = span_coordinates(features.reshape(-1, d), upright).reshape(n, count, -1)
        self._target = target
        self._components = pipeline["discriminant"].components

    def fit(self, train: NDArray[np.int64], components: int | None = None) -> CosineDiscriminant:
        """A model fitted on the images with these indices."""
        model = CosineDiscriminant(components or self._components)
        return model.fit(self._points[train], self._target[train])

    def probes(self, images: NDArray[np.int64]) -> NDArray[Any]:
        """Coordinates of the images with these indices, (n, 1 or 2, d), for a fitted model."""
        return np.asarray(self._points[images, :2])

    def accuracy(self, train: NDArray[np.int64], test: NDArray[np.int64], components: int | None = None) -> float:
        """Accuracy on the images `test` of a model fitted on the images `train`."""
        predicted = self.fit(train, components).predict(self.probes(test))
        return float(np.mean(predicted == self._target[test]))

    def __call__(self, train: NDArray[np.int64], test: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        return {"best": self.fit(train).predict(self.probes(test))}


def configurations(study: Study) -> list[Configuration]:
    """All configurations, validated on the training images only, the best first."""
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
    found: list[Configuration] = []
    for index, family in enumerate(parallel(work)):
        found += family
        study.done((index + 1) / len(families))
    return sorted(found, key=lambda configuration: -configuration.mean)


def _validated(
    pixels: NDArray[Any],
    target: NDArray[np.int64],
    shape: tuple[int, int],
    kinds: tuple[str, ...],
    copies: str,
    folds: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> list[Configuration]:
    """One choice of features and copies with every number of components."""
    work = CopyFolds(pixels, target, Configuration(kinds, copies, COMPONENTS[0], 0.0, 0.0).pipeline(shape))
    found = []
    for components in COMPONENTS:
        scores = [work.accuracy(known, asked, components) for known, asked in folds]
        found.append(Configuration(kinds, copies, components, float(np.mean(scores)), float(np.std(scores))))
    return found


def fitted_best(study: Study) -> Pipeline:
    """The best configuration, fitted on the training images."""
    return study.fitted(study.once(configurations)[0].pipeline(study.faces.shape))


def best_folds(study: Study) -> CopyFolds:
    """The best configuration, ready for any folds of all images."""
    return CopyFolds(study.pixels, study.target, study.once(configurations)[0].pipeline(study.faces.shape))


@dataclass(frozen=True, slots=True)
class BestScores:
    """Accuracies of the best configuration."""

    hold_out: float
    predicted: NDArray[Any]
    """int64 (n,): the predicted people of the held-out images."""
    folds: list[float]
    leave_one_out: float


def best_scores(study: Study) -> BestScores:
    """Hold-out, stratified 5 folds and leave-one-out of the best configuration."""
    predicted = study.once(fitted_best).predict(study.pixels[study.test])
    work = study.once(best_folds)
    splits = StratifiedKFold(FOLDS, shuffle=True, random_state=study.settings.seed)
    folds = [work.accuracy(known, asked) for known, asked in splits.split(study.pixels, study.target)]
    single = leave_one_out(work, study.target, jobs=study.settings.jobs, done=study.done)["best"]
    return BestScores(float(np.mean(predicted == study.target[study.test])), predicted, folds, single)


def best_section(study: Study) -> Section:
    """How the best pipeline was chosen, and its accuracy."""
    found, predicted, names = study.once(configurations), study.once(best_scores).predicted, study.faces.names
    numbers = _numbers(study)
    headings = columns("features", "training images", "components", percent=("validation", "± deviation"))
    rows = tuple((" + ".join(c.kinds), c.copies, c.components, c.mean, c.deviation) for c in found)
    all_of_them = ReportTable(f"All {len(found)} configurations", headings, rows, strong=(0,), folded=True)
    caption = "Validation accuracy by features and training images, with the best number of components each."
    pictures = [study.picture("candidates", _validation_figure(found), caption)]
    if numbers["wrong_images"]:
        pictures.append(_mistakes(study, numbers["wrong_images"], predicted))
    tables = (all_of_them, report_table(numbers["report"], names))
    return Section("The best classical pipeline", _text(found[0], numbers), numbers, tables, tuple(pictures))


def _numbers(study: Study) -> Numbers:
    found, scores, test = study.once(configurations), study.once(best_scores), study.test
    return {
        "tried": len(found),
        "candidates": [{**c.chosen(), "mean": c.mean, "deviation": c.deviation} for c in found],
        "chosen": found[0].chosen(),
        "validation": found[0].mean,
        "splits": SPLITS,
        "hold_out": scores.hold_out,
        "folds": scores.folds,
        "mean": float(np.mean(scores.folds)),
        "deviation": float(np.std(scores.folds)),
        "leave_one_out": scores.leave_one_out,
        "wrong_images": test[scores.predicted != study.target[test]].tolist(),
        **hold_out_numbers(study, scores.predicted),
    }


def _text(best: Configuration, numbers: Numbers) -> tuple[str, ...]:
    n = numbers
    winner = f"{' + '.join(best.kinds)}, {best.copies}, {best.components} components"
    mean, single = percent(n["mean"]), percent(n["leave_one_out"])
    return paragraphs(f"""
        This pipeline has no deep network.
        Its features are the pixels, histograms of oriented gradients (HOG) and local binary patterns (LBP).
        PCA and a shrunk LDA are fitted on the features.
        The training image at the smallest angle gives the name.
        Mirror images, and copies moved by 2 pixels, can be added to the training images.

        {n["tried"]} configurations were validated on {n["splits"]} random splits of the training images.
        Each split fits the pipeline on about 3 of 7 images of a person and validates it on the others.
        The best configuration ({winner}) reached {percent(best.mean)}.
        Only then was it tested on the hold-out, once.

        It recognises {n["right"]} of {n["of"]} held-out images: {percent(n["hold_out"])}.
        {FOLDS} stratified folds give {mean}, leave-one-out gives {single}.
        These two scores use images on which the configuration was chosen; the hold-out does not.
    """)


def _validation_figure(found: list[Configuration]) -> Figure:
    figure, (axis,) = canvas(10, 3.4)
    width = 0.8 / len(COPIES)
    for index, copies in enumerate(COPIES):
        tops = [max(c.mean for c in found if c.kinds == kinds and c.copies == copies) for kinds in FEATURE_SETS]
        places = np.arange(len(FEATURE_SETS)) + (index - 1) * width
        bars = axis.bar(places, tops, width * 0.92, label=copies, color=BLUE, alpha=(0.35, 0.65, 1.0)[index])
        axis.bar_label(bars, [f"{100 * top:.1f}" for top in tops], fontsize=8)
    axis.set_xticks(range(len(FEATURE_SETS)), [" + ".join(kinds) for kinds in FEATURE_SETS], fontsize=9)
    percent_axis(axis, max(0.0, min(c.mean for c in found) - 0.05), 1.005)
    axis.grid(visible=False, axis="x")
    axis.legend(fontsize=9, frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.1))
    name_axes(axis, "Validation accuracy on the training images")
    return figure


def _mistakes(study: Study, wrong: list[int], predicted: NDArray[Any]) -> ReportPicture:
    """The first mistakes, each beside a training image of the right person and one of the predicted person."""
    named = dict(zip(study.test.tolist(), predicted.tolist(), strict=True))
    shown, titles = [], []
    for image in wrong[:8]:
        is_person, taken_for = int(study.target[image]), named[image]
        shown += [image, *(study.train[study.target[study.train] == p][0] for p in (is_person, taken_for))]
        titles += [f"image {image}", f"is {is_person}", f"taken for {taken_for}"]
    several = len(wrong) > 1
    figure = sheet(study.faces.images[shown], titles, 6 if several else 3, size=1.2)
    caption = "Mistakes on the hold-out (at most 8): the image, its person, and the predicted person."
    return study.picture("mistakes", figure, caption, wide=several)
