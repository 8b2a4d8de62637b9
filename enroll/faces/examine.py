"""Looks at one picture: which faces are on it, what they are like, and what the encoder makes of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeAlias

import numpy as np

from enroll.faces.quality import Quality, assess
from monitor.config import QualityLimits
from monitor.domain import Embedding, Face, RgbImage
from monitor.vision.chips import face_chip
from monitor.vision.detector import FaceDetector
from monitor.vision.encoder import FaceEncoder
from monitor.vision.jpeg import encode_jpeg
from monitor.vision.matching.still_encoder import StillEncoder
from monitor.vision.second_encoder import SecondEncoder

MOST_FACES: Final = 12
"""Of a crowd only the largest faces are compared; the rest is background."""

SURE: Final = 0.5
"""Weaker detections are good enough for the kiosk, which sees a face many times, but not for a template."""

_UPRIGHT: Final = 0.8
"""Faces found with this score stand upright: of 265 pictures upside down the best score was 0.76."""

TURNED: Final = "The picture is upside down; it was turned."

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
        detector: FaceDetector | None = None,
        encoder: FaceEncoder | None = None,
        second: SecondEncoder | None = None,
        steady: bool = True,
    ) -> None:
        """
        Args:
            limits: from the settings; None for the defaults.
            detector: one that gives key points; None for BlazeFace.
            encoder, second: None for new ones.
            steady: see `StillEncoder`.

        Raises:
            ModelError: a model is missing or damaged.
        """
        self.limits = limits or QualityLimits()
        self._detector = detector or FaceDetector(min_score=SURE)
        self._encoder = StillEncoder(encoder, second, steady=steady)

    def examine(self, rgb: RgbImage) -> tuple[ExaminedFace, ...]:
        """The faces on a picture, the largest first, without those in the background.

        A picture that stands upside down is turned, and the faces' warnings say that; boxes are those of the turned
        picture. Of 265 pictures each way, none was turned wrongly.

        Args:
            rgb: uint8 (h, w, 3).
        """
        at_once = foreground(self._detector.glance(rgb))
        faces = at_once or foreground(self._detector.detect(rgb))
        turned = np.ascontiguousarray(rgb[::-1, ::-1])
        # A face that was found at once would be found at once the other way round, too.
        look = self._detector.glance if at_once else partial(find_faces, self._detector)
        upside_down = _surer(look, turned, faces)
        if upside_down:
            rgb, faces = turned, upside_down
        if not faces:
            return ()
        chips = np.stack([face_chip(rgb, face) for face in faces])
        embeddings = self._encoder.embed(rgb, faces, chips)
        qualities = [assess(rgb, face, self.limits) for face in faces]
        if upside_down:
            qualities = [replace(quality, warnings=(*quality.warnings, TURNED)) for quality in qualities]
        return tuple(
            ExaminedFace(face, quality, embedding, encode_jpeg(chip))
            for face, quality, chip, embedding in zip(faces, qualities, chips, embeddings, strict=True)
        )


def _surer(look: Callable[[RgbImage], list[Face]], turned: RgbImage, faces: list[Face]) -> list[Face]:
    """The faces on the turned picture, if they are surer than those on the picture as it is; else none."""
    best = max((face.score for face in faces), default=0.0)
    if best >= _UPRIGHT:
        return []
    found = foreground(look(turned))
    return found if max((face.score for face in found), default=0.0) > best else []


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
