"""All methods side by side with their costs, and the deep embedding on equal splits."""

import time
from dataclasses import asdict, astuple, dataclass
from typing import Any

import numpy as np
import skops.io
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.deep import embeddings_of, study_embeddings
from training.eigenfaces.drawing import BLUE, GREEN, ORANGE, canvas, name_axes, percent_axis
from training.eigenfaces.protocol import Estimator, eigenface_pipeline, leave_one_out
from training.eigenfaces.section import ReportTable, Section, columns, paragraphs
from training.eigenfaces.steps.best import best_scores, configurations
from training.eigenfaces.steps.classifiers import classifier_scores, classifiers
from training.eigenfaces.steps.search import searches
from training.report import percent

TIMED_IMAGES = 20
DEEP = "Deep embedding + 1-NN"
BEST = "Best classical pipeline"


@dataclass(frozen=True, slots=True)
class Method:
    """One row of the table."""

    name: str
    hold_out: float
    folds: float | None
    """Mean over 5 folds: `KFold` for the classifiers, nested after a grid search, stratified for the best pipeline."""
    leave_one_out: float | None
    fit_seconds: float
    predict_seconds: float
    """Per image."""
    bytes: int


def methods(study: Study) -> list[Method]:
    """Every method of the study, the one with the highest hold-out accuracy first."""
    found = []
    for name, scores in study.once(classifier_scores).items():
        model = eigenface_pipeline(classifiers(study.settings.seed)[name], study.components)
        found.append(_measured(study, f"Eigenfaces + {name}", model, scores.mean, scores.leave_one_out))
    for name, result in study.once(searches).items():
        found.append(_measured(study, f"Eigenfaces + {name}, searched", result.model, result.numbers["nested"], None))
    study.done(0.5)
    best = study.once(best_scores)
    pipeline = study.once(configurations)[0].pipeline(study.faces.shape)
    found.append(_measured(study, BEST, pipeline, float(np.mean(best.folds)), best.leave_one_out))
    study.done(0.7)
    found.append(_deep(study))
    return sorted(found, key=lambda method: -method.hold_out)


def _measured(study: Study, name: str, model: Estimator, folds: float | None, single: float | None) -> Method:
    """Fit a copy of the model and measure its time, size and hold-out accuracy."""
    model, start = clone(model), time.perf_counter()
    study.fitted(model)
    fit_seconds = time.perf_counter() - start
    accuracy = study.accuracy(model)
    spent = []
    # One image at a time, as in a kiosk.
    for image in study.test[:TIMED_IMAGES]:
        start = time.perf_counter()
        model.predict(study.pixels[[image]])
        spent.append(time.perf_counter() - start)
    return Method(name, accuracy, folds, single, fit_seconds, float(np.median(spent)), len(skops.io.dumps(model)))


def _deep(study: Study) -> Method:
    """The nearest neighbour by deep embedding. Times include detection, alignment and both passes of the network."""
    from monitor.vision import models

    embeddings, target = study.once(study_embeddings), study.target
    nearest = KNeighborsClassifier(1, metric="cosine")
    start = time.perf_counter()
    sample = study.faces.images[study.test[:TIMED_IMAGES]]
    embeddings_of(sample)
    seconds = (time.perf_counter() - start) / len(sample)

    def predict(train: NDArray[np.int64], test: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        return {"deep": clone(nearest).fit(embeddings[train], target[train]).predict(embeddings[test])}

    return Method(
        DEEP,
        float(np.mean(predict(study.train, study.test)["deep"] == target[study.test])),
        float(cross_val_score(nearest, embeddings, target, cv=study.folds).mean()),
        leave_one_out(predict, target, jobs=1, done=lambda _: None)["deep"],
        seconds * len(study.train),
        seconds,
        models.weights(models.DLIB_ENCODER).stat().st_size + embeddings[study.train].nbytes,
    )


def methods_section(study: Study) -> Section:
    """The table of all methods."""
    found = study.once(methods)
    shares = ("hold-out", f"{FOLDS} folds", "leave-one-out")
    units = {"seconds": ("fit",), "milliseconds": ("predict one image",), "bytes": ("size",)}
    strong = tuple(index for index, method in enumerate(found) if method.name in (DEEP, BEST))
    headings = columns("method", percent=shares, **units)
    table = ReportTable("All methods", headings, tuple(astuple(method) for method in found), strong)
    picture = study.picture("methods", _figure(found), "Hold-out accuracy and time of every method.")
    numbers = {"methods": [asdict(method) for method in found]}
    return Section("All methods", _text(study, found), numbers, (table,), (picture,))


def _text(study: Study, found: list[Method]) -> tuple[str, ...]:
    accuracy = {method.name: percent(method.hold_out) for method in found}
    return paragraphs(f"""
        All methods on one hold-out of {len(study.test)} images: 1 image is {percent(1 / len(study.test))}.
        The deep embedding was trained on millions of other faces and reaches {accuracy[DEEP]}.
        The best classical pipeline learns from {len(study.train)} images only and reaches {accuracy[BEST]}.

        The times of the deep embedding include face detection, alignment and both passes of the network.
        Its fit time is the time to embed the training images; its size is the weights and the templates.
        After a grid search, the folds are nested.
        All times are from this machine.
    """)


def _figure(found: list[Method]) -> Figure:
    figure, (axis,) = canvas(10, 4)
    for method in found:
        colour = ORANGE if method.name == DEEP else GREEN if method.name == BEST else BLUE
        axis.scatter(method.predict_seconds * 1000, method.hold_out, s=60, color=colour, zorder=3)
    _name_points(axis, found)
    axis.set_xscale("log")
    percent_axis(axis, min(method.hold_out for method in found) - 0.06, 1.05)
    name_axes(axis, "Accuracy and time", "milliseconds to predict one image (logarithmic)", "hold-out accuracy")
    return figure


def _name_points(axis: Axes, found: list[Method]) -> None:
    """Write names beside the points; of several points close together, name only the most accurate."""
    left = list(found)
    while left:
        first = left[0]
        special = first.name in (DEEP, BEST)
        group = [first] if special else [method for method in left if _is_close(method, first)]
        left = [method for method in left if method not in group]
        others = f" and {len(group) - 1} close to it" if len(group) > 1 else ""
        words = f"{first.name} {percent(first.hold_out)}{others}"
        place = (max(method.predict_seconds for method in group) * 1000, first.hold_out)
        # The two special ones are close to each other and to the right end.
        offset, side = ((-9, 9 if first.name == DEEP else -9), "right") if special else ((9, 0), "left")
        axis.annotate(words, place, offset, textcoords="offset points", fontsize=9, va="center", ha=side)


def _is_close(method: Method, other: Method) -> bool:
    times = method.predict_seconds / other.predict_seconds
    return abs(method.hold_out - other.hold_out) < 0.03 and 0.4 < times < 2.5
