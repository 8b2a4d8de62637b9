"""Eigenfaces, then Fisherfaces, then the nearest neighbour by cosine."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.preprocessing import normalize
from sklearn.utils.validation import check_is_fitted


class CosineDiscriminant(ClassifierMixin, BaseEstimator):  # type: ignore[misc, unused-ignore]
    """PCA, LDA with a shrunk covariance (Ledoit and Wolf, 2004), and the most similar training image by cosine.

    Works on several copies of each image (`FaceFeatures`). PCA is fitted on the image and its mirror image; LDA is
    fitted on all copies, so it ignores the differences between them. A probe is the mean over its own copies.
    """

    def __init__(self, components: int = 200):
        """Takes the largest number of PCA components; with fewer images it is smaller."""
        self.components = components

    def fit(self, X: NDArray[Any], y: NDArray[Any]) -> "CosineDiscriminant":  # noqa: N803 - scikit-learn's name
        """Fit on float (n, copies, d) and targets (n,)."""
        copies, d = X.shape[1:]
        upright = X[:, : min(2, copies)].reshape(-1, d)
        # Both solvers are exact and repeatable; the covariance solver is faster while the covariance is small.
        solver = "covariance_eigh" if d <= 2 * len(upright) else "full"
        self.pca_ = PCA(min(self.components, len(upright) - 1, d), svd_solver=solver).fit(upright)
        self.lda_ = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto")
        self.template_targets_ = np.repeat(y, copies)
        self.lda_.fit(self.pca_.transform(X.reshape(-1, d)), self.template_targets_)
        self.classes_ = self.lda_.classes_
        self.templates_ = self._project(X.reshape(-1, d))
        return self

    def embed(self, X: NDArray[Any]) -> NDArray[Any]:  # noqa: N803
        """float (n, copies, d) to (n, at most people - 1), each row of length 1."""
        check_is_fitted(self)
        n, copies, d = X.shape
        return np.asarray(normalize(self._project(X.reshape(-1, d)).reshape(n, copies, -1).sum(axis=1)))

    def decision_function(self, X: NDArray[Any]) -> NDArray[Any]:  # noqa: N803
        """Cosine similarity to the most similar training image of each person: (n, people), -1 to 1."""
        similarity = self.embed(X) @ self.templates_.T
        return np.stack(
            [similarity[:, self.template_targets_ == person].max(axis=1) for person in self.classes_], axis=1
        )

    def predict(self, X: NDArray[Any]) -> NDArray[Any]:  # noqa: N803
        """The person of the most similar training image: (n,)."""
        return np.asarray(self.classes_[self.decision_function(X).argmax(axis=1)])

    def _project(self, flat: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(normalize(self.lda_.transform(self.pca_.transform(flat))))
