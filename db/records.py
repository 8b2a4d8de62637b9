"""Frozen records that queries return instead of the session's rows. Times are aware and in UTC."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Generic, Literal, TypeAlias, TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")
ConsentKind: TypeAlias = Literal["face", "mood"]
LedgerKind: TypeAlias = Literal["check_in", "check_out", "void", "correction"]
Presence: TypeAlias = Literal["check_in", "check_out"]
Method: TypeAlias = Literal["face", "pin", "manual"]
Role: TypeAlias = Literal["in", "out", "auto"]


@dataclass(frozen=True, slots=True)
class Person:
    id: UUID
    name: str
    number: str | None
    group: str | None
    active: bool
    """Someone inactive is kept, but neither recognised nor expected."""
    notes: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PersonConsents:
    """Somebody, and what they agreed to or refused; None where they were not asked."""

    person: Person
    face: bool | None
    mood: bool | None


@dataclass(frozen=True, slots=True)
class PinRecord:
    """Somebody who may check in with number and PIN."""

    person_id: UUID
    name: str
    pin_hash: str | None = field(repr=False)
    """None where no PIN was set."""


@dataclass(frozen=True, slots=True)
class PersonSummary:
    """A person as lists show them."""

    person: Person
    templates: int
    """Enrolled images."""
    face_consent: bool | None
    """None: not asked."""
    mood_consent: bool | None
    look_alikes: int


@dataclass(frozen=True, slots=True, eq=False)
class GalleryPerson:
    """Someone who can be recognised."""

    person: UUID
    name: str
    embedding: NDArray[np.float32]
    """The mean template, float32 (128,)."""
    members: int
    """Images behind the template."""
    mood_consent: bool | None
    """None for somebody who was not asked."""
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
    embedding: NDArray[np.float32]
    """float32 (128,)."""


@dataclass(frozen=True, slots=True)
class Consent:
    id: UUID
    person: UUID
    kind: ConsentKind
    given: bool
    at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class Kiosk:
    id: UUID
    name: str
    site: str
    role: Role
    time_zone: str
    created_at: datetime
    seen_at: datetime
    """When it last wrote something."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Visitor:
    """A sighting of an unknown person, with the face that is kept so that they can be named."""

    sighting: SightingRecord
    embedding: NDArray[np.float32] | None
    """float32 (128,), unit length."""
    portrait: bytes | None
    """JPEG."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An attendance event to be appended to the ledger."""

    id: UUID
    kind: LedgerKind
    person: UUID
    at: datetime
    """When it happened; for a correction, when it really happened."""
    time_zone: str
    kiosk: UUID
    method: Method
    actor: str
    """Who or what made it: the kiosk's name, a desk user."""
    recorded_at: datetime
    sighting: UUID | None = None
    target: UUID | None = None
    """The event that a void cancels or a correction replaces."""
    corrected_kind: Presence | None = None
    """What a correction says happened."""


@dataclass(frozen=True, slots=True)
class AttendanceEvent:
    """A row of the ledger."""

    seq: int
    id: UUID
    kind: LedgerKind
    person: UUID | None
    """None when the person was erased."""
    subject: UUID
    """The person's pseudonym in the ledger."""
    at: datetime
    time_zone: str
    kiosk: UUID
    method: Method
    actor: str
    sighting: UUID | None
    target: UUID | None
    corrected_kind: Presence | None
    recorded_at: datetime
    hash: str


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What the attendance rules read of a row of the ledger."""

    id: UUID
    kind: LedgerKind
    person: UUID | None
    at: datetime
    target: UUID | None
    corrected_kind: Presence | None


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What `ledger.verify` found."""

    events: int
    head: str
    """The last row's hash: note it down, and a later check can prove that nothing was cut off."""
    broken_seq: int | None = None
    problem: str | None = None

    @property
    def whole(self) -> bool:
        return self.problem is None


@dataclass(frozen=True, slots=True)
class MoodSample:
    at: datetime
    person: UUID | None
    sighting: UUID | None
    group: str | None
    token: str | None
    """Aggregate mode only: tells people of one day apart without naming them."""
    label: str
    """The likeliest emotion, or "unsure"."""
    probabilities: tuple[float, ...]
    """Seven, in the order angry, disgust, fear, happy, sad, surprise, neutral; zeros where the face was not clear
    enough to be judged."""


@dataclass(frozen=True, slots=True, eq=False)
class MoodSums:
    """Mood samples added up by sighting, person, token, group and minute: n rows, column by column."""

    at: NDArray[np.datetime64]
    """Of each row's first sample: datetime64[us] (n,), UTC."""
    people: Sequence[UUID | None]
    sightings: Sequence[Hashable]
    """A key for each sighting; None where the row's samples have no sighting and are of one instant."""
    groups: Sequence[str | None]
    tokens: Sequence[str | None]
    probabilities: NDArray[np.float64]
    """Sums of the samples' probabilities: float64 (n, 7), in the order of `MoodSample.probabilities`."""


@dataclass(frozen=True, slots=True)
class Schedule:
    id: UUID
    person: UUID | None
    group: str | None
    weekday: int
    """0 is Monday."""
    start: time
    """On the site's clock; an end before the start is on the next day."""
    end: time
    grace_minutes: int
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Expectation:
    """Who is on the list of one day even when they do not come, and who of them is overdue: should have come by now."""

    listed_before: datetime | None
    """The end of the day: active people who were added before it are on the list; None: nobody is (a day to come)."""
    overdue_groups: frozenset[str] = frozenset()
    """Groups with shifts whose people are overdue, apart from people with shifts of their own."""
    other_groups: frozenset[str] = frozenset()
    """Groups with shifts whose people are not expected, or not yet."""
    others_overdue: bool = False
    """Whether people of no group, and of groups without shifts, are overdue."""
    own_shifts: frozenset[UUID] = frozenset()
    """People with shifts of their own."""
    overdue_people: frozenset[UUID] = frozenset()
    """Those of `own_shifts` who are overdue."""


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

    @property
    def rows(self) -> int:
        """How many rows a purge deletes."""
        return self.visitors + self.sightings + self.moods + self.captures


@dataclass(frozen=True, slots=True)
class Want:
    """Which part of a list is wanted."""

    count: int
    """Rows."""
    key: UUID | None = None
    """The landmark's id."""
    back: int = 0
    """Rows before the landmark."""
    index: int = 0
    """The landmark's number in the list as last known; without a landmark, the first row's."""
    total: int | None = None
    """Rows of the whole list, where nothing changed since they were counted; None counts anew."""
    rough: bool = False
    """Whether the first rows may come before all are counted (see `Page.counted`)."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A part of a list."""

    first: int
    """The first item's number in the whole list, from 0."""
    total: int
    """Rows of the whole list."""
    items: tuple[Item, ...]
    counted: bool = True
    """False while `total` is a lower bound, because not all rows are counted."""


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
