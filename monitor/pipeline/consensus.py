"""All that is known of one track: who it is, and in what mood.

A name is given when the fused embedding passes the gallery's threshold and margin. Once given it stays; an embedding
that does not fit the ones before means that another person took over the track, which is then split.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from uuid6 import uuid7

from monitor.domain import (
    EMBEDDING_SIZE,
    EMOTIONS,
    Candidate,
    Embedding,
    Match,
    MoodScores,
    Observation,
    Phase,
    RgbImage,
    Sighting,
    Track,
)
from monitor.pipeline.tracker import TrackUpdate
from monitor.vision.matching.gallery import Enrolled
from monitor.vision.views import is_good

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
_MOOD_EVERY = 0.35
"""Seconds between two estimates of the mood on one face."""
_UNKNOWN_AFTER = 1.5
"""Seconds in view after which a face without a name is called unknown."""
_LEAD = 0.006
"""A track must be so far above the threshold: a stranger in view is compared many times, and may pass it once."""
_CLEAR_LEAD = 0.01
"""So far above the threshold two views are enough, and a face that was called unknown is named after all."""


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """What the flow needs of the settings."""

    min_face: int
    """Narrower faces, in pixels, are not identified."""
    mood_confidence: float
    """A mood less likely than this is "unsure"."""
    mood_every_seconds: float
    """Seconds between two sightings of somebody who stays in view."""
    min_views: int
    """Good views of a face that make it an unknown visitor."""


@dataclass(slots=True)
class Consensus:
    """The evidence on one track. Times are seconds on the source's clock; "now" is when the face was found last."""

    track: Track
    first_at: datetime
    last_at: datetime = field(init=False)
    people: Enrolled
    settings: FlowSettings
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
    _look: NDArray[np.float32] | None = None
    """The face's thumbnail now."""
    _view_look: NDArray[np.float32] | None = None
    """The face's thumbnail at the last view."""
    _width: float = 0.0
    _sum: NDArray[np.float64] = field(default_factory=lambda: np.zeros(EMBEDDING_SIZE))
    _weight: float = 0.0
    _last_view: float = -np.inf
    _last_mood: float = -np.inf
    _told_at: float = 0.0
    _mood_sum: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(EMOTIONS)))
    _moods: int = 0

    def __post_init__(self) -> None:
        self.last_at = self.first_at

    @property
    def fused(self) -> Embedding:
        """The mean of the views' unit embeddings, weighted by their size: float32 (128,), not scaled to length 1."""
        return np.asarray(self._sum / max(self._weight, 1e-9), np.float32)

    @property
    def person(self) -> Candidate | None:
        """Who was named; None for nobody, and for somebody who is not enrolled any more."""
        return self.match.person if self.named and self.match is not None else None

    @property
    def observation(self) -> Observation:
        """What may be shown on the screen now: no name before it was told, nor name or mood while it is in doubt."""
        told = self.match if self.told and self.verified else None
        shown = told if told is None or self.named or not told.accepted else None
        return Observation(self.track, shown, self._mood if self.verified else None)

    def use_people(self, people: Enrolled) -> None:
        """Compare with these people from now on.

        Who was named is called as these people are called; who is not among them is not named any more.
        """
        self.people = people
        match = self.match
        if self.named and match is not None and match.best is not None:
            name = people.gallery.name_of(match.best.person)
            best = match.best if name is None else replace(match.best, name=name)
            self.match = replace(match, best=best, accepted=match.accepted and name is not None)

    def see(self, update: TrackUpdate, at: datetime, thumbnail: NDArray[np.float32]) -> None:
        """Take in that the face was found, for the first time or again.

        Args:
            thumbnail: from `views.thumbnail`.
        """
        self.track, self.last_at, self._look = update.track, at, thumbnail
        if self._view_look is None:
            return
        looks_other = float(self._view_look @ thumbnail) < _SAME_LOOK
        width = update.track.face.box.width
        grown = max(width, self._width) > _GROWN * min(width, self._width)
        doubted = (update.doubtful or grown) and self._now - self._last_view >= _DOUBT_EVERY
        if looks_other or update.returned or doubted:
            self.verified = False

    @property
    def wants_view(self) -> bool:
        """Whether the face is good enough to be encoded, and another embedding would add evidence now."""
        if not self._good:
            return False
        since = self._now - self._last_view
        if not self.verified:
            return since >= _RECHECK_EVERY
        if self.named:
            return since >= _VERIFY_EVERY
        if self.views < _FIRST_VIEWS:
            return True
        return since >= (_UNKNOWN_EVERY if self.told else _UNDECIDED_EVERY)

    @property
    def urgency(self) -> tuple[bool, bool, int]:
        """Of tracks that want a view, those with the smallest urgency come first: in doubt, nameless, new."""
        return self.verified, self.named, self.views

    def fits(self, embedding: Embedding) -> bool:
        """Whether a unit embedding can be of the same person as the views before."""
        if not self.views:
            return True
        fused = self.fused
        return float(fused @ embedding) >= SAME_PERSON * float(np.linalg.norm(fused))

    def successor(self, track: Track) -> "Consensus":
        """A consensus without any view yet, on the new track of a person who took over this one's face."""
        return Consensus(track, self.last_at, self.people, self.settings, _look=self._look)

    def add_view(self, embedding: Embedding, chip: RgbImage) -> None:
        """Take in a unit embedding that fits, and ask the gallery who it is until a name was told."""
        self.verified = True
        self._last_view = self._now
        self._view_look = self._look
        self._width = self.track.face.box.width
        if self.views < _MOST_VIEWS:
            weight = min(self._width / _FULL_WIDTH, 1.0)
            self._sum += weight * embedding
            self._weight += weight
            self.views += 1
            self.portrait = chip
        if not self.named:
            self.match = self.people.gallery.identify(self.fused)

    @property
    def wants_mood(self) -> bool:
        """Whether the mood may be estimated, on a face good enough for it, and was not a moment ago."""
        due = self.verified and self._now - self._last_mood >= _MOOD_EVERY
        return due and self._good and not self._refused

    def add_mood(self, probabilities: NDArray[np.float32]) -> None:
        """Take in probabilities of the seven emotions, float32 (7,)."""
        self._last_mood = self._now
        self._mood_sum += probabilities
        self._moods += 1

    def decide(self) -> list[Sighting]:
        """What is to be told now: who it is once there is enough evidence, later the mood every few seconds."""
        match = self.match
        if match is None or not self.verified:
            return []
        if not self.named and self._sure(match):
            return [self._tell(match, Phase.IDENTIFIED if self.told else Phase.OPENED)]
        if self.told:
            due = self._now - self._told_at >= self.settings.mood_every_seconds
            return [self._tell(match, Phase.CONTINUED)] if due else []
        waited = self._now - self.track.first_seen >= _UNKNOWN_AFTER and self.views > _FIRST_VIEWS
        return [self._tell(match, Phase.OPENED)] if waited else []

    def end(self) -> list[Sighting]:
        """What is left to tell when the track ends. Few views make a known visitor; an unknown one needs more."""
        self.ended = True
        match = self.match
        if match is None or not (self.told or self._may_name(match) or self.views >= self.settings.min_views):
            return []
        opened = [] if self.told else [self._tell(match, Phase.OPENED)]
        return [*opened, self._tell(match, Phase.CLOSED)]

    @property
    def _now(self) -> float:
        return self.track.last_seen

    @property
    def _good(self) -> bool:
        return is_good(self.track.face, min_width=self.settings.min_face)

    @property
    def _refused(self) -> bool:
        """Whether this is somebody who refused that their mood is estimated."""
        person = self.match.person if self.match is not None else None
        return person is not None and person.person in self.people.no_mood

    @property
    def _mood(self) -> MoodScores | None:
        """The mean of the moods since the last sighting was told.

        Moods may have been gathered before it was known that this is somebody who refused: they have none.
        """
        if not self._moods or self._refused:
            return None
        mean = self._mood_sum / self._mood_sum.sum()
        return MoodScores(tuple(float(p) for p in mean), self.settings.mood_confidence)

    def _may_name(self, match: Match) -> bool:
        """Whether the match is good enough for a name; at the end it is compared once, and needs no lead."""
        return match.accepted and (self.ended or self._sure(match))

    def _sure(self, match: Match) -> bool:
        if match.best is None or not match.accepted:
            return False
        lead = match.best.similarity - match.threshold
        if lead >= _CLEAR_LEAD:
            return self.views >= _FIRST_VIEWS - 1
        return lead >= _LEAD and self.views >= _FIRST_VIEWS and not self.told

    def _tell(self, match: Match, phase: Phase) -> Sighting:
        """The sighting for this phase; the mood starts anew after it."""
        self.named = self.named or (phase in (Phase.OPENED, Phase.IDENTIFIED) and self._may_name(match))
        unknown = not self.named
        sighting = Sighting(
            id=self.id,
            phase=phase,
            track=self.track.id,
            first_at=self.first_at,
            last_at=self.last_at,
            match=match if self.named else replace(match, accepted=False),
            mood=self._mood,
            frames=self.track.hits,
            embedding=self.fused if unknown else None,
            portrait=self.portrait if unknown else None,
        )
        self.told, self._told_at = phase, self._now
        self._mood_sum[:] = 0
        self._moods = 0
        return sighting
