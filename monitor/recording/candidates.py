"""Template adaptation: which views of a named face may join their person's template, once somebody reviewed them.

Faces change, and templates made on one day from one camera fall behind. But a template that learns by itself learns
mistakes too, so a view must be surer than a name needs, and it changes nothing until it is accepted.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

import numpy as np

from monitor.domain import Embedding, Face, Frame, Match, RgbImage

LEAD: Final = 0.015
"""A whole track must be so far above the threshold: strangers that far above are 40 times rarer than at it."""
CLEAR: Final = 0.03
"""The runner-up must be so far behind; a name needs a third of that."""
NEW: Final = 0.975
"""A view more similar than this to an image that is there adds nothing: three quarters of the pictures of one person
taken on one day (ORL) are."""
MOST_WAITING: Final = 4
"""Captures of one person that wait for a review; then a newer one takes the place of one that adds less, or goes."""
MOST_GROWN: Final = 6
"""Templates of one person that grew; then one has to be rolled back before another is accepted."""
_TRIES: Final = 10
"""Views of one sighting that are looked at."""
_REMEMBERED: Final = 256
"""Sightings whose tries are counted; more people are never in view at once."""

Assess: TypeAlias = Callable[[RgbImage, Face], Mapping[str, float] | None]
"""The quality of a face in numbers; None where it is not good enough to be enrolled."""


@dataclass(frozen=True, slots=True, eq=False)
class TemplateCandidate:
    """A view of a named face that may make its person's template better."""

    sighting: UUID
    person: UUID
    at: datetime
    encoder: str
    """What made the embedding."""
    embedding: Embedding
    chip: RgbImage
    """uint8 (150, 150, 3), the aligned face."""
    quality: Mapping[str, float]
    similarity: float
    """Of the whole track to the template."""
    lead: float
    """How far that is above the threshold."""


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
    """Of the whole track, not scaled to length 1."""


class CandidateSelector:
    """Offers the views that are sure and good enough; used by the vision thread only."""

    def __init__(self, encoder: str, assess: Assess, offer: Callable[[TemplateCandidate], None]) -> None:
        """
        Args:
            encoder: what makes the embeddings.
            assess: the gate that images for enrolment pass.
            offer: takes a candidate; must not block.
        """
        self._encoder = encoder
        self._assess = assess
        self._offer = offer
        self._tries: OrderedDict[UUID, int] = OrderedDict()

    def consider(self, view: TrackView, identify: Callable[[Embedding], Match]) -> None:
        """Offer this view if it is sure: the track far above the threshold, and the view itself of that person.

        Args:
            identify: the gallery's.
        """
        tries = self._tries.get(view.sighting, 0)
        if tries >= _TRIES:
            return
        track, alone = identify(view.fused), identify(view.embedding)
        if not (is_sure(track, view.person) and alone.person and alone.person.person == view.person):
            return
        self._tries[view.sighting] = tries + 1
        if len(self._tries) > _REMEMBERED:
            self._tries.popitem(last=False)
        quality = self._assess(view.frame.rgb, view.face)
        if quality is None or track.best is None:
            return
        similarity, lead = track.best.similarity, track.best.similarity - track.threshold
        at, embedding, chip = view.frame.at, view.embedding, view.chip
        self._offer(
            TemplateCandidate(view.sighting, view.person, at, self._encoder, embedding, chip, quality, similarity, lead)
        )


def is_sure(track: Match, person: UUID) -> bool:
    """Whether a match is so clear that it may teach a template."""
    best, second = track.best, track.runner_up
    if best is None or best.person != person or not track.accepted:
        return False
    clear = second is None or best.similarity - second.similarity >= CLEAR
    return clear and best.similarity - track.threshold >= LEAD


def nearest(embedding: Embedding, others: Sequence[Embedding]) -> float:
    """The similarity of a unit embedding to the most similar of others; -1 without any."""
    return float(np.max(np.stack(others) @ embedding)) if others else -1.0
