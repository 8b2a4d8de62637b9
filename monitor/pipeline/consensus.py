"""Decides from all evidence on one track who it is and in what mood, and makes the sightings.

A track gets a name when its fused embedding passes the gallery's threshold and margin, and keeps that name. An
embedding that does not fit the ones before means that another person took over the track, which is then split.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from uuid6 import uuid7

from monitor.domain import (
    Candidate,
    Embedding,
    FaceView,
    Match,
    MoodScores,
    Observation,
    Phase,
    Question,
    RgbImage,
    Sighting,
    Track,
)
from monitor.pipeline.fused_views import FusedViews
from monitor.pipeline.liveness import State, TrackLiveness
from monitor.pipeline.moods import Mood, MoodMean
from monitor.pipeline.tracker import TrackUpdate
from monitor.vision.face_quality import is_good
from monitor.vision.matching.gallery import Enrolled
from monitor.vision.matching.joined import join

_FIRST_VIEWS = 3
"""A new track is encoded in every frame until it has this many views."""
_UNDECIDED_EVERY = 0.4
"""Seconds between views while there is no name yet."""
_UNKNOWN_EVERY = 1.0
"""Seconds between views of a face that was called unknown."""
_VERIFY_EVERY = 1.0
"""Seconds between views that only check that it is still the same person."""
_DOUBT_EVERY = 0.3
"""Seconds between views of a face that stays near others, or comes nearer."""
_GROWN = 1.25
"""Ratio of face widths from which a face may be another person's, at another distance."""
_RECHECK_EVERY = 0.1
"""Seconds between views while it is in doubt who it is."""
_SAME_LOOK = 0.6
"""Least correlation of a face's thumbnail with that of its last view; below it the face may be another person's."""
_TOLD_WITH_VIEWS = (Phase.OPENED, Phase.IDENTIFIED, Phase.LIVE)
_ASK = 2.0, 6.0
"""Seconds after somebody was let in between which they are asked for one more view: first they read the greeting."""
_MOOD_EVERY = 0.35
"""Seconds between two estimates of the mood on one face."""
_UNKNOWN_AFTER = 1.5
"""Seconds in view after which a face without a name is called unknown."""
_LEAD = 0.006
"""Lead over the threshold that a track needs, in units of the similarity: a stranger is compared many times, and may
pass the threshold once."""
_CLEAR_LEAD = 0.01
"""Lead over the threshold, in units of the similarity, from which two views are enough, and a face that was called
unknown is named after all."""


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """The settings that the pipeline needs."""

    min_face: int
    """Narrower faces, in pixels, are not identified."""
    mood_confidence: float
    """A mood less likely than this is "unsure"."""
    mood_every_seconds: float
    """Seconds between two sightings of somebody who stays in view."""
    min_views: int
    """Good views that an unknown face needs to be kept as a visitor."""


