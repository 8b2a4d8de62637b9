"""Identifies a probe among everyone enrolled, or nobody (open-set identification, ISO/IEC 2382-37)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMBEDDING_SIZE, Candidate, Embedding, Match
from monitor.vision.encoder import unit
from monitor.vision.matching.threshold import for_means, threshold_for, usual_similarity

_CHUNK = 4096
"""Templates that are compared with the cohort at once."""
_SHORTEST = 1e-3
"""Least length of a mean that is reckoned with; a mean so short needs a similarity that nobody reaches."""
_COHORT = 500
"""People with whom each template is compared, spread over the gallery."""
_NEIGHBOURS = 10
"""The nearest people of the cohort whose mean similarity tells how crowded it is around a template."""
_OTHERS = 3
"""People after the best match whose mean similarity tells how crowded it is around a probe."""
_TEMPLATE_WEIGHT = 0.25
"""Share of a template's crowding by which the threshold moves."""
_PROBE_WEIGHT = 0.3
"""Share of a probe's crowding by which the threshold moves."""
_MOST_CROWDED = 0.03
"""Largest crowding that counts, as a similarity."""
_LOOK_ALIKE_MARGIN = 0.005
"""Extra margin for a person who has a look-alike in the gallery."""
_WRONG_MARGIN = 0.005
"""Extra margin for each "not me" of somebody who was taken for this person."""
_MOST_WRONG = 4
"""Most "not me" of a person that count."""


@dataclass(frozen=True, slots=True, eq=False)
class GalleryEntry:
    """One enrolled person."""

    person: UUID
    name: str
    template: Embedding
    """float32 (128,): the mean of the person's unit embeddings, not scaled back to length 1."""
    margin: float = 0.0
    """Lead over the runner-up that a match of this person needs beyond the gallery's margin (`extra_margin`)."""


def extra_margin(look_alikes: int, wrongly_named: int) -> float:
    """The extra margin of a person who is easily mistaken for others.

    Args:
        look_alikes: people in the gallery who are marked as looking like this one.
        wrongly_named: how often somebody else was taken for this person and said "not me".
    """
    return _LOOK_ALIKE_MARGIN * bool(look_alikes) + _WRONG_MARGIN * min(wrongly_named, _MOST_WRONG)


