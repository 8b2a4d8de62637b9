"""Splits, pipelines and leave-one-out scores of the study; no method learns from test images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.model_selection import LeaveOneOut, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.utils.parallel import Parallel, delayed

Estimator = Any
"""An object with fit and predict; scikit-learn has no types."""

Done = Callable[[float], None]
"""Receives the progress of a long computation, 0 to 1."""

TEST_SHARE = 0.3


def hold_out(target: NDArray[np.int64], seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The stratified 70/30 split: indices of the training images and of the hold-out."""
    train, test = train_test_split(np.arange(len(target)), test_size=TEST_SHARE, stratify=target, random_state=seed)
    return train, test


def eigenface_pipeline(classifier: Estimator, components: int) -> Pipeline:
    """Whitened PCA, then a classifier: fitted as one pipeline, neither can learn from a test image."""
    # The default solver is randomised at this size; the full solver gives equal numbers on every run.
    return Pipeline([("pca", PCA(components, whiten=True, svd_solver="full")), ("classifier", classifier)])


def span_coordinates(rows: NDArray[Any], basis_rows: NDArray[Any] | None = None) -> NDArray[Any]:
    """The points in an orthonormal basis of the space that they span: a rotation without loss.

    The rotation keeps distances and angles, so a PCA of these few coordinates equals a PCA of the thousands of
    pixels and is faster. It neither drops nor scales a direction, so it leaks nothing into test folds.

    Args:
        rows: (n, d).
        basis_rows: (m, d), the rows that span the basis; `rows` by default. Fewer rows make it smaller: a PCA that
            is fitted on them has no components outside their span.

    Returns:
        (n, at most m), of the dtype of `rows`.
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
    """Leave-one-out accuracy of each method.

    Args:
        fit_and_predict: fits every method on the images with the first indices; returns its predictions for those
            with the second indices, by method.
        target: int64 (n,).
    """
    hits: dict[str, int] = {}
    folds = list(LeaveOneOut().split(target))
    parallel = Parallel(n_jobs=jobs, return_as="generator", batch_size=8 if jobs != 1 else 1)
    for index, predictions in enumerate(parallel(delayed(fit_and_predict)(*fold) for fold in folds)):
        for name, predicted in predictions.items():
            hits[name] = hits.get(name, 0) + int(predicted[0] == target[folds[index][1][0]])
        done((index + 1) / len(folds))
    return {name: count / len(folds) for name, count in hits.items()}


@dataclass(frozen=True, slots=True, eq=False)
class SharedPca:
    """Several classifiers behind one common PCA per fold, for `leave_one_out`."""

    classifiers: Mapping[str, Estimator]
    coordinates: NDArray[Any]
    target: NDArray[np.int64]
    components: int

    def __call__(self, train: NDArray[np.int64], test: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        pca = PCA(self.components, whiten=True, svd_solver="full").fit(self.coordinates[train])
        known, probe = pca.transform(self.coordinates[train]), pca.transform(self.coordinates[test])
        return {
            name: clone(classifier).fit(known, self.target[train]).predict(probe)
            for name, classifier in self.classifiers.items()
        }
