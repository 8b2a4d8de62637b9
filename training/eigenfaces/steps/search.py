"""Step 9: grid search, nested, so that its score is honest."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.protocol import eigenface_pipeline
from training.eigenfaces.section import Section, Table, percent
from training.eigenfaces.steps.classifiers import classifier_scores, classifiers

INNER_FOLDS = 3

GRIDS: dict[str, Any] = {
    "SVM": {"classifier__C": [1, 10, 100], "classifier__gamma": [0.0003, 0.001, 0.003, 0.01]},
    "LDA": [
        {"classifier__solver": ["svd"]},
        {"classifier__solver": ["lsqr"], "classifier__shrinkage": ["auto", 0.1, 0.3, 0.6]},
    ],
    "Logistic regression": {"classifier__C": [0.01, 0.1, 1, 10]},
    "Naive Bayes": {"classifier__var_smoothing": [1e-9, 1e-3, 1e-2, 1e-1, 1]},
    "k-NN": {"classifier__n_neighbors": [1, 3, 5], "classifier__metric": ["euclidean", "cosine"]},
    "Decision tree": {"classifier__max_depth": [None, 20], "classifier__min_samples_leaf": [1, 2]},
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, and what it is worth."""

    settings: dict[str, Any]
    """Found on the training part."""
    tried: int
    inner: float
    """Best score inside the search: the maximum over the grid, so too good."""
    nested: float
    nested_deviation: float
    hold_out: float
    model: Pipeline
    """Fitted on the training part."""


def searches(study: Study) -> dict[str, Found]:
    """The SVM and the best two of the others by 5 honest folds."""
    scores = study.once(classifier_scores)
    others = sorted((name for name in scores if name != "SVM"), key=lambda name: -scores[name].mean)[:2]
    found = {}
    for index, name in enumerate(("SVM", *others)):
        found[name] = _search(study, name)
        study.done((index + 1) / 3)
    return found


def _search(study: Study, name: str) -> Found:
    seed = study.settings.seed
    train, test, target = study.train, study.test, study.target
    smallest = int(np.bincount(target[train]).min())
    inner = StratifiedKFold(min(INNER_FOLDS, smallest), shuffle=True, random_state=seed)
    outer = StratifiedKFold(min(FOLDS, int(np.bincount(target).min())), shuffle=True, random_state=seed)
    components = _common_components(study)
    search = GridSearchCV(eigenface_pipeline(classifiers(seed)[name], components), GRIDS[name], cv=inner)
    nested = cross_val_score(search, study.coordinates, target, cv=outer, n_jobs=study.settings.jobs)
    search.fit(study.coordinates[train], target[train])
    best = search.best_params_
    model = (
        eigenface_pipeline(classifiers(seed)[name], components)
        .set_params(**best)
        .fit(study.pixels[train], target[train])
    )
    return Found(
        {key.removeprefix("classifier__"): value for key, value in best.items()},
        len(ParameterGrid(GRIDS[name])),
        float(search.best_score_),
        float(nested.mean()),
        float(nested.std()),
        float(model.score(study.pixels[test], target[test])),
        model,
    )


def _common_components(study: Study) -> int:
    """As chosen, unless an inner fold of the training part has fewer images."""
    return min(study.components, len(study.train) - -(-len(study.train) // INNER_FOLDS))


def search_section(study: Study) -> Section:
    """Grid search for the SVM and the best two of the others."""
    found = study.once(searches)
    numbers = {
        name: {
            "settings": dict(f.settings),
            "tried": f.tried,
            "inner_best": f.inner,
            "nested": f.nested,
            "nested_deviation": f.nested_deviation,
            "hold_out": f.hold_out,
        }
        for name, f in found.items()
    }
    columns = (
        ("classifier", "text"), ("settings found", "text"), ("tried", "text"), ("best inside the search", "percent"),
        ("nested", "percent"), ("± deviation", "percent"), ("hold-out", "percent"),
    )  # fmt: skip
    rows = tuple(
        (
            name,
            ", ".join(f"{key}={value}" for key, value in f.settings.items()),
            f.tried,
            f.inner,
            f.nested,
            f.nested_deviation,
            f.hold_out,
        )
        for name, f in found.items()
    )
    best = max(found, key=lambda name: found[name].nested)
    text = (
        f"The SVM and the best two of the others, each over a grid of settings, {INNER_FOLDS} folds inside and "
        f"{FOLDS} outside: "
        "the score of a nested search comes from images that neither the model nor the choice of its settings "
        "has seen. The best score inside "
        "the search is from fewer training images, and is a maximum over the grid: not one to quote.",
        f"Best when nested: {best} with {percent(found[best].nested)}.",
    )
    names = list(found)
    return Section(
        "Grid search",
        text,
        numbers,
        (Table("Searched on the same whitened components", columns, rows, strong=(names.index(best),)),),
    )
