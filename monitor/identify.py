"""Who is on a still image, and in what mood."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import Box, Face, Match, MoodScores, RgbImage
from monitor.vision.chips import face_chip
from monitor.vision.crops import mood_crop

_RIM = 0.25
"""Width of the rim that is put around a picture which the face fills, in picture sides."""

Namer = Callable[[NDArray[np.uint8]], list[Match]]
"""Chips uint8 (n, 150, 150, 3) to one match each."""


class Detector(Protocol):
    def detect(self, rgb: RgbImage, *, thorough: bool = False) -> list[Face]: ...


class Emotions(Protocol):
    def predict(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True, eq=False)
class IdentifiedFace:
    """A face on a still image."""

    face: Face
    match: Match
    mood: MoodScores | None


class Identifier:
    """Finds, names and feels faces on still images."""

    def __init__(
        self,
        detector: Detector,
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
        faces = sorted(find_faces(self._detector, rgb), key=lambda face: face.box.left)
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


def find_faces(detector: Detector, rgb: RgbImage) -> list[Face]:
    """Faces on a still image, also small ones on a large picture, and those that fill it.

    A detector that was trained on faces with surroundings misses some that reach to the picture's edges; with a rim
    around the picture it finds them.
    """
    faces = detector.detect(rgb, thorough=True)
    if faces:
        return faces
    rim = round(max(rgb.shape[:2]) * _RIM)
    wider = np.asarray(cv2.copyMakeBorder(rgb, rim, rim, rim, rim, cv2.BORDER_REPLICATE), np.uint8)
    return [_moved(face, -rim) for face in detector.detect(wider)]


def _moved(face: Face, by: float) -> Face:
    box = Box(face.box.left + by, face.box.top + by, face.box.width, face.box.height)
    return Face(box, face.score, None if face.keypoints is None else face.keypoints + np.float32(by))
