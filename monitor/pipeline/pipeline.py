"""Carries one frame through vision: faces, tracks, embeddings, matches, moods, and the sightings decided from them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMBEDDING_SIZE, Box, Embedding, Face, Frame, Observation, RgbImage, Sighting
from monitor.pipeline.consensus import Consensus, FlowSettings
from monitor.pipeline.liveness import LivenessCheck, State
from monitor.pipeline.moods import Emotions, moods_of
from monitor.pipeline.tracker import Tracker
from monitor.recording.candidates import CandidateSelector, TrackView
from monitor.vision.chips import face_chip
from monitor.vision.face_quality import thumbnail
from monitor.vision.matching.gallery import Enrolled
from monitor.vision.matching.joined import join
from monitor.vision.second_encoder import align

_MOST_VIEWS_A_FRAME = 3
"""Faces encoded per frame; the others wait for the next frame, so that a crowd does not stop the picture."""
_MOST_MOODS_A_FRAME = 6
"""Faces whose mood is estimated per frame, for the same reason."""

_NEAR = 1.4
"""Distance of two faces, across and down, in widths of the larger one, below which each frame is searched."""


class Encoder(Protocol):
    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]: ...


class VisionFlow:
    """Owns the tracks and the models behind the detector; used by one thread only."""

    def __init__(
        self,
        encoder: Encoder,
        emotions: Emotions | None,
        people: Enrolled,
        settings: FlowSettings,
        *,
        second: Encoder | None = None,
        candidates: CandidateSelector | None = None,
        liveness: LivenessCheck | None = None,
    ) -> None:
        """
        Args:
            encoder: dlib's network, on chips uint8 (n, 150, 150, 3).
            second: SFace, on aligned faces uint8 (n, 112, 112, 3); None when it is not heard.
            emotions: None when moods are off.
            candidates: selects views for template adaptation; None when templates are not adapted.
            liveness: None when nobody must show that they are no photograph.
        """
        self.people = people
        self._encoder = encoder
        self._second = second
        self._emotions = emotions
        self._settings = settings
        self._candidates = candidates
        self._liveness = liveness or LivenessCheck("off")
        self._tracker = Tracker()
        self._known: dict[int, Consensus] = {}
        self._in_view: dict[int, Consensus] = {}

    def use_people(self, people: Enrolled) -> None:
        """Identify against these people from the next frame on."""
        if people is not self.people:
            self.people = people
            for consensus in self._known.values():
                consensus.use_people(people)

    @property
    def settled(self) -> bool:
        """Whether nothing is to be learnt now of anybody who was in view on the latest frame that was searched."""
        return not _are_near([one.track.face.box for one in self._in_view.values()]) and all(
            one.verified and not one.wants_view and (one.person is None or one.liveness.decided)
            for one in self._in_view.values()
        )

    @property
    def turning(self) -> bool:
        """Whether somebody is asked to turn their head."""
        return any(one.liveness.state is State.ASKED for one in self._known.values())

    def process(
        self, frame: Frame, faces: Sequence[Face] | None
    ) -> tuple[tuple[Observation, ...], tuple[Sighting, ...]]:
        """Take in the next frame.

        Args:
            faces: found on the frame by the detector; None for a frame that was not searched.

        Returns:
            What is known about each face in view, and the sightings to write.
        """
        if faces is None:
            return self._follow(frame)

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

        # Heads that were asked to turn: a head that is turned on this frame does not look like the views before.
        self._judge_liveness(frame, (one for one in in_view.values() if one.liveness.state is State.ASKED))

        # Embeddings and matches, of the tracks that gain most by them.
        due = sorted((one for one in in_view.values() if one.wants_view), key=lambda one: one.urgency)
        chips = [face_chip(frame.rgb, one.track.face) for one in due[:_MOST_VIEWS_A_FRAME]]
        embeddings = self._encoder.embed(np.stack(chips)) if chips else np.empty((0, EMBEDDING_SIZE), np.float32)
        for consensus, chip, embedding in zip(due[: len(chips)], chips, embeddings, strict=True):
            if consensus.liveness.turned:
                consensus.add_turned_view(embedding)
                continue
            if not consensus.views.fits(embedding):  # somebody else took the track over
                old, begun = self._tracker.split(consensus.track.id, frame.seconds)
                sightings += self._known.pop(old.id).end()
                consensus = consensus.successor(begun.track, self._liveness.begin())
                self._known[begun.track.id] = in_view[old.id] = consensus
            second = self._second_view(frame, consensus)
            consensus.add_view(embedding, chip, second)
            self._consider_template(frame, consensus, chip, embedding if second is None else join(embedding, second))

        # Liveness, of the other people who were named and have not been let in yet.
        self._judge_liveness(frame, in_view.values())

        # Moods, where the settings and the person allow them.
        if self._emotions is not None:
            due = sorted((one for one in in_view.values() if one.wants_mood), key=lambda one: one.last_mood)
            faces = [one.track.face for one in due[:_MOST_MOODS_A_FRAME]]
            for consensus, mood in zip(due, moods_of(frame.rgb, faces, self._emotions), strict=False):
                consensus.add_mood(mood)

        # Decisions, and what is shown.
        for consensus in in_view.values():
            sightings += consensus.decide()
        self._in_view = in_view
        return tuple(one.observation for one in in_view.values()), tuple(sightings)

    def _follow(self, frame: Frame) -> tuple[tuple[Observation, ...], tuple[Sighting, ...]]:
        """Where everybody should be on a frame that was not searched."""
        tracks, gone = self._tracker.follow(frame.seconds)
        sightings = [sighting for track in gone for sighting in self._known.pop(track.id).end()]
        followed = [replace(self._known[track.id].observation, track=track) for track in tracks]
        return tuple(followed), tuple(sightings)

    def _second_view(self, frame: Frame, consensus: Consensus) -> Embedding | None:
        """The second encoder's embedding of a face, where a name or a template hangs on it: float32 (128,)."""
        for_template = self._candidates is not None and consensus.person is not None
        if self._second is None or not (consensus.wants_second or for_template):
            return None
        return np.asarray(self._second.embed(align(frame.rgb, consensus.track.face)[None])[0], np.float32)

    def _consider_template(self, frame: Frame, consensus: Consensus, chip: RgbImage, embedding: Embedding) -> None:
        if self._candidates is not None and consensus.person is not None:
            who, face, fused = consensus.person.person, consensus.track.face, consensus.views.mean
            view = TrackView(consensus.id, who, frame, face, chip, embedding, fused)
            self._candidates.consider(view, self.people.gallery.identify, asked=consensus.asked_for_view)

    def _judge_liveness(self, frame: Frame, in_view: Iterable[Consensus]) -> None:
        for consensus in in_view:
            if consensus.person is not None:
                self._liveness.look(consensus.liveness, frame, consensus.track, recognised=consensus.verified)

    def finish(self) -> tuple[Sighting, ...]:
        """End all tracks, at the end of the source."""
        return tuple(sighting for track in self._tracker.finish() for sighting in self._known.pop(track.id).end())


def _are_near(boxes: Sequence[Box]) -> bool:
    """Whether two faces are so near each other that one may soon hide the other: then none is followed unseen."""
    return any(
        max(abs(one.centre[0] - other.centre[0]), abs(one.centre[1] - other.centre[1]))
        < _NEAR * max(one.width, other.width)
        for one, other in combinations(boxes, 2)
    )
