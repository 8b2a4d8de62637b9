"""Carries one frame through vision: faces, tracks, embeddings, matches, moods, and the sightings decided from them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMBEDDING_SIZE, Face, Frame, Observation, Sighting
from monitor.pipeline.consensus import Consensus, FlowSettings
from monitor.pipeline.liveness import LivenessCheck
from monitor.pipeline.tracker import Tracker
from monitor.recording.candidates import CandidateSelector, TrackView
from monitor.vision.chips import face_chip
from monitor.vision.crops import mood_crop
from monitor.vision.face_quality import thumbnail
from monitor.vision.matching.gallery import Enrolled

_MOST_VIEWS_A_FRAME = 3
"""Faces encoded per frame; the others wait for the next frame, so that a crowd does not stop the picture."""


class Encoder(Protocol):
    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]: ...


class Emotions(Protocol):
    def predict(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]: ...


class VisionFlow:
    """Owns the tracks and the models behind the detector; used by one thread only."""

    def __init__(
        self,
        encoder: Encoder,
        emotions: Emotions | None,
        people: Enrolled,
        settings: FlowSettings,
        *,
        candidates: CandidateSelector | None = None,
        liveness: LivenessCheck | None = None,
    ) -> None:
        """
        Args:
            emotions: None when moods are off.
            candidates: selects views for template adaptation; None when templates are not adapted.
            liveness: None when nobody must show that they are no photograph.
        """
        self.people = people
        self._encoder = encoder
        self._emotions = emotions
        self._settings = settings
        self._candidates = candidates
        self._liveness = liveness or LivenessCheck("off")
        self._tracker = Tracker()
        self._known: dict[int, Consensus] = {}

    def use_people(self, people: Enrolled) -> None:
        """Identify against these people from the next frame on."""
        if people is not self.people:
            self.people = people
            for consensus in self._known.values():
                consensus.use_people(people)

    def process(self, frame: Frame, faces: Sequence[Face]) -> tuple[tuple[Observation, ...], tuple[Sighting, ...]]:
        """Take in the next frame.

        Args:
            faces: found on the frame by the detector.

        Returns:
            What is known about each face in view, and the sightings to write.
        """
        # Tracks: the faces continue them or begin new ones; those out of view for too long end.
        updates, gone = self._tracker.update(faces, frame.seconds)
        sightings = [sighting for track in gone for sighting in self._known.pop(track.id).end()]
        for update in updates:
            track = update.track
            if track.id not in self._known:
                live = self._liveness.begin()
                self._known[track.id] = Consensus(track, frame.at, self.people, self._settings, liveness=live)
            self._known[track.id].see(update, frame.at, thumbnail(frame.rgb, track.face))
        in_view = {update.track.id: self._known[update.track.id] for update in updates}

        # Embeddings and matches, of the tracks that gain most by them.
        due = sorted((one for one in in_view.values() if one.wants_view), key=lambda one: one.urgency)
        chips = [face_chip(frame.rgb, one.track.face) for one in due[:_MOST_VIEWS_A_FRAME]]
        embeddings = self._encoder.embed(np.stack(chips)) if chips else np.empty((0, EMBEDDING_SIZE), np.float32)
        for consensus, chip, embedding in zip(due[: len(chips)], chips, embeddings, strict=True):
            if consensus.liveness.turned:
                consensus.add_turned_view(embedding)
                continue
            if not consensus.fits(embedding):  # somebody else took the track over
                old, begun = self._tracker.split(consensus.track.id, frame.seconds)
                sightings += self._known.pop(old.id).end()
                consensus = consensus.successor(begun.track, self._liveness.begin())
                self._known[begun.track.id] = in_view[old.id] = consensus
            consensus.add_view(embedding, chip)
            if self._candidates is not None and consensus.person is not None:
                who, face, fused = consensus.person.person, consensus.track.face, consensus.fused
                view = TrackView(consensus.id, who, frame, face, chip, embedding, fused)
                self._candidates.consider(view, self.people.gallery.identify)

        # Liveness, of the people who were named and have not been let in yet.
        self._judge_liveness(frame, in_view.values())

        # Moods, where the settings and the person allow them.
        due = [one for one in in_view.values() if one.wants_mood] if self._emotions is not None else []
        if due and self._emotions is not None:
            crops = np.stack([mood_crop(frame.rgb, one.track.face) for one in due])
            for consensus, probabilities in zip(due, self._emotions.predict(crops), strict=True):
                consensus.add_mood(probabilities)

        # Decisions, and what is shown.
        for consensus in in_view.values():
            sightings += consensus.decide()
        return tuple(one.observation for one in in_view.values()), tuple(sightings)

    def _judge_liveness(self, frame: Frame, in_view: Iterable[Consensus]) -> None:
        for consensus in in_view:
            if consensus.person is not None:
                self._liveness.look(consensus.liveness, frame, consensus.track, recognised=consensus.verified)

    def finish(self) -> tuple[Sighting, ...]:
        """End all tracks, at the end of the source."""
        return tuple(sighting for track in self._tracker.finish() for sighting in self._known.pop(track.id).end())
