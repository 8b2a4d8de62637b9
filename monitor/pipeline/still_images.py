"""Tells who is on a still image, and in what mood: the way of a frame without tracks."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from monitor.domain import Face, Match, MoodScores, RgbImage
from monitor.pipeline.pipeline import Emotions
from monitor.vision.chips import face_chip
from monitor.vision.crops import mood_crop
from monitor.vision.detector import FaceDetector

Namer = Callable[[NDArray[np.uint8]], list[Match]]
"""From chips uint8 (n, 150, 150, 3) to one match each."""


@dataclass(frozen=True, slots=True, eq=False)
class IdentifiedFace:
    """A face on a still image."""

    face: Face
    match: Match
    mood: MoodScores | None


class Identifier:
    """Detects, identifies and classifies the emotion of every face on a still image."""

    def __init__(
        self,
        detector: FaceDetector,
        namer: Namer,
        emotions: Emotions | None,
        *,
        mood_confidence: float,
        no_mood: Container[UUID] = (),
    ) -> None:
        """
        Args:
            emotions: None when moods are off.
            mood_confidence: a mood less likely than this is "unsure".
            no_mood: people who refused that their mood is estimated.
        """
        self._detector = detector
        self._namer = namer
        self._emotions = emotions
        self._mood_confidence = mood_confidence
        self._no_mood = no_mood

    def identify(self, rgb: RgbImage) -> list[IdentifiedFace]:
        """All faces on the picture, from left to right.

        Args:
            rgb: uint8 (h, w, 3).
        """
        faces = sorted(self._detector.detect(rgb, thorough=True), key=lambda face: face.box.left)
        if not faces:
            return []
        matches = self._namer(np.stack([face_chip(rgb, face) for face in faces]))
        moods = self._moods(rgb, faces)
        return [
            IdentifiedFace(face, match, None if match.person and match.person.person in self._no_mood else mood)
            for face, match, mood in zip(faces, matches, moods, strict=True)
        ]

    def _moods(self, rgb: RgbImage, faces: list[Face]) -> list[MoodScores | None]:
        if self._emotions is None:
            return [None] * len(faces)
        scores = self._emotions.predict(np.stack([mood_crop(rgb, face) for face in faces]))
        return [MoodScores(tuple(float(p) for p in row / row.sum()), self._mood_confidence) for row in scores]
