"""Identifies a probe among everyone enrolled, or nobody (open-set identification, ISO/IEC 2382-37)."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from monitor.domain import Candidate, Embedding, Encoders, Match
from monitor.vision.matching.roll import Roll, ids_of
from monitor.vision.matching.templates import Found, Templates, means_of
from monitor.vision.matching.threshold import CURVES, DLIB, equivalent

_CHUNK = 4096
"""Templates that are taken in at once."""
_COHORT = 500
"""People with whom a matched template is compared, spread over the gallery."""
_NEIGHBOURS = 10
"""The nearest people of the cohort whose mean similarity tells how crowded it is around a template."""
_OTHERS = 3
"""People after the best match whose mean similarity tells how crowded it is around a probe."""
_TEMPLATE_WEIGHT = 0.25
"""Share of a template's crowding by which the threshold moves."""
_PROBE_WEIGHT = 0.3
"""Share of a probe's crowding by which the threshold moves."""
_MOST_CROWDED = 0.03
"""Largest crowding that counts, in units of the curve."""
_LOOK_ALIKE_MARGIN = 0.005
"""Extra margin for a person who has a look-alike in the gallery, in units of the curve."""
_WRONG_MARGIN = 0.005
"""Extra margin for each "not me" of somebody who was taken for this person, in units of the curve."""
_MOST_WRONG = 4
"""Most "not me" of a person that count."""


@dataclass(frozen=True, slots=True, eq=False)
class GalleryEntry:
    """One enrolled person."""

    person: UUID
    name: str
    template: Embedding
    """float32 (256,) or (128,): the mean of the person's unit embeddings, not scaled back to length 1."""
    margin: float = 0.0
    """Lead over the runner-up that a match of this person needs beyond the gallery's margin, in units of the curve
    (`extra_margin`)."""


def extra_margin(look_alikes: int, wrongly_named: int) -> float:
    """The extra margin of a person who is easily mistaken for others.

    Args:
        look_alikes: people in the gallery who are marked as looking like this one.
        wrongly_named: how often somebody else was taken for this person and said "not me".
    """
    return _LOOK_ALIKE_MARGIN * bool(look_alikes) + _WRONG_MARGIN * min(wrongly_named, _MOST_WRONG)


