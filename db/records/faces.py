"""Frozen records of faces: who can be recognised, from which images, and how surely. Times are aware and in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import UUID

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Embedding: TypeAlias = "NDArray[np.float32]"
"""Of one face: float32 (128,), of the first encoder, or (256,), of both."""


@dataclass(frozen=True, slots=True, eq=False)
class GalleryPerson:
    """Someone who can be recognised."""

    person: UUID
    name: str
    embedding: Embedding
    """The mean template."""
    members: int
    """Images behind the template."""
    look_alikes: tuple[UUID, ...] = ()
    """People so alike that naming needs a stricter margin."""
    wrongly_named: int = 0
    """How many people were taken for this person and said "not me"."""


@dataclass(frozen=True, slots=True)
class Template:
    """One enrolled image of a person, without the face itself."""

    id: UUID
    person: UUID
    content_hash: str
    """SHA-256 of the image file, hexadecimal."""
    encoder: str
    quality: Mapping[str, Any]
    source: str
    """The image's file name, or what took it."""
    created_at: datetime
    sighting: UUID | None = None
    """The sighting of the candidate that became this template; None for an image that somebody enrolled."""


@dataclass(frozen=True, slots=True, eq=False)
class TemplateMember:
    """An enrolled image with its embedding, for computing the mean or checking consistency."""

    template: Template
    embedding: Embedding


BOUND: Final = 0.05
"""Expected share of missed passages from which somebody is served badly."""


@dataclass(frozen=True, slots=True)
class ExpectedMiss:
    """How often a person will probably not be recognised."""

    person: UUID
    at: datetime
    """When this was found."""
    passages: int
    """Passages that it was found from."""
    misses: float
    """The share of passages, 0 to 1."""
    low: float
    high: float
    """Its 95 % interval."""
    images: int
    """Enrolled images."""


@dataclass(frozen=True, slots=True)
class WaitingCandidate:
    """A template candidate that waits for a review, without the face itself."""

    id: UUID
    person: UUID
    name: str
    sighting: UUID
    at: datetime
    encoder: str
    quality: Mapping[str, Any]
    similarity: float
    lead: float
    nearest: float
