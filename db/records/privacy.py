"""Frozen records of what was done with data, and of what is exported, erased and past its period.

Times are aware and in UTC.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import datetime
from operator import add
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class AuditEntry:
    id: UUID
    at: datetime
    actor: str
    action: str
    person: UUID | None
    event: UUID | None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ErasureReceipt:
    """What was removed; it names nobody."""

    pseudonyms: tuple[UUID, ...]
    """What stays in the ledger in the person's place."""
    at: datetime
    actor: str
    templates: int
    sightings: int
    mood_samples: int
    consents: int
    events_kept: int


@dataclass(frozen=True, slots=True, eq=False)
class PersonExport:
    """Everything that is kept about one person."""

    data: Mapping[str, Any]
    """Ready for JSON."""
    images: Mapping[str, bytes]
    """JPEG files by name."""


@dataclass(frozen=True, slots=True)
class Expired:
    """How many rows are older than their retention period."""

    visitors: int
    """Sightings of unknown people."""
    faces: int
    """Of these, how many with the picture of a face."""
    sightings: int
    """Sightings of enrolled people."""
    moods: int
    """Mood samples, those that go with their sighting included."""
    captures: int = 0
    """Template candidates that nobody reviewed."""
    views: int = 0
    """Best views of named sightings."""

    def __add__(self, other: "Expired") -> "Expired":
        return Expired(*map(add, astuple(self), astuple(other)))

    @property
    def rows(self) -> int:
        """How many rows a purge deletes."""
        return self.visitors + self.sightings + self.moods + self.captures + self.views
