"""All methods side by side, with what they cost; the deep embedding beside them on the same splits."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import skops.io
from sklearn.base import clone
from sklearn.model_selection import KFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.deep import embeddings_of, study_embeddings
from training.eigenfaces.drawing import BLUE, GREEN, ORANGE, canvas, name_axes
from training.eigenfaces.protocol import Estimator, eigenface_pipeline, leave_one_out
from training.eigenfaces.section import Section, Table, percent
from training.eigenfaces.steps.best import best_scores, candidates
from training.eigenfaces.steps.classifiers import classifier_scores, classifiers
from training.eigenfaces.steps.search import searches

TIMED_IMAGES = 20
DEEP = "Deep embedding + 1-NN"


@dataclass(frozen=True, slots=True)
class Method:
    """A row of the table; times in seconds, size in bytes."""

    name: str
    hold_out: float
    folds: float | None
    """Mean over 5 folds: `KFold` for the classifiers, nested for the searched, stratified for the best."""
    leave_one_out: float | None
    fit_seconds: float
    predict_seconds: float
    """For one image."""
    size: int


def methods(study: Study) -> list[Method]:
    """Every method of the study, the best on the hold-out first."""
    pixels, target, train, test = study.pixels, study.target, study.train, study.test
    rows: list[Method] = []

    def add(name: str, model: Estimator, folds: float | None, single: float | None) -> None:
        model, seconds = clone(model), time.perf_counter()
        model.fit(pixels[train], target[train])
        fitted = time.perf_counter() - seconds
        held = float(model.score(pixels[test], target[test]))
        each = _seconds_each(lambda image: model.predict(pixels[[image]]), test)
        rows.append(Method(name, held, folds, single, fitted, each, len(skops.io.dumps(model))))

    for name, scores in study.once(classifier_scores).items():
        model = eigenface_pipeline(classifiers(study.settings.seed)[name], study.components)
        add(f"Eigenfaces + {name}", model, scores.mean, scores.leave_one_out)
    for name, found in study.once(searches).items():
        add(f"Eigenfaces + {name}, searched", found.model, found.nested, None)
    study.done(0.5)
    best = study.once(best_scores)
    add(
        "Best classical pipeline",
        study.once(candidates)[0].pipeline(study.faces.shape),
        float(np.mean(best.folds)),
        best.leave_one_out,
    )
    study.done(0.7)
    rows.append(_deep(study))
    return sorted(rows, key=lambda row: -row.hold_out)


def _seconds_each(predict: Any, images: Any) -> float:
    """Median over some images, one at a time, as a kiosk would ask."""
    spent = []
    for image in images[:TIMED_IMAGES]:
        start = time.perf_counter()
        predict(image)
        spent.append(time.perf_counter() - start)
    return float(np.median(spent))


def _deep(study: Study) -> Method:
    from monitor.vision import models

    embeddings, target = study.once(study_embeddings), study.target
    nearest = KNeighborsClassifier(1, metric="cosine")
    start = time.perf_counter()
    sample = study.faces.images[study.test[:TIMED_IMAGES]]
    embeddings_of(sample)
    each = (time.perf_counter() - start) / len(sample)
    fitted = clone(nearest).fit(embeddings[study.train], target[study.train])
    folds = KFold(FOLDS, shuffle=True, random_state=study.settings.seed)

    def one(train: Any, test: Any) -> dict[str, Any]:
        return {"deep": clone(nearest).fit(embeddings[train], target[train]).predict(embeddings[test])}

    return Method(
        DEEP,
        float(fitted.score(embeddings[study.test], target[study.test])),
        float(cross_val_score(nearest, embeddings, target, cv=folds).mean()),
        leave_one_out(one, target, jobs=1, done=lambda _: None)["deep"],
        each * len(study.train),
        each,
        models.weights(models.DLIB_ENCODER).stat().st_size + embeddings[study.train].nbytes,
    )


def methods_section(study: Study) -> Section:
    """The table of all methods."""
    rows = study.once(methods)
    numbers = {
        "methods": [
            {
                "name": row.name,
                "hold_out": row.hold_out,
                "folds": row.folds,
                "leave_one_out": row.leave_one_out,
                "fit_seconds": row.fit_seconds,
                "predict_seconds": row.predict_seconds,
                "bytes": row.size,
            }
            for row in rows
        ]
    }
    columns = (
        ("method", "text"), ("hold-out", "percent"), (f"{FOLDS} folds", "percent"), ("leave-one-out", "percent"),
        ("fit", "seconds"), ("predict an image", "milliseconds"), ("size", "bytes"),
    )  # fmt: skip
    cells = tuple(
        (r.name, r.hold_out, r.folds, r.leave_one_out, r.fit_seconds, r.predict_seconds, r.size) for r in rows
    )
    strong = tuple(index for index, row in enumerate(rows) if row.name in (DEEP, "Best classical pipeline"))
    by_name = {row.name: row for row in rows}
    deep, best = by_name[DEEP], by_name["Best classical pipeline"]
    text = (
        f"All on the same hold-out of {len(study.test)} images: one image is {percent(1 / len(study.test))}. "
        "The deep embedding, learnt on "
        f"millions of other faces, gives {percent(deep.hold_out)}, the best classical pipeline "
        f"{percent(best.hold_out)} from {len(study.train)} images alone.",
        "The deep row's times contain finding the face, aligning it and both passes through the network; its "
        "fit is the embedding of the "
        "training images, its size the network's weights and the templates. The folds of searched classifiers "
        "are nested; times are from this machine.",
    )
    figure, axes = canvas(10, 4)
    axis = axes[0, 0]
    for row in rows:
        colour = ORANGE if row.name == DEEP else GREEN if row.name.startswith("Best") else BLUE
        axis.scatter(row.predict_seconds * 1000, row.hold_out, s=60, color=colour, zorder=3)
    _name_points(axis, rows)
    axis.set_xscale("log")
    axis.set_ylim(min(r.hold_out for r in rows) - 0.06, 1.03)
    axis.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}".replace("%", " %"))
    name_axes(axis, "Accuracy and time", "milliseconds to predict one image (logarithmic)", "hold-out accuracy")
    picture = study.picture("methods", figure, "What accuracy costs in time.")
    return Section("All methods", text, numbers, (Table("All methods", columns, cells, strong),), (picture,))


def _name_points(axis: Any, rows: list[Method]) -> None:
    """Names beside the points; where several lie together, only the most accurate is named."""
    left = list(rows)
    while left:
        row = left[0]
        group = [
            n
            for n in left
            if abs(n.hold_out - row.hold_out) < 0.03 and 0.4 < n.predict_seconds / row.predict_seconds < 2.5
        ]
        if row.name in (DEEP, "Best classical pipeline"):
            group = [row]
        left = [n for n in left if n not in group]
        others = f" and {len(group) - 1} close to it" if len(group) > 1 else ""
        slow = group == [row] and row.name in (DEEP, "Best classical pipeline")
        axis.annotate(
            f"{row.name} {percent(row.hold_out)}{others}",
            (max(n.predict_seconds for n in group) * 1000, row.hold_out),
            (-9 if slow else 9, 0),
            textcoords="offset points",
            fontsize=9,
            va="center",
            ha="right" if slow else "left",
        )
