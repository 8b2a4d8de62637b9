"""Step 9: grid search, nested, so that no test image takes part in the choice of the settings."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedKFold, cross_val_score
from sklearn.pipeline import Pipeline

from training.eigenfaces.context import FOLDS, Study
from training.eigenfaces.protocol import eigenface_pipeline
from training.eigenfaces.section import ReportTable, Section, paragraph
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
    """The best settings of one classifier, and their accuracies."""

    settings: dict[str, Any]
    """Chosen on the training images."""
    tried: int
    inner: float
    """Best accuracy inside the search: a maximum over the grid, so it is too high."""
    nested: float
    """Mean accuracy over the outer folds."""
    nested_deviation: float
    hold_out: float
    model: Pipeline
    """Fitted on the training images."""

    def as_json(self) -> dict[str, Any]:
        """The numbers of the report."""
        return {
            "settings": dict(self.settings),
            "tried": self.tried,
            "inner_best": self.inner,
            "nested": self.nested,
            "nested_deviation": self.nested_deviation,
            "hold_out": self.hold_out,
        }


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
    model = eigenface_pipeline(classifiers(seed)[name], components).set_params(**best)
    model.fit(study.pixels[train], target[train])
    return SearchResult(
        {key.removeprefix("classifier__"): value for key, value in best.items()},
        len(ParameterGrid(GRIDS[name])),
        float(search.best_score_),
        float(nested.mean()),
        float(nested.std()),
        float(model.score(study.pixels[test], target[test])),
        model,
    )


def _common_components(study: Study) -> int:
    """The chosen number of components, or the number of images in an inner training fold where that is smaller."""
    return min(study.components, len(study.train) - -(-len(study.train) // INNER_FOLDS))


def search_section(study: Study) -> Section:
    """Grid search for the SVM and the two best others."""
    found = study.once(searches)
    best = max(found, key=lambda name: found[name].nested)
    columns = (
        ("classifier", "text"), ("settings found", "text"), ("tried", "text"), ("best inside the search", "percent"),
        ("nested", "percent"), ("± deviation", "percent"), ("hold-out", "percent"),
    )  # fmt: skip
    rows = []
    for name, f in found.items():
        settings = ", ".join(f"{key}={value}" for key, value in f.settings.items())
        rows.append((name, settings, f.tried, f.inner, f.nested, f.nested_deviation, f.hold_out))
    table = ReportTable("Grid search on whitened components", columns, tuple(rows), strong=(list(found).index(best),))
    text = (
        paragraph(
            f"The SVM and the two best others, each over a grid, with {INNER_FOLDS} inner and {FOLDS} outer folds.",
            "In a nested search neither the model nor the choice of its settings has seen the test images.",
            "The best accuracy inside the search is from fewer training images and is a maximum over the grid.",
            "It is not an estimate of the accuracy on new images.",
        ),
        f"The best nested accuracy: {best} with {percent(found[best].nested)}.",
    )
    return Section("Grid search", text, {name: f.as_json() for name, f in found.items()}, (table,))
