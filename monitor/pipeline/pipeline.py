"""One frame's way through vision: faces, tracks, embeddings, moods, and what they say together."""

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from monitor.domain import Embedding, Face, Frame, Match, MoodScores, Observation, Phase, RgbImage, Sighting, Track
from monitor.pipeline.consensus import Consensus
from monitor.pipeline.tracker import Tracker, TrackUpdate
from monitor.recording.candidates import Growth, View
from monitor.vision import views
from monitor.vision.chips import face_chip
from monitor.vision.crops import mood_crop

_MOST_VIEWS_A_FRAME = 3
"""More faces than this wait for the next frame, so that a crowd does not stop the picture."""
_MOOD_EVERY = 0.35
"""Seconds between two looks at the mood on one face."""


class Detector(Protocol):
    def detect(self, rgb: RgbImage) -> list[Face]: ...


class Encoder(Protocol):
    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]: ...


class Emotions(Protocol):
    def predict(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]: ...


class Identifier(Protocol):
    def identify(self, probe: Embedding) -> Match: ...
    def name_of(self, person: UUID) -> str | None: ...
    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class FlowSettings:
    """What the flow needs to know."""

    min_face: int = 36
    """Narrower faces are not identified, in pixels."""
    mood_confidence: float = 0.45
    mood_every_seconds: float = 5.0
    min_views: int = 3
    """Good views of a face that make it an unknown visitor; 1 for still images."""


