"""What the frames of one track say together: who it is, and in what mood.

A name is given when the fused embedding passes the gallery's threshold and margin. Once given it stays; an embedding
that does not fit the ones before means that another person took over the track, which is then split.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from uuid6 import uuid7

from monitor.domain import Embedding, Match, MoodScores, Phase, RgbImage, Sighting, Track
from monitor.pipeline.tracker import TrackUpdate

SAME_PERSON = 0.94
"""Cosine below which an embedding is not the track's: of pairs of different people 1 in 5,000 are above it, of pairs of
frames of one track next to none below."""

_FIRST_VIEWS = 3
"""A new track is encoded in every frame until it has this many views."""
_MOST_VIEWS = 12
"""More views of one track add nothing."""
_FULL_WIDTH = 80.0
"""Narrower faces, in pixels, count for less."""
_UNDECIDED_EVERY = 0.4
"""Seconds between views while there is no name yet."""
_UNKNOWN_EVERY = 1.0
"""Seconds between views of a face that is known to be unknown."""
_VERIFY_EVERY = 1.0
"""Seconds between views that only check that it is still the same person."""
_DOUBT_EVERY = 0.3
"""Seconds between views of a face that stays near others, or comes nearer."""
_GROWN = 1.25
"""A face that is so much larger or smaller than in its last view may be another one, at another distance."""
_RECHECK_EVERY = 0.1
"""Seconds between views while it is in doubt who it is."""
_SAME_LOOK = 0.6
"""A face whose thumbnail has less than this in common with that of its last view may be another one."""
_UNKNOWN_AFTER = 1.5
"""Seconds in view after which a face without a name is called unknown."""
_LEAD = 0.006
"""A track must be so far above the threshold: a stranger in view is compared many times, and may pass it once."""
_CLEAR_LEAD = 0.01
"""So far above the threshold two views are enough, and a face that was called unknown is named after all."""


@dataclass(slots=True)
class Consensus:
    """The evidence on one track. Times are seconds on the source's clock."""

    track: Track
    first_at: datetime
    last_at: datetime
    id: UUID = field(default_factory=uuid7)
    match: Match | None = None
    """The gallery's latest answer; it stays once its name was told."""
    views: int = 0
    """Embeddings in the mean."""
    verified: bool = True
    """False from the moment somebody else may have taken over until an embedding shows who it is."""
    told: Phase | None = None
    """The latest phase that was told."""
    named: bool = False
    """Whether a name was told."""
    ended: bool = False
    """Whether nothing more can be learnt."""
    portrait: RgbImage | None = None
    _thumbnail: NDArray[np.float32] | None = None
    _width: float = 0.0
    _sum: NDArray[np.float64] = field(default_factory=lambda: np.zeros(128))
    _weight: float = 0.0
    _last_view: float = -np.inf
    _last_mood: float = -np.inf
    _told_at: float = 0.0
    _mood_sum: NDArray[np.float64] = field(default_factory=lambda: np.zeros(7))
    _moods: int = 0

    @property
    def fused(self) -> Embedding:
        """The mean of the views' unit embeddings, weighted by their size: float32 (128,), not scaled to length 1."""
        return np.asarray(self._sum / max(self._weight, 1e-9), np.float32)

    @property
    def shown(self) -> Match | None:
        """What may be shown on the screen now: nothing before it was told, or while it is in doubt."""
        if self.match is None or not self.told or not self.verified:
            return None
        return self.match if self.named or not self.match.accepted else None

    def see(self, update: TrackUpdate, at: datetime, thumbnail: NDArray[np.float32]) -> None:
        """Take in that the face was found again.

        Args:
            thumbnail: from `views.thumbnail`.
        """
        self.track, self.last_at = update.track, at
        if self._thumbnail is None:
            return
        looks_other = float(self._thumbnail @ thumbnail) < _SAME_LOOK
        width = update.track.face.box.width
        grown = max(width, self._width) > _GROWN * min(width, self._width)
        doubted = (update.doubtful or grown) and update.track.last_seen - self._last_view >= _DOUBT_EVERY
        if looks_other or update.returned or doubted:
            self.verified = False

    def wants_view(self, seconds: float) -> bool:
        """Whether another embedding would add evidence now."""
        since = seconds - self._last_view
        if not self.verified:
            return since >= _RECHECK_EVERY
        if self.named:
            return since >= _VERIFY_EVERY
        if self.views < _FIRST_VIEWS:
            return True
        return since >= (_UNKNOWN_EVERY if self.told else _UNDECIDED_EVERY)

    def fits(self, embedding: Embedding) -> bool:
        """Whether a unit embedding can be of the same person as the views before."""
        if not self.views:
            return True
        fused = self.fused
        return float(fused @ embedding) >= SAME_PERSON * float(np.linalg.norm(fused))

    def add_view(self, embedding: Embedding, chip: RgbImage, thumbnail: NDArray[np.float32], seconds: float) -> None:
        """Take in a unit embedding that fits."""
        self.verified = True
        self._last_view = seconds
        self._thumbnail = thumbnail
        self._width = self.track.face.box.width
        if self.views < _MOST_VIEWS:
            weight = min(self.track.face.box.width / _FULL_WIDTH, 1.0)
            self._sum += weight * embedding
            self._weight += weight
            self.views += 1
            self.portrait = chip

    def wants_mood(self, seconds: float, every: float) -> bool:
        return self.verified and seconds - self._last_mood >= every

    def add_mood(self, probabilities: NDArray[np.float32], seconds: float) -> None:
        self._last_mood = seconds
        self._mood_sum += probabilities
        self._moods += 1

    def mood(self, confidence_needed: float) -> MoodScores | None:
        """The mean of the moods since the last sighting was told."""
        if not self._moods:
            return None
        mean = self._mood_sum / self._mood_sum.sum()
        return MoodScores(tuple(float(p) for p in mean), confidence_needed)

    def due(self, seconds: float, *, mood_every: float) -> Phase | None:
        """The phase that should be told now, if any."""
        match = self.match
        if match is None or not self.verified:
            return None
        if not self.named and self._sure(match):
            return Phase.IDENTIFIED if self.told else Phase.OPENED
        if self.told:
            return Phase.CONTINUED if seconds - self._told_at >= mood_every else None
        waited = seconds - self.track.first_seen >= _UNKNOWN_AFTER and self.views > _FIRST_VIEWS
        return Phase.OPENED if waited else None

    def due_at_end(self, *, min_views: int) -> tuple[Phase, ...]:
        """The phases to tell when the track ends.

        Args:
            min_views: fewer views do not make an unknown visitor; they do make a known one.
        """
        self.ended = True
        if self.told:
            return (Phase.CLOSED,)
        if self.match is not None and (self._may_name or self.views >= min_views):
            return (Phase.OPENED, Phase.CLOSED)
        return ()

    @property
    def _may_name(self) -> bool:
        """Whether the match is good enough for a name; at the end it is compared once, and needs no lead."""
        return self.match is not None and self.match.accepted and (self.ended or self._sure(self.match))

    def _sure(self, match: Match) -> bool:
        if match.best is None or not match.accepted:
            return False
        lead = match.best.similarity - match.threshold
        if lead >= _CLEAR_LEAD:
            return self.views >= _FIRST_VIEWS - 1
        return lead >= _LEAD and self.views >= _FIRST_VIEWS and not self.told

    def tell(self, phase: Phase, seconds: float, confidence_needed: float) -> Sighting:
        """The sighting for this phase; the mood starts anew after it.

        Raises:
            ValueError: the track was not compared with the gallery yet.
        """
        if self.match is None:
            raise ValueError("a track is told only after it was compared with the gallery")
        self.named = self.named or (phase in (Phase.OPENED, Phase.IDENTIFIED) and self._may_name)
        unknown = not self.named
        sighting = Sighting(
            id=self.id,
            phase=phase,
            track=self.track.id,
            first_at=self.first_at,
            last_at=self.last_at,
            match=self.match if self.named else replace(self.match, accepted=False),
            mood=self.mood(confidence_needed),
            frames=self.track.hits,
            embedding=self.fused if unknown else None,
            portrait=self.portrait if unknown else None,
        )
        self.told, self._told_at = phase, seconds
        self._mood_sum[:] = 0
        self._moods = 0
        return sighting
