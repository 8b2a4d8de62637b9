"""Looks at one picture: which faces are on it, what they are like, and what the encoder makes of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from enroll.faces.quality import Quality, assess
from monitor.config import QualityLimits
from monitor.domain import Embedding, Face, RgbImage
from monitor.vision.chips import face_chip
from monitor.vision.detection.turns import turn_of_still, turned_picture
from monitor.vision.detector import FaceDetector
from monitor.vision.encoder import FaceEncoder
from monitor.vision.jpeg import encode_jpeg
from monitor.vision.matching.still_encoder import StillEncoder
from monitor.vision.second_encoder import SecondEncoder

MOST_FACES: Final = 12
"""Of a crowd only the largest faces are compared; the rest is background."""

SURE: Final = 0.5
"""Weaker detections are good enough for the kiosk, which sees a face many times, but not for a template."""

TURNED: Final = {
    90: "The picture lies on its left side; it was turned.",
    180: "The picture is upside down; it was turned.",
    270: "The picture lies on its right side; it was turned.",
}
"""By the degrees clockwise by which a picture was turned."""

_BACKGROUND: Final = 0.4
"""Faces narrower than this share of the widest one stand in the background."""


@dataclass(frozen=True, slots=True, eq=False)
class ExaminedFace:
    """One face on a picture."""

    face: Face
    quality: Quality
    embedding: Embedding
    """float32 (256,) of both encoders, or (128,), unit length."""
    chip_jpeg: bytes
    """The aligned face, 150 x 150, so that another encoder can be used later."""


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """What was found on one picture."""

    image: str
    """What the user calls it: a path, or its name in an archive."""
    content_hash: str
    """SHA-256 of the file, hexadecimal; empty when it could not be read."""
    faces: tuple[ExaminedFace, ...] = ()
    """The largest first, without those in the background."""
    error: str | None = None
    """Why the picture could not be read."""
    known: bool = False
    """It is enrolled for this person already and was not looked at again."""


class Examiner:
    """Finds, measures and encodes faces. Not safe to share between threads: each has its own."""

    def __init__(
        self,
        limits: QualityLimits | None = None,
        *,
        encoder: FaceEncoder | None = None,
        second: SecondEncoder | None = None,
        steady: bool = True,
        turns: bool = True,
    ) -> None:
        """
        Args:
            limits: from the settings; None for the defaults.
            encoder, second: None for new ones.
            steady: see `StillEncoder`.
            turns: pictures on their side and upside down are turned; a camera's frames are turned by its setting.

        Raises:
            ModelError: a model is missing or damaged.
        """
        self.limits = limits or QualityLimits()
        self._detector = FaceDetector(min_score=SURE)
        self._encoder = StillEncoder(encoder, second, steady=steady)
        self._turns = turns

    def examine(self, rgb: RgbImage) -> tuple[ExaminedFace, ...]:
        """The faces on a picture, the largest first, without those in the background.

        A picture that lies on its side or is upside down is turned, and the faces' warnings say that; boxes are those
        of the turned picture.

        Args:
            rgb: uint8 (h, w, 3).
        """
        at_once = self._detector.glance(rgb)
        faces = at_once or self._detector.detect(rgb)

        def look(turned: RgbImage) -> list[Face]:
            # A face that is found at once is found at once the other way round, too.
            return self._detector.glance(turned) if at_once else find_faces(self._detector, turned)

        degrees = turn_of_still(look, rgb, faces) if self._turns else 0
        if degrees:
            rgb = turned_picture(rgb, degrees)
            faces = look(rgb)
        faces = foreground(faces)
        if not faces:
            return ()
        chips = np.stack([face_chip(rgb, face) for face in faces])
        embeddings = self._encoder.embed(rgb, faces, chips)
        qualities = [assess(rgb, face, self.limits) for face in faces]
        if degrees:
            qualities = [replace(quality, warnings=(*quality.warnings, TURNED[degrees])) for quality in qualities]
        return tuple(
            ExaminedFace(face, quality, embedding, encode_jpeg(chip))
            for face, quality, chip, embedding in zip(faces, qualities, chips, embeddings, strict=True)
        )


ExaminerMaker: TypeAlias = Callable[[], Examiner]


def gate(limits: QualityLimits) -> Callable[[RgbImage, Face], dict[str, float] | None]:
    """Judges a face in view as an image for enrolment is judged: its quality in numbers, or None when it fails."""

    def pass_or_not(rgb: RgbImage, face: Face) -> dict[str, float] | None:
        if face.keypoints is None or face.score < SURE:
            return None
        quality = assess(rgb, face, limits)
        return quality.numbers() if quality.passed and not quality.warnings else None

    return pass_or_not


def find_faces(detector: FaceDetector, rgb: RgbImage) -> list[Face]:
    """Faces on a still image; one that is found at once is not searched for in every corner."""
    return detector.glance(rgb) or detector.detect(rgb)


def foreground(faces: list[Face]) -> list[Face]:
    """Without the faces that stand far behind the largest one; the largest first."""
    faces = sorted(faces, key=lambda face: -face.box.width)[:MOST_FACES]
    return [face for face in faces if face.box.width >= _BACKGROUND * faces[0].box.width]
