"""What travels from the camera to the table: one frozen dataclass per arrow, in the order of the flow.

FrameSource -> Frame -> FaceDetector -> Face -> Tracker -> Track -> FaceEncoder -> Gallery -> Match
-> Liveness -> EmotionModel -> MoodScores -> Consensus -> Sighting -> rules, Recorder -> KioskEvent

Boxes and key points are in pixels of the frame, x to the right, y down. Times are aware and in UTC.
"Left" and "right" of a face are the person's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from monitor.labels import EMOTIONS as EMOTIONS
from monitor.labels import UNSURE as UNSURE
from monitor.labels import Encoders as Encoders

RgbImage: TypeAlias = NDArray[np.uint8]
"""uint8 (height, width, 3), red green blue."""

EMBEDDING_SIZE = 128
"""Numbers in one encoder's embedding."""

Embedding: TypeAlias = NDArray[np.float32]
"""float32, unit length: (256,), of both encoders (`vision.matching.joined`), or (128,), of dlib's network alone."""

SIMILARITY_UNITS: Mapping[Encoders, float] = {"dlib": 1.0, "sface": 3.5, "both": 2.2}
"""How much similarity at the thresholds says as much as one of dlib's network, whose impostor curve is the steepest."""

MOODS = (*EMOTIONS, UNSURE)
"""Every mood that is shown or reported, in the order of the charts."""


class Unclear(StrEnum):
    """Why a view of a face does not show the mood."""

    SMALL = "small"
    BLURRED = "blurred"
    COVERED = "covered"
    TURNED = "turned"
    """Too far to the side or tilted, or its key points do not lie as those of a face."""


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
    """An upright rectangle in pixels."""

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

    def moved(self, right: float, down: float) -> "Box":
        """The same box elsewhere, by pixels."""
        return Box(self.left + right, self.top + down, self.width, self.height)

    def within(self, width: float, height: float) -> "Box":
        """The part that lies in a picture of that size; at its edge, without area, where none does."""
        left, right = (min(max(side, 0.0), width) for side in (self.left, self.right))
        top, bottom = (min(max(side, 0.0), height) for side in (self.top, self.bottom))
        return Box(left, top, right - left, bottom - top)

    def intersection(self, other: "Box") -> float:
        """The area that both cover, in square pixels."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        if across <= 0:  # of a crowd's boxes hardly any two meet
            return 0.0
        down = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        return across * max(down, 0.0)

    def iou(self, other: "Box") -> float:
        """Intersection over union, 0 to 1."""
        shared = self.intersection(other)
        return shared / (self.area + other.area - shared) if shared else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face found in one frame."""

    box: Box
    """From forehead to chin, as far as it lies in the picture."""
    score: float
    """The detector's confidence, 0 to 1."""
    keypoints: NDArray[np.float32] | None = None
    """float32 (6, 2): right eye, left eye, nose, mouth, right ear, left ear; None where the detector has none."""
    confirmed: bool | None = True
    """False for a face too blurred, turned or covered to tell who it is and how they feel; None for what only looks
    like a face at first, which is told to nobody but the next search."""
    uncut: Box | None = None
    """The box of the whole face, where the picture's edge cuts it."""

    @property
    def whole_box(self) -> Box:
        """The box of the whole face; it may reach over the picture's edge."""
        return self.uncut or self.box

    def moved(self, right: float, down: float) -> "Face":
        """The same face elsewhere, by pixels."""
        keypoints = None if self.keypoints is None else self.keypoints + np.array([right, down], np.float32)
        uncut = None if self.uncut is None else self.uncut.moved(right, down)
        return replace(self, box=self.box.moved(right, down), keypoints=keypoints, uncut=uncut)


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One face followed over time, as of its latest frame."""

    id: int
    """Counts from 1 in a run; never used again."""
    face: Face
    """The face in the latest frame that showed it."""
    hits: int
    """Frames in which the face was found, or followed between two others."""
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
    second_similarity: float | None = None
    """SFace's cosine alone, where template and probe have its embedding."""


