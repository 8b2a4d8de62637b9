"""Tells who is on a still image, and in what mood: the way of a frame without tracks."""

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from monitor.domain import Face, Match, MoodScores, RgbImage
from monitor.pipeline.moods import Emotions, mood_scores, moods_of
from monitor.vision.chips import face_chip
from monitor.vision.detection.turns import turn_of_still, turned_back, turned_picture
from monitor.vision.detector import FaceDetector

Namer = Callable[[RgbImage, Sequence[Face], NDArray[np.uint8]], list[Match]]
"""From a picture, the faces on it, and their chips uint8 (n, 150, 150, 3), to one match each."""


@dataclass(frozen=True, slots=True, eq=False)
class IdentifiedFace:
    """A face on a still image."""

    face: Face
    """Where the picture was turned, only its box is that of the picture as it was given."""
    match: Match
    mood: MoodScores | None
    turned: int = 0
    """Degrees clockwise by which the picture was turned, because it lay on its side or was upside down."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """Detects, identifies and classifies the emotion of every face on a still image."""

    detector: FaceDetector
    namer: Namer
    emotions: Emotions | None
    """None when moods are off."""
    mood_confidence: float
    """A mood less likely than this is "unsure"."""
    no_mood: Container[UUID] = ()
    """People who refused that their mood is estimated."""

    def identify(self, rgb: RgbImage) -> list[IdentifiedFace]:
        """All faces on the picture, from left to right; a face that is not confirmed has no name and no mood.

        A picture that lies on its side or is upside down is turned; boxes are in pixels of the picture as it was given.

        Args:
            rgb: uint8 (h, w, 3).
        """
        (height, width), faces = rgb.shape[:2], self.detector.detect(rgb)
        degrees = turn_of_still(self.detector.glance, rgb, faces)
        if degrees:
            rgb = turned_picture(rgb, degrees)
            faces = self.detector.detect(rgb)
        if not faces:
            return []
        faces.sort(key=lambda face: face.box.left)
        matches = self.namer(rgb, faces, np.stack([face_chip(rgb, face) for face in faces]))
        moods = self._moods(rgb, faces)
        found = []
        for face, match, mood in zip(faces, matches, moods, strict=True):
            named = match if face.confirmed else replace(match, accepted=False)
            felt = face.confirmed and not (named.person and named.person.person in self.no_mood)
            there = replace(face, box=turned_back(face.box, degrees, width, height)) if degrees else face
            found.append(IdentifiedFace(there, named, mood if felt else None, degrees))
        return found

    def _moods(self, rgb: RgbImage, faces: list[Face]) -> list[MoodScores | None]:
        if self.emotions is None:
            return [None] * len(faces)
        return [mood_scores(mood, self.mood_confidence) for mood in moods_of(rgb, faces, self.emotions)]
