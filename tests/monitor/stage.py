"""Fakes for the flow: a detector that knows where people stand, an encoder that sees who they are.

A face is painted with its actor's number in the red channel and the actor's pattern in the others. Embeddings have the
geometry of real ones: different people at cosine 0.85, two views of one person at 0.97.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from uuid import UUID

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import EMBEDDING_SIZE, EMOTIONS, Box, Embedding, Face, Frame, RgbImage
from monitor.pipeline.consensus import FlowSettings
from monitor.vision.encoder import unit
from monitor.vision.matching.gallery import Gallery, GalleryEntry
from monitor.vision.matching.joined import comparable

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CAST = ("Ada", "Bela", "Cleo", "Dana", "stranger")
WIDTH = 80

FLOW = FlowSettings(min_face=36, mood_confidence=0.45, mood_every_seconds=5.0, min_views=3)

Photo = Callable[[int, int], RgbImage]
"""A picture of the ORL set by subject (1 to 40) and image (1 to 10)."""

Places = Mapping[str, tuple[float, float]]
"""The centre of each actor's face; who is named later stands in front."""


def frontal(box: Box, score: float = 0.9) -> Face:
    """A face that looks straight ahead."""
    x, y = box.centre
    right_eye, left_eye = (x - box.width / 5, y - box.height / 6), (x + box.width / 5, y - box.height / 6)
    nose, mouth = (x, y + box.height / 12), (x, y + box.height / 4)
    ears = [(box.left, y), (box.right, y)]
    return Face(box, score, np.array([right_eye, left_eye, nose, mouth, *ears], np.float32))


def unit_vector(random: np.random.Generator) -> Embedding:
    vector = random.standard_normal(EMBEDDING_SIZE)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def near(centre: Embedding, similarity: float, random: np.random.Generator) -> Embedding:
    """A unit vector at this cosine to the centre."""
    aside = unit_vector(random)
    aside -= (aside @ centre) * centre
    aside /= np.linalg.norm(aside)
    return np.asarray(similarity * centre + np.sqrt(1 - similarity**2) * aside, np.float32)


def gallery_of(entries: Sequence[GalleryEntry], *, target_fpir: float = 0.01, margin: float = 0.01) -> Gallery:
    """A gallery with the defaults of the settings."""
    return Gallery(entries, target_fpir=target_fpir, margin=margin)


class Stage:
    """Detector and encoder in one; `frame` sets the scene that both see."""

    def __init__(self, *, look_alike: bool = False, people: tuple[str, ...] = CAST) -> None:
        """
        Args:
            look_alike: all faces are painted with one pattern, so that only embeddings tell people apart.
        """
        random = np.random.default_rng(11)
        everyone = unit_vector(random)
        self._people = people
        self._centres = {name: near(everyone, np.sqrt(0.85), random) for name in people}
        patterns = {name: random.integers(0, 256, (8, 8, 2)).astype(np.uint8) for name in people}
        self._patterns = dict.fromkeys(people, patterns[people[0]]) if look_alike else patterns
        self._random = random
        self._faces: list[Face] = []
        self._who: dict[int, str] = {}
        self._frames = 0
        self.aside: dict[str, float] = {}
        """Actors who are turned aside: the cosine of their faces with themselves. They also look different."""
        self.encoded: list[str] = []
        """Whose faces were encoded, in order."""
        self.felt = 0
        """Faces whose mood was asked for."""
        self.probabilities = [0.02, 0.02, 0.02, 0.86, 0.02, 0.02, 0.04]

    def frame(
        self,
        seconds: float,
        places: Places,
        *,
        blind: bool = False,
        width: float = WIDTH,
        widths: Mapping[str, float] = MappingProxyType({}),
    ) -> Frame:
        """Paint a frame; a face partly behind another is not detected, nor is any when `blind`.

        Args:
            widths: of the actors whose faces are not `width` pixels wide.
        """
        rgb = np.full((480, 640, 3), 5, np.uint8)
        sizes = {name: widths.get(name, width) for name in places}
        boxes = {
            name: Box(x - size / 2, y - size / 2, size, size)
            for name, size, (x, y) in zip(places, sizes.values(), places.values(), strict=True)
        }
        names = list(boxes)
        self._faces = []
        for index, name in enumerate(names):
            self._paint(rgb, name, boxes[name])
            if not blind and all(boxes[name].iou(boxes[other]) < 0.1 for other in names[index + 1 :]):
                face = frontal(boxes[name])
                self._faces.append(face)
                self._who[id(face)] = name
        self._kept = [*getattr(self, "_kept", ()), *self._faces]
        index, self._frames = self._frames, self._frames + 1
        return Frame(index, START + timedelta(seconds=seconds), seconds, rgb)

    def who(self, face: Face) -> str:
        """Whose face this really is."""
        return self._who[id(face)]

    def entry(self, name: str, *, margin: float = 0.0) -> GalleryEntry:
        """The actor as enrolled from five views."""
        views = [self.embedding(name) for _ in range(5)]
        return GalleryEntry(person_id(name), name, np.asarray(np.mean(views, axis=0), np.float32), margin)

    def embedding(self, name: str) -> Embedding:
        return near(self._centres[name], self.aside.get(name, float(np.sqrt(0.97))), self._random)

    def detect(self, rgb: RgbImage) -> list[Face]:
        return list(self._faces)

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        names = [self._people[round(float(np.median(chip[60:90, 60:90, 0])) / 40) - 1] for chip in chips]
        self.encoded += names
        return np.stack([self.embedding(name) for name in names])

    def predict(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.felt += len(crops)
        return np.tile(np.array(self.probabilities, np.float32), (len(crops), 1))

    def _paint(self, rgb: RgbImage, name: str, box: Box) -> None:
        left, top, right, bottom = (round(side) for side in (box.left, box.top, box.right, box.bottom))
        face = np.empty((bottom - top, right - left, 3), np.uint8)
        face[..., 0] = 40 * (self._people.index(name) + 1)
        pattern = self._patterns[name][::-1] if name in self.aside else self._patterns[name]
        face[..., 1:] = cv2.resize(pattern, (right - left, bottom - top))
        inside = rgb[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        inside[:] = face[max(-top, 0) :, max(-left, 0) :][: inside.shape[0], : inside.shape[1]]


def person_id(name: str) -> UUID:
    return UUID(bytes=name.encode().ljust(16, b"\0")[:16])


def mood_of(**shares: float) -> list[float]:
    """Seven probabilities by name; the rest is neutral."""
    rest = 1 - sum(shares.values())
    return [shares.get(name, 0.0) + (rest if name == "neutral" else 0.0) for name in EMOTIONS]


def cosine(one: Embedding, other: Embedding) -> float:
    """Of two embeddings: joined if both are, else of dlib's parts."""
    left, right = comparable([one, other])
    return float(unit(left) @ unit(right))
