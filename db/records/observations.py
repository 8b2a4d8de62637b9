"""Frozen records of what the camera saw. Times are aware and in UTC."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.records.faces import Embedding


@dataclass(frozen=True, slots=True)
class SightingRecord:
    id: UUID
    kiosk: UUID
    track: int
    first_at: datetime
    last_at: datetime
    frames: int
    person: UUID | None
    """None for an unknown person."""
    best: UUID | None
    """The most similar person, named or not."""
    similarity: float | None
    runner_up: UUID | None
    runner_up_similarity: float | None
    threshold: float
    """The similarity that a name needed at that moment."""
    second_similarity: float | None = None
    """SFace's cosine to the most similar person alone."""
    encoders: str | None = None
    """Whose similarities these are: "dlib", "sface" or "both"; None, in sightings of old, is dlib's."""


@dataclass(frozen=True, slots=True, eq=False)
class KeptView:
    """One of the best views of a named sighting."""

    sighting: UUID
    at: datetime
    embedding: Embedding
    """float32 (128,) or (256,), of length 1."""
    jpeg: bytes
    """The aligned face."""


@dataclass(frozen=True, slots=True, eq=False)
class Visitor:
    """A sighting of an unknown person, with the face that is kept so that they can be named."""

    sighting: SightingRecord
    embedding: "Embedding | None"
    """float32 (128,) or (256,), the mean of unit embeddings."""
    portrait: bytes | None
    """JPEG."""