@dataclass(frozen=True, slots=True)
class Match:
    """The answer of a gallery to one probe (open-set identification, ISO/IEC 2382-37)."""

    best: Candidate | None
    """The most similar person, named or not; None when the gallery is empty."""
    runner_up: Candidate | None
    threshold: float
    """The least similarity that names, for this probe, size of gallery and target FPIR."""
    accepted: bool
    """Above the threshold, far enough above the runner-up, and not contradicted by one of the encoders."""
    encoders: Encoders = "dlib"
    """Whose similarities these are; the threshold is on their scale."""

    @property
    def unit(self) -> float:
        """How wide the scale of the similarities is; see `SIMILARITY_UNITS`."""
        return SIMILARITY_UNITS[self.encoders]

    @property
    def person(self) -> Candidate | None:
        """Who it is; None for "unknown"."""
        return self.best if self.accepted else None


@dataclass(frozen=True, slots=True)
class MoodScores:
    """Probabilities of the seven emotions; they sum to 1, or are all 0 where no view could be judged."""

    probabilities: tuple[float, ...]
    confidence_needed: float = 0.0
    """Below this the label is "unsure"."""
    unclear: Unclear | None = None
    """Why no view could be judged."""

    def __post_init__(self) -> None:
        total = 0 if self.unclear else 1
        if len(self.probabilities) != len(EMOTIONS) or abs(sum(self.probabilities) - total) > 1e-3:
            raise ValueError("seven probabilities that sum to 1 are needed, or zeros with the reason")

    @classmethod
    def unjudged(cls, why: Unclear) -> "MoodScores":
        """The mood of a face that was seen, but not well enough to be judged."""
        return cls((0.0,) * len(EMOTIONS), unclear=why)

    @property
    def confidence(self) -> float:
        return max(self.probabilities)

    @property
    def label(self) -> str:
        """The likeliest emotion, or "unsure"."""
        if self.unclear or self.confidence < self.confidence_needed:
            return UNSURE
        return EMOTIONS[self.probabilities.index(self.confidence)]

    def by_name(self) -> Mapping[str, float]:
        return dict(zip(EMOTIONS, self.probabilities, strict=True))


class Question(StrEnum):
    """What somebody is asked before the camera: to show that they are no photograph, or for a view of the face. Sides
    are the person's own."""

    LEFT = "left"
    """Turn your head to the left."""
    RIGHT = "right"
    """Turn your head to the right."""
    STRAIGHT = "straight"
    """Look straight into the camera (again)."""
    CLOSER = "closer"
    """Come closer: the face is too small to be judged."""
    VIEW = "view"
    """Look into the camera once more: you are recognised worse than others, and a new view would help."""


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
class FaceView:
    """One view of a face that a name was given on."""

    at: datetime
    embedding: Embedding
    """Of length 1."""
    chip: RgbImage
    """The aligned face, (150, 150, 3)."""


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
    """The mean since the phase before; None when moods are off, refused, or not looked at since then."""
    frames: int
    """Frames in which the face was found so far."""
    embedding: Embedding | None = None
    """The fused embedding; only for a face that nobody knows."""
    portrait: RgbImage | None = None
    """The best aligned chip (150, 150, 3); only for a face that nobody knows."""
    views: tuple[FaceView, ...] = ()
    """The best views before the name was told; only of a face that has a name, in the phases that may check it in."""
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
    second_similarity: float | None = None
    """SFace's cosine alone."""
    threshold: float | None = None
    """The similarity that a name needed."""
    runner_up: Candidate | None = None
    """The most similar other person."""
    mood: MoodScores | None = None
    sighting: UUID | None = None
    attendance: UUID | None = None
    """The attendance event, for check_in and check_out."""
    text: str | None = None
    """One sentence for people, where the kind alone does not tell enough."""
    in_view: datetime | None = None
    """When the face was in view last, before this was written down; None without a face."""
    asks: Literal["face", "pin"] | None = None
    """What has to come as well before anything is written, at hours that ask for both."""


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
