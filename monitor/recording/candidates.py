"""Selects views of a named face that may join the person's template after a review (template adaptation).

Faces change, and templates made on one day with one camera grow old. But a template that adapts by itself also learns
mistakes, so a view needs more evidence than a name does, and changes nothing until somebody accepts it.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

import numpy as np

from monitor.domain import EMBEDDING_SIZE, Embedding, Face, Frame, Match, RgbImage

LEAD: Final = 0.015
"""Least lead of the track's similarity over the threshold, in units of the similarity; 40 times fewer strangers reach
it than the threshold."""
CLEAR: Final = 0.03
"""Least lead of the track's similarity over the runner-up's, in units of the similarity; a name needs a third of it."""
NEW: Final = 0.975
"""Largest similarity, for dlib's network, of a view to an image that is kept already; three quarters of a person's
pictures of one day (ORL) are above it, and would add nothing."""
MOST_WAITING: Final = 4
"""Most candidates of one person that wait for a review; a new one then replaces one that adds less, or is dropped."""
MOST_GROWN: Final = 6
"""Most accepted candidates of one person; then one must be rolled back before another is accepted."""
_TRIES: Final = 10
"""Most views of one sighting that are examined."""
_REMEMBERED: Final = 256
"""Sightings whose tries are remembered: more than there are people in view at once."""

Assess: TypeAlias = Callable[[RgbImage, Face], Mapping[str, float] | None]
"""From a picture and a face on it to the face's quality in numbers; None when the face is not fit for enrolment."""


@dataclass(frozen=True, slots=True, eq=False)
class TemplateCandidate:
    """A view of a named face that may improve the person's template."""

    sighting: UUID
    person: UUID
    at: datetime
    encoder: str
    """Name of the encoder that made the embedding."""
    embedding: Embedding
    chip: RgbImage
    """uint8 (150, 150, 3), the aligned face."""
    quality: Mapping[str, float]
    similarity: float
    """Similarity of the whole track to the template, as a cosine."""
    lead: float
    """How far `similarity` is above the threshold."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackView:
    """One view of the face of a named track."""

    sighting: UUID
    person: UUID
    """Who was named."""
    frame: Frame
    face: Face
    chip: RgbImage
    embedding: Embedding
    fused: Embedding
    """The mean embedding of the whole track, not scaled to length 1."""


@dataclass(frozen=True, slots=True)
class CandidateSelector:
    """Offers views whose person is sure and whose quality is good enough; used by the vision thread only."""

    encoder: str
    """Name of the encoder that makes the embeddings."""
    assess: Assess
    """The quality gate of enrolment."""
    offer: Callable[[TemplateCandidate], None]
    """Takes a candidate; must not block."""
    _tries: OrderedDict[UUID, int] = field(default_factory=OrderedDict, init=False)

    def consider(self, view: TrackView, identify: Callable[[Embedding], Match], *, asked: bool = False) -> None:
        """Offer this view if its track is far above the threshold, and the view alone is of that person too.

        Args:
            identify: method of the gallery.
            asked: the person was asked for a view, because they are recognised badly: their track is never far above
                the threshold, so being named is enough, and that nobody is more like the view. A review follows.
        """
        tries = self._tries.get(view.sighting, 0)
        if tries >= _TRIES:
            return
        track, alone = identify(view.fused), identify(view.embedding)
        sure = is_sure(track, view.person, least=0.0 if asked else LEAD)
        alike = alone.best is not None and alone.best.person == view.person and (asked or alone.accepted)
        if not (sure and alike):
            return
        self._tries[view.sighting] = tries + 1
        if len(self._tries) > _REMEMBERED:
            self._tries.popitem(last=False)
        quality = self.assess(view.frame.rgb, view.face)
        if quality is None or track.best is None:
            return
        similarity, lead = track.best.similarity, track.best.similarity - track.threshold
        at, face, chip = view.frame.at, view.embedding, view.chip
        self.offer(
            TemplateCandidate(view.sighting, view.person, at, self.encoder, face, chip, quality, similarity, lead)
        )


def is_sure(track: Match, person: UUID, least: float = LEAD) -> bool:
    """Whether a track's match is so clear that its views may adapt the template.

    Args:
        least: lead over the threshold, in units of the similarity.
    """
    best, second = track.best, track.runner_up
    if best is None or best.person != person or not track.accepted:
        return False
    clear = second is None or best.similarity - second.similarity >= CLEAR * track.unit
    return clear and best.similarity - track.threshold >= least * track.unit


def nearest(embedding: Embedding, others: Sequence[Embedding]) -> float:
    """The similarity of a unit embedding to the most similar of `others`, for dlib's network; -1 if there are none."""
    firsts = np.stack([one[:EMBEDDING_SIZE] for one in (embedding, *others)])
    firsts /= np.linalg.norm(firsts, axis=1, keepdims=True)
    return float(np.max(firsts[1:] @ firsts[0])) if others else -1.0
