"""The study that all steps share: the faces, the split, the settings, and results that several steps need."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from monitor.errors import UsageError
from training.eigenfaces.load import FaceSet
from training.eigenfaces.protocol import Estimator, hold_out, span_coordinates
from training.eigenfaces.section import ReportPicture
from training.report import save_figure

CLASSIC_COMPONENTS = 90
CLASSIC_SUBJECTS = (0, 5, 21, 24, 36)
SHOWN_EIGENFACES = 30
FOLDS = 5

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class StudySettings:
    """The choices of the user."""

    components: int | None = None
    """Number of components of the whitened PCA; None for 90, or fewer where the smallest training fold has fewer."""
    subjects: tuple[int, ...] | None = None
    """Numbers of the people of whom the report shows all images; None for the classic choice."""
    projected: int = 10
    """Number of people in the projection on two components."""
    eigenfaces: int | None = None
    """Number of eigenfaces that the report shows; None for 30, or fewer where there are fewer."""
    seed: int = 0
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Processes for the long computations."""


@dataclass(frozen=True, eq=False)
class Study:
    """One study of one set of faces; writes into one run folder."""

    faces: FaceSet
    folder: Path
    settings: StudySettings = field(default_factory=StudySettings)
    done: Callable[[float], None] = lambda _: None
    """Receives the progress of the current step, 0 to 1."""
    _results: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises UsageError when the settings do not fit the faces."""
        wanted, most = self.settings.components, self.most_components
        if wanted is not None and not 1 <= wanted <= most:
            raise UsageError(
                f"The smallest training fold is too small for {wanted} components; choose 1 to {most} (--components)."
            )
        people = len(self.faces.names)
        for subject in self.settings.subjects or ():
            if not 0 <= subject < people:
                raise UsageError(f"Subject {subject} does not exist; subjects are numbered 0 to {people - 1}.")
        shown, last = self.settings.eigenfaces, self.most_eigenfaces
        if shown is not None and not 1 <= shown <= last:
            raise UsageError(f"The training images have {last} eigenfaces, not {shown}; choose 1 to {last} (--faces).")
        if self.settings.projected < 1:
            raise UsageError("The projection needs at least 1 person; choose 1 or more (--people).")

    @property
    def most_components(self) -> int:
        """The most components that every PCA of the study can have.

        The smallest set that a PCA is fitted on is the inner fold of a nested search.
        """
        images = len(self.faces.target)
        outer = images - -(-images // FOLDS)
        inner = outer - -(-outer // FOLDS)
        return int(min(inner, len(self.train) - -(-len(self.train) // FOLDS), self.pixels.shape[1]))

    @property
    def components(self) -> int:
        """Number of components of the whitened PCA."""
        return self.settings.components or min(CLASSIC_COMPONENTS, self.most_components)

    @property
    def most_eigenfaces(self) -> int:
        """The directions in which the training images differ: one fewer than there are images, or the pixels."""
        return int(min(len(self.train) - 1, self.pixels.shape[1]))

    @property
    def eigenfaces(self) -> int:
        """Number of eigenfaces that the report shows."""
        return self.settings.eigenfaces or min(SHOWN_EIGENFACES, self.most_eigenfaces)

    @property
    def subjects(self) -> tuple[int, ...]:
        """Numbers of the people of whom the report shows all images."""
        if self.settings.subjects is not None:
            return self.settings.subjects
        known = tuple(subject for subject in CLASSIC_SUBJECTS if subject < len(self.faces.names))
        return known or (0,)

    @cached_property
    def _split(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return hold_out(self.faces.target, self.settings.seed)

    @property
    def train(self) -> NDArray[np.int64]:
        """Indices of the training images."""
        return self._split[0]

    @property
    def test(self) -> NDArray[np.int64]:
        """Indices of the held-out images."""
        return self._split[1]

    @property
    def folds(self) -> KFold:
        """The shuffled folds of all images on which the classifiers are compared."""
        return KFold(FOLDS, shuffle=True, random_state=self.settings.seed)

    def fitted(self, model: Estimator) -> Estimator:
        """The model itself, fitted on the training images."""
        return model.fit(self.pixels[self.train], self.target[self.train])

    def accuracy(self, model: Estimator) -> float:
        """Accuracy of a fitted model on the held-out images, 0 to 1."""
        return float(model.score(self.pixels[self.test], self.target[self.test]))

    @cached_property
    def pixels(self) -> NDArray[np.float64]:
        """float64 (n, height * width), 0 to 1."""
        return self.faces.pixels

    @property
    def target(self) -> NDArray[np.int64]:
        """int64 (n,): the person on each image."""
        return self.faces.target

    @cached_property
    def coordinates(self) -> NDArray[np.float64]:
        """float64 (n, at most n): the pixels rotated without loss, which makes hundreds of folds faster."""
        return span_coordinates(self.pixels)

    def once(self, compute: "Callable[[Study], Result]") -> Result:
        """The result of a computation that several steps need; computed at the first call, then kept."""
        if compute not in self._results:
            self._results[compute] = compute(self)
        result: Result = self._results[compute]
        return result

    def picture(self, name: str, figure: Figure, caption: str, *, wide: bool = True) -> ReportPicture:
        """Save a figure as NAME.png in the run folder."""
        save_figure(figure, self.folder / f"{name}.png")
        return ReportPicture(f"{name}.png", caption, wide)
