"""The views of one face that were encoded: their mean, which is compared with the gallery, and the best of them."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMBEDDING_SIZE, Embedding, FaceView
from monitor.vision.matching.joined import join

SAME_PERSON: Final = 0.94
"""Least cosine of an embedding with its track's: 1 in 5,000 pairs of different people reach it, and nearly all pairs of
frames of one track."""
_SAME_TURNED: Final = 0.92
"""Least cosine of a face turned aside with its track's: all pairs of ORL's views 18 degrees apart reach it."""
_MOST_VIEWS: Final = 12
"""Most views that are added up; more of them change nothing."""
_MOST_SECOND_VIEWS: Final = 6
"""Most views that the second encoder sees: three before a name, and more of a face that stays nameless."""
_FULL_WIDTH: Final = 80.0
"""Face width in pixels from which a view counts fully; narrower faces count for less."""
_BEST_VIEWS: Final = 3
"""Views that are handed on with a name: so many say whose face it was."""


@dataclass(slots=True)
class FusedViews:
    """The views of one track."""

    count: int = 0
    """Embeddings in the mean."""
    _sum: NDArray[np.float64] = field(default_factory=lambda: np.zeros(EMBEDDING_SIZE))
    _weight: float = 0.0
    _second_count: int = 0
    _second_sum: NDArray[np.float64] = field(default_factory=lambda: np.zeros(EMBEDDING_SIZE))
    _second_weight: float = 0.0
    _best: list[tuple[float, FaceView]] = field(default_factory=list)
    """The widest faces: width in pixels and view."""

    @property
    def mean(self) -> Embedding:
        """The mean of the views' unit embeddings, weighted by face width, not scaled to length 1.

        float32 (256,), the second encoder's half over the views that it has seen; (128,) where it has seen none.
        """
        if not self._second_count:
            return self._first
        return join(self._first, np.asarray(self._second_sum / self._second_weight, np.float32))

    @property
    def best(self) -> tuple[FaceView, ...]:
        """The widest faces, the widest first."""
        return tuple(view for _, view in self._best)

    @property
    def full(self) -> bool:
        """Whether another view would not change the mean."""
        return self.count >= _MOST_VIEWS

    @property
    def wants_second(self) -> bool:
        """Whether the second encoder has seen fewer views than it should."""
        return self._second_count < _MOST_SECOND_VIEWS

    def fits(self, embedding: Embedding, *, turned: bool = False) -> bool:
        """Whether a unit embedding of dlib's network, float32 (128,), can be of the same person as the views before.

        Args:
            turned: the head is turned aside.
        """
        least = _SAME_TURNED if turned else SAME_PERSON
        first = self._first
        return not self.count or float(first @ embedding) >= least * float(np.linalg.norm(first))

    def add(self, embedding: Embedding, second: Embedding | None, width: float) -> None:
        """Take a view into the mean, until this is `full`.

        Args:
            embedding: of dlib's network, float32 (128,), of length 1.
            second: of the second encoder, float32 (128,), of length 1, where it has seen this view.
            width: of the face, in pixels.
        """
        if self.full:
            return
        weight = min(width / _FULL_WIDTH, 1.0)
        self._sum += weight * embedding
        self._weight += weight
        self.count += 1
        if second is not None:
            self._second_sum += weight * second
            self._second_weight += weight
            self._second_count += 1

    def keep(self, view: FaceView, width: float) -> None:
        """Take a view among the best, if its face is one of the widest."""
        self._best = sorted([*self._best, (width, view)], key=lambda one: -one[0])[:_BEST_VIEWS]

    @property
    def _first(self) -> Embedding:
        return np.asarray(self._sum / max(self._weight, 1e-9), np.float32)
