"""How the study divides, fits and scores: the same way for every method, with nothing learnt from test images."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.model_selection import LeaveOneOut, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.utils.parallel import Parallel, delayed

Estimator = Any
"""scikit-learn has no types; anything with fit and predict."""

Done = Callable[[float], None]
"""Told how much of a long computation is done, 0 to 1."""

TEST_SHARE = 0.3


def hold_out(target: NDArray[np.int64], seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The stratified 70/30 split: indices of the training part and of the hold-out."""
    train, test = train_test_split(np.arange(len(target)), test_size=TEST_SHARE, stratify=target, random_state=seed)
    return train, test


def eigenface_pipeline(classifier: Estimator, components: int) -> Pipeline:
    """Whitened PCA, then a classifier; both see training images only, wherever the pipeline is fitted."""
    # The default solver is randomised at this size; the full one gives the same numbers on every run.
    return Pipeline([("pca", PCA(components, whiten=True, svd_solver="full")), ("classifier", classifier)])


def span_coordinates(rows: NDArray[Any], basis_rows: NDArray[Any] | None = None) -> NDArray[Any]:
    """The same points in an orthonormal basis of the space that they span: a rotation, so nothing is lost.

    Distances and angles stay as they are, hence PCA in these few coordinates is PCA in the thousands of pixels,
    only quicker. It is no PCA by itself: no direction is left out or scaled, so nothing leaks into test folds.

    Args:
        rows: (n, d).
        basis_rows: (m, d), the rows that a PCA will be fitted on, where these are fewer: directions outside their
            span cannot become components, so they are left out. All of `rows` by default.

    Returns:
        (n, at most m), of the type of `rows`.
    """
    basis_rows = rows if basis_rows is None else basis_rows
    centre = basis_rows.mean(axis=0, dtype=np.float64)
    centred = basis_rows - centre
    values, vectors = np.linalg.eigh(centred @ centred.T)
    kept = values > values[-1] * 1e-10
    basis = centred.T @ (vectors[:, kept] / np.sqrt(values[kept]))
    return np.asarray((rows - centre.astype(rows.dtype)) @ basis.astype(rows.dtype))


def leave_one_out(
    fit_and_predict: Callable[[NDArray[np.int64], NDArray[np.int64]], dict[str, NDArray[Any]]],
    target: NDArray[np.int64],
    *,
    jobs: int,
    done: Done,
) -> dict[str, float]:
    """Accuracy of each method when every image is once the test image.

    Args:
        fit_and_predict: given indices to learn from and to predict, the predictions by method.
        jobs: processes.
    """
    hits: dict[str, int] = {}
    folds = list(LeaveOneOut().split(target))
    for index, predictions in enumerate(_run(fit_and_predict, folds, jobs)):
        for name, predicted in predictions.items():
            hits[name] = hits.get(name, 0) + int(predicted[0] == target[folds[index][1][0]])
        done((index + 1) / len(folds))
    return {name: count / len(folds) for name, count in hits.items()}


def _run(work: Callable[..., Any], folds: list[tuple[Any, Any]], jobs: int) -> Iterator[Any]:
    parallel = Parallel(n_jobs=jobs, return_as="generator", batch_size=8 if jobs != 1 else 1)
    yield from parallel(delayed(work)(train, test) for train, test in folds)


class SharedPca:
    """Several classifiers behind one PCA a fold, which they all have in common."""

    def __init__(
        self,
        classifiers: Mapping[str, Estimator],
        coordinates: NDArray[Any],
        target: NDArray[np.int64],
        components: int,
    ) -> None:
        self._classifiers = dict(classifiers)
        self._coordinates = coordinates
        self._target = target
        self._components = components

    def __call__(self, train: NDArray[np.int64], test: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        pca = PCA(self._components, whiten=True, svd_solver="full").fit(self._coordinates[train])
        known, probe = pca.transform(self._coordinates[train]), pca.transform(self._coordinates[test])
        return {
            name: clone(classifier).fit(known, self._target[train]).predict(probe)
            for name, classifier in self._classifiers.items()
        }
