"""Open-set identification: one probe against everyone enrolled (ISO/IEC 2382-37)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numkong
import numpy as np
from numpy.typing import NDArray

from monitor.domain import Candidate, Embedding, Match
from monitor.vision.dlib_resnet import EMBEDDING_SIZE
from monitor.vision.encoder import unit
from monitor.vision.threshold import threshold_for, threshold_for_means

_CHUNK = 4096
_SHORTEST = 1e-3
"""Length below which a mean says nothing; it asks for a similarity that nobody reaches."""


@dataclass(frozen=True, slots=True, eq=False)
class GalleryEntry:
    """One enrolled person."""

    person: UUID
    name: str
    template: Embedding
    """float32 (128,): the mean of the person's unit embeddings, not scaled back to length 1."""
    margin: float = 0.0
    """How much farther than usual from the runner-up a match must be; for people who look alike."""


class Gallery:
    """Everyone enrolled: 256 bytes a person in float16, plus names; a million are compared in about 20 ms."""

    def __init__(self, entries: Sequence[GalleryEntry], *, target_fpir: float = 0.01, margin: float = 0.015) -> None:
        """
        Args:
            entries: in any order.
            target_fpir: the share of strangers that may be given a name, above 0 and below 1.
            margin: how much more similar than the runner-up the best match must be.
        """
        self._people = [entry.person for entry in entries]
        self._names = [entry.name for entry in entries]
        self._margins = np.array([margin + entry.margin for entry in entries], np.float32)
        self._lengths = np.empty(len(entries), np.float32)
        self._templates = np.empty((len(entries), EMBEDDING_SIZE), np.float16)
        for start in range(0, len(entries), _CHUNK):
            templates = np.stack([entry.template for entry in entries[start : start + _CHUNK]])
            self._lengths[start : start + _CHUNK] = np.maximum(np.linalg.norm(templates, axis=1), _SHORTEST)
            self._templates[start : start + _CHUNK] = unit(templates)
        self._single_threshold = threshold_for(target_fpir, len(entries))

    def __len__(self) -> int:
        return len(self._people)

    def identify(self, probe: Embedding) -> Match:
        """Who this is, if anybody.

        Args:
            probe: float32 (128,): one unit embedding, or the mean of several, not scaled back to length 1;
                zeros are like nobody.
        """
        if not self._people:
            return Match(None, None, self._single_threshold, accepted=False)
        similarities = self._similarities(unit(probe))
        first, second = _two_largest(similarities)
        best = self._candidate(first, similarities)
        runner_up = None if second is None else self._candidate(second, similarities)
        threshold = threshold_for_means(
            self._single_threshold, float(self._lengths[first]), min(max(float(np.linalg.norm(probe)), _SHORTEST), 1.0)
        )
        lead = 1.0 if runner_up is None else best.similarity - runner_up.similarity
        accepted = best.similarity >= threshold and lead >= float(self._margins[first])
        return Match(best, runner_up, threshold, accepted)

    def _similarities(self, probe: Embedding) -> NDArray[np.float32]:
        products = numkong.cdist(self._templates, probe[None].astype(np.float16), metric="dot", out_dtype="float32")
        return np.asarray(products).ravel()

    def _candidate(self, row: int, similarities: NDArray[np.float32]) -> Candidate:
        return Candidate(self._people[row], self._names[row], float(similarities[row]))


def _two_largest(values: NDArray[np.float32]) -> tuple[int, int | None]:
    first = int(np.argmax(values))
    if len(values) == 1:
        return first, None
    kept = values[first]
    values[first] = -np.inf
    second = int(np.argmax(values))
    values[first] = kept
    return first, second