class VisionFlow:
    """Owns models and tracks; used by one thread only."""

    def __init__(
        self,
        detector: Detector,
        encoder: Encoder,
        emotions: Emotions | None,
        gallery: Identifier,
        settings: FlowSettings | None = None,
        *,
        no_mood: Container[UUID] = (),
        growth: Growth | None = None,
    ) -> None:
        """
        Args:
            emotions: None when moods are off.
            no_mood: people who refused that their mood is estimated.
            growth: looks for views that would make templates better; None when templates do not grow.
        """
        self._detector = detector
        self._encoder = encoder
        self._emotions = emotions
        self._settings = settings or FlowSettings()
        self._tracker = Tracker()
        self._known: dict[int, Consensus] = {}
        self.gallery = self._names_from = gallery
        self.no_mood = no_mood
        self._growth = growth

    def process(self, frame: Frame) -> tuple[tuple[Observation, ...], tuple[Sighting, ...]]:
        """Look at the next frame.

        Returns:
            What is known about each face on it, and the sightings to write down.
        """
        if self.gallery is not self._names_from:
            self._names_from = self.gallery
            self._rename()
        updates, ended = self._tracker.update(self._detector.detect(frame.rgb), frame.seconds)
        sightings = [sighting for track in ended for sighting in self._end(track, frame.seconds)]
        for update in updates:
            self._see(update, frame)
        looked_at, split = self._look(frame, [update.track.id for update in updates])
        sightings += split
        if self._emotions is not None:
            self._feel(frame, looked_at)
        for consensus in looked_at:
            sightings += self._tell(consensus, frame.seconds)
        return tuple(self._observe(consensus) for consensus in looked_at), tuple(sightings)

    def finish(self, seconds: float) -> tuple[Sighting, ...]:
        """End all tracks, at the end of the source."""
        return tuple(sighting for track in self._tracker.finish() for sighting in self._end(track, seconds))

    def _rename(self) -> None:
        """Who was named is called as the new gallery calls them; who is not in it any more is not named."""
        for consensus in self._known.values():
            match = consensus.match
            if consensus.named and match is not None and match.best is not None:
                name = self.gallery.name_of(match.best.person)
                best = match.best if name is None else replace(match.best, name=name)
                consensus.match = replace(match, best=best, accepted=match.accepted and name is not None)

    def _see(self, update: TrackUpdate, frame: Frame) -> None:
        track = update.track
        consensus = self._known.get(track.id)
        if consensus is None:
            self._known[track.id] = Consensus(track, frame.at, frame.at)
            return
        consensus.see(update, frame.at, views.thumbnail(frame.rgb, track.face))

    def _look(self, frame: Frame, tracks: Sequence[int]) -> tuple[list[Consensus], list[Sighting]]:
        """Encode the faces whose embedding adds evidence; split tracks that another person took over."""
        in_view = {track: self._known[track] for track in tracks}
        due = [
            consensus
            for consensus in in_view.values()
            if views.is_good(consensus.track.face, min_width=self._settings.min_face)
            and consensus.wants_view(frame.seconds)
        ]
        due = sorted(due, key=lambda consensus: (consensus.verified, consensus.named, consensus.views))
        due = due[:_MOST_VIEWS_A_FRAME]
        sightings: list[Sighting] = []
        if due:
            chips = np.stack([face_chip(frame.rgb, consensus.track.face) for consensus in due])
            for consensus, embedding, chip in zip(due, self._encoder.embed(chips), chips, strict=True):
                current = consensus
                if not consensus.fits(embedding):
                    current, closed = self._split(consensus, frame)
                    sightings += closed
                    in_view[consensus.track.id] = current
                current.add_view(embedding, chip, views.thumbnail(frame.rgb, current.track.face), frame.seconds)
                if not current.named:
                    current.match = self.gallery.identify(current.fused)
                elif self._growth is not None:
                    self._teach(self._growth, current, frame, chip, embedding)
        return list(in_view.values()), sightings

    def _teach(self, growth: Growth, consensus: Consensus, frame: Frame, chip: RgbImage, embedding: Embedding) -> None:
        named = consensus.match.person if consensus.match else None
        if named is not None:
            face = consensus.track.face
            view = View(consensus.id, named.person, frame, face, chip, embedding, consensus.fused)
            growth.look(view, self.gallery)

    def _split(self, consensus: Consensus, frame: Frame) -> tuple[Consensus, list[Sighting]]:
        old, new = self._tracker.split(consensus.track.id, frame.seconds)
        closed = self._end(old, frame.seconds)
        fresh = Consensus(new.track, frame.at, frame.at)
        self._known[new.track.id] = fresh
        return fresh, closed

    def _feel(self, frame: Frame, in_view: Sequence[Consensus]) -> None:
        due = [
            consensus
            for consensus in in_view
            if consensus.wants_mood(frame.seconds, _MOOD_EVERY)
            and views.is_good(consensus.track.face, min_width=self._settings.min_face)
            and not self._refused(consensus)
        ]
        if due and self._emotions is not None:
            crops = np.stack([mood_crop(frame.rgb, consensus.track.face) for consensus in due])
            for consensus, probabilities in zip(due, self._emotions.predict(crops), strict=True):
                consensus.add_mood(probabilities, frame.seconds)

    def _refused(self, consensus: Consensus) -> bool:
        person = consensus.match.person if consensus.match else None
        return person is not None and person.person in self.no_mood

    def _tell(self, consensus: Consensus, seconds: float) -> list[Sighting]:
        phase = consensus.due(seconds, mood_every=self._settings.mood_every_seconds)
        return [self._sighting(consensus, phase, seconds)] if phase else []

    def _end(self, track: Track, seconds: float) -> list[Sighting]:
        consensus = self._known.pop(track.id)
        phases = consensus.due_at_end(min_views=self._settings.min_views)
        return [self._sighting(consensus, phase, seconds) for phase in phases]

    def _sighting(self, consensus: Consensus, phase: Phase, seconds: float) -> Sighting:
        sighting = consensus.tell(phase, seconds, self._settings.mood_confidence)
        # Moods may have been gathered before it was known that this is somebody who refused.
        return replace(sighting, mood=None) if self._refused(consensus) else sighting

    def _observe(self, consensus: Consensus) -> Observation:
        return Observation(consensus.track, consensus.shown, self._latest_mood(consensus))

    def _latest_mood(self, consensus: Consensus) -> MoodScores | None:
        if not consensus.verified or self._refused(consensus):
            return None
        return consensus.mood(self._settings.mood_confidence)
