"""What travels from the camera to the table: one frozen dataclass per arrow, in the order of the flow.

FrameSource -> Frame -> FaceDetector -> Face -> Tracker -> Track -> FaceEncoder -> Gallery -> Match
-> Liveness -> EmotionModel -> MoodScores -> Consensus -> Sighting -> rules, Recorder -> KioskEvent

Boxes and key points are in pixels of the frame, x to the right, y down. Times are aware and in UTC.
"Left" and "right" of a face are the person's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

RgbImage: TypeAlias = NDArray[np.uint8]
"""uint8 (height, width, 3), red green blue."""

EMBEDDING_SIZE = 128
"""Numbers in an embedding."""

Embedding: TypeAlias = NDArray[np.float32]
"""float32 (128,), unit length."""

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The seven classes of FER2013, in its order."""

UNSURE = "unsure"
"""The mood shown when no class is likely enough."""

MOODS = (*EMOTIONS, UNSURE)
"""Every mood that is shown or reported, in the order of the charts."""


def _require_utc(at: datetime) -> None:
    if at.tzinfo is None or at.utcoffset():
        raise ValueError(f"a time in UTC is needed, not {at!r}")


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture from a source."""

    index: int
    """Counts from 0; a gap means that frames were dropped."""
    at: datetime
    """When the picture was taken (UTC)."""
    seconds: float
    """That time on the source's own clock, in seconds from its first frame."""
    rgb: RgbImage

    def __post_init__(self) -> None:
        _require_utc(self.at)
        if self.rgb.ndim != 3 or self.rgb.shape[2] != 3 or self.rgb.dtype != np.uint8:
            raise ValueError(f"a frame is uint8 (h, w, 3), not {self.rgb.dtype} {self.rgb.shape}")


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in pixels; it may reach over the picture's edge."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        return self.left + self.width / 2, self.top + self.height / 2

    def intersection(self, other: "Box") -> float:
        """The area that both cover, in square pixels."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(across, 0.0) * max(down, 0.0)

    def iou(self, other: "Box") -> float:
        """Intersection over union, 0 to 1."""
        shared = self.intersection(other)
        return shared / (self.area + other.area - shared) if shared else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face found in one frame."""

    box: Box
    score: float
    """The detector's confidence, 0 to 1."""
    keypoints: NDArray[np.float32] | None = None
    """float32 (6, 2): right eye, left eye, nose, mouth, right ear, left ear; None where the detector has none."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One face followed over time, as of its latest frame."""

    id: int
    """Counts from 1 in a run; never used again."""
    face: Face
    """The face in the latest frame that showed it."""
    hits: int
    """Frames in which the face was found."""
    first_seen: float
    """Seconds on the source's clock."""
    last_seen: float
    """Seconds on the source's clock."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An enrolled person and how like the probe they are."""

    person: UUID
    name: str
    similarity: float
    """Cosine, -1 to 1."""


@dataclass(frozen=True, slots=True)
class Match:
    """The answer of a gallery to one probe (open-set identification, ISO/IEC 2382-37)."""

    best: Candidate | None
    """The most similar person, named or not; None when the gallery is empty."""
    runner_up: Candidate | None
    threshold: float
    """The least similarity that names, for this probe, size of gallery and target FPIR."""
    accepted: bool
    """Above the threshold, and far enough above the runner-up."""

    @property
    def person(self) -> Candidate | None:
        """Who it is; None for "unknown"."""
        return self.best if self.accepted else None


@dataclass(frozen=True, slots=True)
class MoodScores:
    """Probabilities of the seven emotions; they sum to 1."""

    probabilities: tuple[float, ...]
    confidence_needed: float = 0.0
    """Below this the label is "unsure"."""

    def __post_init__(self) -> None:
        if len(self.probabilities) != len(EMOTIONS) or abs(sum(self.probabilities) - 1) > 1e-3:
            raise ValueError("seven probabilities that sum to 1 are needed")

    @property
    def confidence(self) -> float:
        return max(self.probabilities)

    @property
    def label(self) -> str:
        """The likeliest emotion, or "unsure"."""
        if self.confidence < self.confidence_needed:
            return UNSURE
        return EMOTIONS[self.probabilities.index(self.confidence)]

    def by_name(self) -> Mapping[str, float]:
        return dict(zip(EMOTIONS, self.probabilities, strict=True))


class Question(StrEnum):
    """What somebody is asked before the camera, to show that they are no photograph. Sides are the person's own."""

    LEFT = "left"
    """Turn your head to the left."""
    RIGHT = "right"
    """Turn your head to the right."""
    STRAIGHT = "straight"
    """Look straight into the camera (again)."""
    CLOSER = "closer"
    """Come closer: the face is too small to be judged."""


class Phase(StrEnum):
    """Where in its life a sighting is."""

    OPENED = "opened"
    """There is enough evidence to say who it is, or that nobody knows the face."""
    IDENTIFIED = "identified"
    """An opened, unknown sighting got its name later."""
    LIVE = "live"
    """An opened sighting of a named person turned out to be alive, no photograph; only now it may check in."""
    NOT_LIVE = "not_live"
    """A named face did not turn out to be alive: the turns of the head that were asked for did not come."""
    CONTINUED = "continued"
    """Still in view; carries the mood of the last seconds."""
    CLOSED = "closed"
    """Out of view."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A track that was decided on: one person, or one unknown, in view for a while.

    One sighting is told several times, under one id, in phases. A name once given never changes.
    """

    id: UUID
    """UUIDv7."""
    phase: Phase
    track: int
    first_at: datetime
    last_at: datetime
    match: Match
    mood: MoodScores | None
    """The mean since the phase before; None when moods are off or no view was good enough."""
    frames: int
    """Frames in which the face was found so far."""
    embedding: Embedding | None = None
    """The fused embedding; only for a face that nobody knows."""
    portrait: RgbImage | None = None
    """The best aligned chip (150, 150, 3); only for a face that nobody knows."""
    live: bool = True
    """Whether a named face is known to be alive, or nobody wants to know (`liveness = "off"`)."""
    evidence: Mapping[str, float | str] | None = None
    """Why the face is called live or not, for the audit log; only in the phases LIVE and NOT_LIVE."""

    def __post_init__(self) -> None:
        _require_utc(self.first_at)
        _require_utc(self.last_at)


class EventKind(StrEnum):
    SIGHTING = "sighting"
    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"
    UNKNOWN = "unknown"
    NOT_LIVE = "not_live"
    SOURCE_LOST = "source_lost"
    SOURCE_BACK = "source_back"


@dataclass(frozen=True, slots=True)
class KioskEvent:
    """Something that happened at the door; all but the source's events are already in the database."""

    kind: EventKind
    at: datetime
    person: UUID | None = None
    name: str | None = None
    track: int | None = None
    similarity: float | None = None
    mood: MoodScores | None = None
    sighting: UUID | None = None
    attendance: UUID | None = None
    """The attendance event, for check_in and check_out."""
    text: str | None = None
    """One sentence for people, where the kind alone does not tell enough."""


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What the kiosk knows about one face in view, for the picture on the screen."""

    track: Track
    match: Match | None
    """None until there is enough evidence."""
    mood: MoodScores | None
    question: Question | None = None
    """What the person is asked now."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """The latest frame with everything known about the faces on it."""

    frame: Frame
    observations: tuple[Observation, ...]
    processed: int
    """Frames processed so far."""
    dropped: int
    """Frames that a live source delivered while vision was busy."""
    fps: float
    """Frames processed a second, over the last seconds."""
    people: int = 0
    """People in the gallery."""