class Gallery:
    """Everyone enrolled: 820 bytes a person, ids and names included; a million are compared in about 40 ms.

    dlib's embeddings are compared with everybody's, SFace's with those of the short list that comes of it. People
    without an embedding of SFace are compared by dlib's alone; their similarity is given on the
    scale of both: as the value that equally many strangers reach.

    The threshold moves with how crowded the gallery is around a face (symmetric score normalisation: Auckenthaler et
    al. 2000, Matejka et al. 2017): a face that is unusually like everybody, as pictures of one camera are, needs a
    higher similarity to get a name.
    """

    def __init__(
        self, entries: Sequence[GalleryEntry], *, target_fpir: float, margin: float, encoders: Encoders = "both"
    ) -> None:
        """
        Args:
            entries: in any order.
            target_fpir: the share of strangers that may be given a name, above 0 and below 1.
            margin: lead in similarity over the runner-up that the best match needs, in units of the curve.
            encoders: whose embeddings are compared; dlib's where nobody has any of SFace.
        """
        parts = (entries[start : start + _CHUNK] for start in range(0, len(entries), _CHUNK))
        templates = Templates((means_of([one.template for one in part]) for part in parts), encoders)
        names = [entry.name.encode() for entry in entries]
        roll = Roll(ids_of(entry.person for entry in entries), b"".join(names), [len(name) for name in names])
        margins = np.array([entry.margin for entry in entries], np.float32)
        self._set(roll, templates, margins, target_fpir, margin)

    @classmethod
    def of_columns(
        cls,
        roll: Roll,
        templates: Templates,
        margins: NDArray[np.float32],
        *,
        target_fpir: float,
        margin: float,
    ) -> "Gallery":
        """A gallery of many people.

        Args:
            roll, templates: of everyone, in one order.
            margins: extra margins as in `GalleryEntry`, float32 (n,).
        """
        gallery = cls.__new__(cls)
        gallery._set(roll, templates, margins, target_fpir, margin)
        return gallery

    def _set(
        self,
        roll: Roll,
        templates: Templates,
        margins: NDArray[np.float32],
        target_fpir: float,
        margin: float,
    ) -> None:
        self.roll, self.templates = roll, templates
        self.encoders = templates.encoders
        """Whose embeddings are compared."""
        self.curve = CURVES[self.encoders]
        """What is known of the similarities that are compared."""
        self._margins = (np.float32(margin) + margins) * np.float32(self.curve.unit)
        size = len(roll)
        self._single_threshold = self.curve.threshold_for(target_fpir, size)
        # Nothing is known of how crowded it is around somebody without SFace's embedding among others who have one.
        self._alone_threshold = DLIB.threshold_for(target_fpir, size, ratio=DLIB.ratio_of_one)
        self._mean_length = float(templates.lengths.mean()) if size else 1.0
        self._cohort = self._choose_cohort()
        self._cohort_rows = templates.unit_rows(self._cohort)
        others = len(self._cohort) - 1
        self._neighbours = max(min(_NEIGHBOURS, others), 0)
        ranks = range(1, self._neighbours + 1)
        self._usual = self.curve.usual_similarity(ranks, others) if ranks else 0.0

    def __len__(self) -> int:
        return len(self.roll)

    def name_of(self, person: UUID) -> str | None:
        """The name of an enrolled person; None for anybody else."""
        row = self.roll.row(person)
        return None if row is None else self.roll.name(row)

    def identify(self, probe: Embedding, *, instead: tuple[int, Embedding | None] | None = None) -> Match:
        """Who this is, or nobody.

        Args:
            probe: float32 (256,) or (128,): one unit embedding, or the mean of several, not scaled back to length 1;
                zeros match nobody.
            instead: number of an entry and the template that replaces its own in this call; None leaves the entry out.
        """
        found = self.templates.compare(probe, instead)
        ranked = np.argsort(-found.similarities, kind="stable")[: _OTHERS + 1]
        if not len(ranked):
            return Match(None, None, self._single_threshold, accepted=False, encoders=self.encoders)
        first, others = int(ranked[0]), ranked[1:]
        row = int(found.rows[first])
        threshold = self._threshold(found, first, found.similarities[others])
        best = self._candidate(found, first)
        runner_up = self._candidate(found, int(others[0])) if len(others) else None
        lead = 1.0 if runner_up is None else best.similarity - runner_up.similarity
        accepted = best.similarity >= threshold and lead >= float(self._margins[row]) and not found.contradicted(first)
        return Match(best, runner_up, threshold, accepted, self.encoders)

    def _threshold(self, found: Found, first: int, others: NDArray[np.float32]) -> float:
        """The threshold for the best match.

        Args:
            first: the place of the best match in `found`.
            others: similarities of the next best people, float32 (k,).
        """
        length, probe = found.template_lengths[first], found.probe_length
        if self.encoders != "dlib" and np.isnan(found.seconds[first]):
            alone = float(DLIB.for_means(self._alone_threshold, np.float64(length), found.first_length))
            return float(equivalent(np.float32(alone), DLIB, self.curve))
        shift = self._crowding_of_template(int(found.rows[first])) + self._crowding_of_probe(others, probe)
        return float(self.curve.for_means(self._single_threshold, np.float64(length), probe)) + float(shift)

    def _choose_cohort(self) -> NDArray[np.int64]:
        """Numbers of the people with whom each template is compared: those whose ids end lowest.

        The ends of ids are random, so somebody who comes or goes hardly ever changes who the others are.
        """
        compared = self.templates.compared
        if len(compared) <= _COHORT:
            return compared
        ends = self.roll.ids.view("V16")[compared].view(">u8")[1::2]
        return np.asarray(np.sort(compared[np.argpartition(ends, _COHORT)[:_COHORT]]))

    def _crowding_of_template(self, row: int) -> float:
        """How far the threshold moves because the gallery is crowded around a person's template; a similarity."""
        templates, nearest = self.templates, self._neighbours
        if nearest == 0 or (self.encoders != "dlib" and not templates.has_second[row]):
            return 0.0
        similarities = np.vecdot(self._cohort_rows, templates.unit_rows(np.array([row])))
        similarities[self._cohort == row] = -np.inf
        mean = float(np.partition(similarities, -nearest)[-nearest:].mean())
        length = np.float64(templates.lengths[row])
        expected = float(self.curve.for_means(self._usual, length, self._mean_length))
        most = _MOST_CROWDED * self.curve.unit
        return _TEMPLATE_WEIGHT * min(max(mean - expected, -most), most)

    def _crowding_of_probe(self, others: NDArray[np.float32], length: float) -> float:
        """How far the threshold moves because a probe is also like its next best people; a similarity."""
        if not len(others):
            return 0.0
        usual = self.curve.usual_similarity(range(2, len(others) + 2), len(self.roll))
        expected = float(self.curve.for_means(usual, np.float64(self._mean_length), length))
        most = _MOST_CROWDED * self.curve.unit
        return _PROBE_WEIGHT * min(max(float(others.mean()) - expected, -most), most)

    def _candidate(self, found: Found, place: int) -> Candidate:
        row, second = int(found.rows[place]), float(found.seconds[place])
        # In float32 the cosine of a vector with itself can be a little more than 1.
        similarity = min(float(found.similarities[place]), 1.0)
        return Candidate(
            self.roll.person(row), self.roll.name(row), similarity, None if np.isnan(second) else min(second, 1.0)
        )


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """Everyone who can be named, handed from thread to thread as one object."""

    gallery: Gallery
    no_mood: Set[UUID]
    """People who refused that their mood is estimated."""
    ask: Set[UUID] = frozenset()
    """People whom the door asks for one more view, because they are recognised worse than others."""
