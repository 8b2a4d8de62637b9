"""Step 9: grid search, nested, so that no test image takes part in the choice of the settings."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.protocol import eigenface_pipeline
from training.eigenfaces.section import Numbers, ReportTable, Section, columns, paragraphs
from training.eigenfaces.steps.classifiers import classifier_scores, classifiers
from training.report import percent

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
class SearchResult:
    """The best settings of one classifier, and the model with these settings, fitted on the training images."""

    numbers: Numbers
    """Settings (chosen on the training images), number of tried settings, and accuracies: the best inside the search
    (a maximum over the grid, so it is too high), mean and deviation over the outer folds, and hold-out."""
    model: Pipeline


def searches(study: Study) -> dict[str, SearchResult]:
    """Grid search for the SVM and for the two others with the best mean over 5 folds."""
    scores = study.once(classifier_scores)
    others = sorted((name for name in scores if name != "SVM"), key=lambda name: -scores[name].mean)[:2]
    found = {}
    for index, name in enumerate(("SVM", *others)):
        found[name] = _search(study, name)
        study.done((index + 1) / 3)
    return found


def _search(study: Study, name: str) -> SearchResult:
    seed, train, target = study.settings.seed, study.train, study.target
    smallest = int(np.bincount(target[train]).min())
    inner = StratifiedKFold(min(INNER_FOLDS, smallest), shuffle=True, random_state=seed)
    outer = StratifiedKFold(min(FOLDS, int(np.bincount(target).min())), shuffle=True, random_state=seed)
    # An inner training fold can have fewer images than the chosen number of components.
    components = min(study.components, len(train) - -(-len(train) // INNER_FOLDS))
    search = GridSearchCV(eigenface_pipeline(classifiers(seed)[name], components), GRIDS[name], cv=inner)
    nested = cross_val_score(search, study.coordinates, target, cv=outer, n_jobs=study.settings.jobs)
    best = search.fit(study.coordinates[train], target[train]).best_params_
    model = study.fitted(eigenface_pipeline(classifiers(seed)[name], components).set_params(**best))
    numbers: Numbers = {
        "settings": {key.removeprefix("classifier__"): value for key, value in best.items()},
        "tried": len(ParameterGrid(GRIDS[name])),
        "inner_best": float(search.best_score_),
        "nested": float(nested.mean()),
        "nested_deviation": float(nested.std()),
        "hold_out": study.accuracy(model),
    }
    return SearchResult(numbers, model)


def search_section(study: Study) -> Section:
    """Grid search for the SVM and the two best others."""
    numbers = {name: result.numbers for name, result in study.once(searches).items()}
    best = max(numbers, key=lambda name: numbers[name]["nested"])
    rows = []
    for name, (settings, *scores) in ((name, n.values()) for name, n in numbers.items()):
        rows.append((name, ", ".join(f"{key}={value}" for key, value in settings.items()), *scores))
    scored = ("best inside the search", "nested", "± deviation", "hold-out")
    headings = columns("classifier", "settings found", "tried", percent=scored)
    strong = (list(numbers).index(best),)
    table = ReportTable("Grid search on whitened components", headings, tuple(rows), strong)
    text = paragraphs(f"""
        The SVM and the two best others, each over a grid, with {INNER_FOLDS} inner and {FOLDS} outer folds.
        In a nested search neither the model nor the choice of its settings has seen the test images.
        The best accuracy inside the search is from fewer training images and is a maximum over the grid.
        It is not an estimate of the accuracy on new images.

        The best nested accuracy: {best} with {percent(numbers[best]["nested"])}.
    """)
    return Section("Grid search", text, numbers, (table,))