class Gallery:
    """Everyone enrolled: 512 bytes a person, plus names; a million are compared in about 30 ms.

    The threshold moves with how crowded the gallery is around a face (symmetric score normalisation: Auckenthaler et
    al. 2000, Matejka et al. 2017): a face that is unusually like everybody, as pictures of one camera are, needs a
    higher similarity to get a name.
    """

    def __init__(self, entries: Sequence[GalleryEntry], *, target_fpir: float, margin: float) -> None:
        """
        Args:
            entries: in any order.
            target_fpir: the share of strangers that may be given a name, above 0 and below 1.
            margin: lead in similarity over the runner-up that the best match needs.
        """
        self._people = [entry.person for entry in entries]
        self._names = [entry.name for entry in entries]
        self._margins = np.array([margin + entry.margin for entry in entries], np.float32)
        self._templates = np.empty((len(entries), EMBEDDING_SIZE), np.float32)
        for row, entry in enumerate(entries):
            self._templates[row] = entry.template
        lengths = np.sqrt(np.einsum("ij,ij->i", self._templates, self._templates))
        self._templates /= np.where(lengths > 0, lengths, 1)[:, None]
        self._lengths = np.maximum(lengths, np.float32(_SHORTEST))
        self._single_threshold = threshold_for(target_fpir, len(entries))
        self._mean_length = float(self._lengths.mean()) if entries else 1.0
        self._crowding = self._crowding_of_templates()

    def __len__(self) -> int:
        return len(self._people)

    def name_of(self, person: UUID) -> str | None:
        """The name of an enrolled person; None for anybody else."""
        return self._names[self._people.index(person)] if person in self._people else None

    def identify(self, probe: Embedding, *, instead: tuple[int, Embedding | None] | None = None) -> Match:
        """Who this is, or nobody.

        Args:
            probe: float32 (128,): one unit embedding, or the mean of several, not scaled back to length 1;
                zeros match nobody.
            instead: number of an entry and the template that replaces its own in this call; None leaves the entry out.
        """
        if not self._people:
            return Match(None, None, self._single_threshold, accepted=False)
        # Row by row: a matrix product waits for other threads, and its last digits depend on a row's neighbours.
        found = np.vecdot(self._templates, unit(probe))
        row, template = instead or (None, None)
        if row is not None:
            found[row] = -np.inf if template is None else float(unit(template) @ unit(probe))
        ranked = _largest(found, _OTHERS + 1)
        if not ranked:
            return Match(None, None, self._single_threshold, accepted=False)
        first, others = ranked[0], ranked[1:]
        length = self._lengths[first] if first != row or template is None else np.linalg.norm(template)
        shift = self._crowding[first] + self._crowding_of_probe(found[others], _length(probe))
        threshold = float(for_means(self._single_threshold, np.float64(length), _length(probe))) + float(shift)
        best = self._candidate(first, found)
        runner_up = self._candidate(others[0], found) if others else None
        lead = 1.0 if runner_up is None else best.similarity - runner_up.similarity
        accepted = best.similarity >= threshold and lead >= float(self._margins[first])
        return Match(best, runner_up, threshold, accepted)

    def _crowding_of_templates(self) -> NDArray[np.float32]:
        """How far each person's threshold moves because the gallery is crowded around the template; float32 (n,)."""
        size = len(self._people)
        moves = np.zeros(size, np.float32)
        if size < 2:
            return moves
        cohort = np.unique(np.linspace(0, size - 1, min(size, _COHORT)).astype(np.int64))
        nearest = min(_NEIGHBOURS, len(cohort) - 1)
        usual = usual_similarity(range(1, nearest + 1), len(cohort) - 1)
        theirs = self._templates[cohort].T
        for start in range(0, size, _CHUNK):
            here = slice(start, start + _CHUNK)
            similarities = self._templates[here] @ theirs
            similarities[np.arange(size)[here, None] == cohort] = -np.inf
            found = np.partition(similarities, -nearest, axis=1)[:, -nearest:].mean(axis=1)
            expected = for_means(usual, self._lengths[here].astype(np.float64), self._mean_length)
            moves[here] = _TEMPLATE_WEIGHT * np.clip(found - expected, -_MOST_CROWDED, _MOST_CROWDED)
        return moves

    def _crowding_of_probe(self, others: NDArray[np.float32], length: float) -> float:
        """How far the threshold moves because a probe is also like its next best people; a similarity."""
        if not len(others):
            return 0.0
        usual = usual_similarity(range(2, len(others) + 2), len(self._people))
        expected = float(for_means(usual, np.float64(self._mean_length), length))
        crowding = min(max(float(others.mean()) - expected, -_MOST_CROWDED), _MOST_CROWDED)
        return _PROBE_WEIGHT * crowding

    def _candidate(self, row: int, found: NDArray[np.float32]) -> Candidate:
        # In float32 the cosine of a vector with itself can be a little more than 1.
        return Candidate(self._people[row], self._names[row], min(float(found[row]), 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """Everyone who can be named, handed from thread to thread as one object."""

    gallery: Gallery
    no_mood: frozenset[UUID]
    """People who refused that their mood is estimated."""


def _length(probe: Embedding) -> float:
    return min(max(float(np.linalg.norm(probe)), _SHORTEST), 1.0)


def _largest(values: NDArray[np.float32], count: int) -> list[int]:
    """Places of the largest values, the largest first; those of -inf are left out."""
    found: list[int] = []
    kept: list[np.float32] = []
    while len(found) < count and np.isfinite(values[place := int(np.argmax(values))]):
        found.append(place)
        kept.append(values[place])
        values[place] = -np.inf
    values[found] = kept
    return found