@dataclass(slots=True)
class Consensus:
    """The evidence on one track. Times are seconds on the source's clock; `_now` is when the face was found last."""

    track: Track
    first_at: datetime
    last_at: datetime = field(init=False)
    people: Enrolled
    settings: FlowSettings
    id: UUID = field(default_factory=uuid7)
    match: Match | None = None
    """The gallery's latest answer; it no longer changes once its name was told."""
    views: FusedViews = field(default_factory=FusedViews)
    verified: bool = True
    """False from the moment somebody else may have taken over until an embedding shows who it is."""
    told: Phase | None = None
    """The latest phase that was told."""
    named: bool = False
    """Whether a name was told."""
    ended: bool = False
    """Whether nothing more can be learnt."""
    liveness: TrackLiveness = field(default_factory=partial(TrackLiveness, State.LIVE))
    portrait: RgbImage | None = None
    last_mood: float = -np.inf
    """When the mood was estimated last."""
    _look: NDArray[np.float32] | None = None
    """The face's thumbnail now."""
    _view_look: NDArray[np.float32] | None = None
    """The face's thumbnail at the last view."""
    _width: float = 0.0
    _last_view: float = -np.inf
    _told_at: float = 0.0
    _let_in_at: float | None = None
    """When the name of a living person was told first."""
    _moods: MoodMean = field(default_factory=MoodMean)
    _liveness_told: bool = False
    """Whether it was told that the named person is live, or is not."""

    def __post_init__(self) -> None:
        self.last_at = self.first_at

    @property
    def person(self) -> Candidate | None:
        """Who was named; None for nobody, and for somebody who is not enrolled any more."""
        return self.match.person if self.named and self.match is not None else None

    @property
    def observation(self) -> Observation:
        """What may be shown now: a name only once it was told, neither name nor mood while the person is in doubt."""
        told = self.match if self.told and self.verified else None
        shown = told if told is None or self.named or not told.accepted else None
        question = Question.VIEW if self.asked_for_view else self.liveness.question
        return Observation(self.track, shown, self._mood if self.verified else None, question)

    @property
    def asked_for_view(self) -> bool:
        """Whether the person is asked to look into the camera now, because they are recognised worse than others."""
        if self.person is None or self._let_in_at is None or self.person.person not in self.people.ask:
            return False
        return self.verified and _ASK[0] <= self._now - self._let_in_at < _ASK[1]

    def use_people(self, people: Enrolled) -> None:
        """Compare with these people from now on.

        A named person takes the name that they have now; who is not among these people is not named any more.
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
            thumbnail: from `face_quality.thumbnail`.
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
        if self.liveness.turned or self.liveness.wants_view:
            return self.liveness.wants_view
        if not self._good:
            return False
        since = self._now - self._last_view
        if not self.verified:
            return since >= _RECHECK_EVERY
        if self.named:
            return since >= (_UNDECIDED_EVERY if self.asked_for_view else _VERIFY_EVERY)
        if self.views.count < _FIRST_VIEWS:
            return True
        return since >= (_UNKNOWN_EVERY if self.told else _UNDECIDED_EVERY)

    @property
    def urgency(self) -> tuple[bool, float]:
        """Of tracks that want a view, those with the smallest urgency come first: in doubt or nameless, and new; of
        these, who has waited longest, so that in a crowd everybody gets a turn."""
        return self.verified and self.named, self._last_view

    @property
    def wants_second(self) -> bool:
        """Whether a name, or that the face is unknown, hangs on what the second encoder says of this view, too."""
        return not self.named and self.views.wants_second

    def add_turned_view(self, embedding: Embedding) -> None:
        """Take in a unit embedding of the head turned aside: is it still the named person? It is not averaged."""
        best = self.people.gallery.identify(embedding).best
        alike = self.views.fits(embedding, turned=True)
        self.liveness.add_turned_view(same=alike and best is not None and self._is_named(best.person))

    def successor(self, track: Track, liveness: TrackLiveness) -> "Consensus":
        """A consensus without any view yet, on the new track of a person who took over this one's face."""
        return Consensus(track, self.last_at, self.people, self.settings, liveness=liveness, _look=self._look)

    def add_view(self, embedding: Embedding, chip: RgbImage, second: Embedding | None = None) -> None:
        """Take in a view that fits, and ask the gallery who it is until a name was told.

        Args:
            embedding: of dlib's network, float32 (128,), of length 1.
            second: of the second encoder, float32 (128,), of length 1, where it has seen this view.
        """
        self.liveness.add_straight_view()
        self.verified = True
        self._last_view = self._now
        self._view_look = self._look
        self._width = self.track.face.box.width
        if not self.views.full:
            self.portrait = chip
        self.views.add(embedding, second, self._width)
        if not self.named:
            seen = embedding if second is None else join(embedding, second)
            self.views.keep(FaceView(self.last_at, seen, chip), self._width)
            self.match = self.people.gallery.identify(self.views.mean)

    @property
    def wants_mood(self) -> bool:
        """Whether the mood may be estimated, and the last estimate is old enough."""
        return self.verified and self._now - self.last_mood >= _MOOD_EVERY and not self._refused

    def add_mood(self, mood: Mood) -> None:
        """Take in the mood of a view."""
        self.last_mood = self._now
        self._moods.add(mood)

    def decide(self) -> list[Sighting]:
        """The sightings to tell now: who it is once there is enough evidence, later the mood every few seconds."""
        match = self.match
        if match is None or not self.verified:
            return []
        if self._liveness_due:
            return [self._tell(match, Phase.LIVE if self.liveness.live else Phase.NOT_LIVE)]
        if not self.named and self._sure(match):
            return [self._tell(match, Phase.IDENTIFIED if self.told else Phase.OPENED)]
        if self.told:
            due = self._now - self._told_at >= self.settings.mood_every_seconds
            return [self._tell(match, Phase.CONTINUED)] if due else []
        waited = self._now - self.track.first_seen >= _UNKNOWN_AFTER and self.views.count > _FIRST_VIEWS
        return [self._tell(match, Phase.OPENED)] if waited else []

    def end(self) -> list[Sighting]:
        """The sightings left to tell when the track ends: an unknown face needs `min_views`, a known one fewer."""
        self.ended = True
        match = self.match
        if match is None or not (self.told or self._may_name(match) or self.views.count >= self.settings.min_views):
            return []
        opened = [] if self.told else [self._tell(match, Phase.OPENED)]
        if self._liveness_due:
            opened.append(self._tell(match, Phase.LIVE if self.liveness.live else Phase.NOT_LIVE))
        return [*opened, self._tell(match, Phase.CLOSED)]

    def _is_named(self, person: UUID) -> bool:
        return self.person is not None and self.person.person == person

    @property
    def _liveness_due(self) -> bool:
        return self.person is not None and self.liveness.decided and not self._liveness_told

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

        None for somebody who refused, also where moods were estimated before their name was known.
        """
        return None if self._refused else self._moods.scores(self.settings.mood_confidence)

    def _may_name(self, match: Match) -> bool:
        """Whether the match is good enough for a name; at the end of the track no lead is needed."""
        return match.accepted and (self.ended or self._sure(match))

    def _sure(self, match: Match) -> bool:
        if match.best is None or not match.accepted:
            return False
        lead = match.best.similarity - match.threshold
        if lead >= _CLEAR_LEAD * match.unit:
            return self.views.count >= _FIRST_VIEWS - 1
        return lead >= _LEAD * match.unit and self.views.count >= _FIRST_VIEWS and not self.told

    def _tell(self, match: Match, phase: Phase) -> Sighting:
        """The sighting of this phase; moods are averaged anew after it."""
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
            embedding=self.views.mean if unknown else None,
            portrait=self.portrait if unknown else None,
            live=unknown or self.liveness.live,
            views=() if unknown or phase not in _TOLD_WITH_VIEWS else self.views.best,
            evidence=self.liveness.evidence if phase in (Phase.LIVE, Phase.NOT_LIVE) else None,
        )
        self._liveness_told = self._liveness_told or (self.named and self.liveness.decided)
        self.told, self._told_at = phase, self._now
        if self._let_in_at is None and self.named and self.liveness.live:
            self._let_in_at = self._now
        self._moods.clear()
        return sighting
