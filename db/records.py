"""Frozen records that queries return instead of the session's rows. Times are aware and in UTC."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Generic, Literal, NamedTuple, TypeAlias, TypeVar
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

STRANGER: Final = "?"
"""How the token of a face that nobody knows begins: one person may have many of them, so they count as nobody."""
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
class PinTries:
    """Wrong PINs since the last right one."""

    wrong: int
    last_at: datetime | None
    locked_until: datetime | None
    """Until then no try is taken; None where the next is."""


@dataclass(frozen=True, slots=True)
class DeskUser:
    """Somebody who works at the desk."""

    id: UUID
    name: str
    pin_hash: str = field(repr=False)
    created_at: datetime


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
    """The mean template, float32 (128,) of the first encoder or (256,) of both."""
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
    """float32 (128,) of the first encoder, or (256,) of both."""


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
    second_similarity: float | None = None
    """SFace's cosine to the most similar person alone."""
    encoders: str | None = None
    """Whose similarities these are: "dlib", "sface" or "both"; None, in sightings of old, is dlib's."""


@dataclass(frozen=True, slots=True, eq=False)
class KeptView:
    """One of the best views of a named sighting."""

    sighting: UUID
    at: datetime
    embedding: NDArray[np.float32]
    """float32 (128,) or (256,), of length 1."""
    jpeg: bytes
    """The aligned face."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Visitor:
    """A sighting of an unknown person, with the face that is kept so that they can be named."""

    sighting: SightingRecord
    embedding: NDArray[np.float32] | None
    """float32 (128,) or (256,), the mean of unit embeddings."""
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
    clock_suspect: bool = False
    """Whether the kiosk's clock had jumped, so that the times are in doubt."""


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
    clock_suspect: bool = False
    """Whether the kiosk's clock was wrong, so that the time counts for nothing."""
    origin: UUID | None = None
    """The chain of the database that it was forwarded from; None: written here."""


class LedgerEntry(NamedTuple):
    """What the attendance rules read of a row of the ledger. A tuple: a year has hundreds of thousands."""

    id: UUID
    kind: LedgerKind
    person: UUID | None
    at: datetime
    target: UUID | None
    corrected_kind: Presence | None
    kiosk: UUID
    method: Method
    subject: UUID
    """The person's pseudonym in the ledger: merged people have several."""
    clock_suspect: bool = False
    """Whether the kiosk's clock was wrong, so that the time counts for nothing."""
    origin: UUID | None = None
    """The chain of the database that it was forwarded from; None: written here."""


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """Somebody changed their group, or was made active or inactive."""

    person: UUID
    at: datetime
    kind: Literal["group", "activate", "deactivate"]
    group_before: str | None = None


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What a check of a chain of events found."""

    events: int
    head: str
    """The last row's hash: note it down, and a later check can prove that nothing was cut off."""
    broken_seq: int | None = None
    problem: str | None = None
    foreign: int = 0
    """Rows whose codes are of another installation's key, so that only their hashes were verified."""
    before: int = 0
    """So many of the first rows were verified by an earlier check, and were only counted now."""
    again: range = range(0)
    """Rows of these that were read again all the same."""

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
    """Aggregate mode only: tells people of one day apart without naming them; see `STRANGER`."""
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
class RolledDay:
    """A day whose moods are rolled up."""

    day: int
    """Local days since 1970."""
    starts: datetime
    ends: datetime
    zone: str
    confidence: float
    """The probability below which a mood was unsure."""
    stamp: UUID | None = None
    """Another one each time that the day is rolled up; None before it is kept."""


@dataclass(frozen=True, slots=True)
class RolledCells:
    """Roll-ups of moods: k rows, column by column. What is not asked for is empty."""

    keys: Sequence[tuple[Any, ...]]
    """What each row is about, as the query that gives it says."""
    sightings: NDArray[np.int64]
    """int64 (k,)."""
    judged: NDArray[np.int64]
    """Sightings in the sums: int64 (k,)."""
    mean_sums: NDArray[np.float64]
    """The sums of the sightings' mean probabilities: float64 (7, k)."""
    labels: NDArray[np.int64]
    """Sightings of each label, unsure at last: int64 (8, k)."""


@dataclass(frozen=True, slots=True)
class RolledVisits:
    """Who was seen on which day: n rows, column by column, each int64 (n,)."""

    names: Sequence[Hashable]
    """People, tokens and groups; the columns have their places in this list, -1 for None."""
    day: NDArray[np.int64]
    """Local days since 1970."""
    person: NDArray[np.int64]
    token: NDArray[np.int64]
    group: NDArray[np.int64]
    hours: NDArray[np.int64]
    """The local hours with a sample: bit 0 is midnight to one."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """Who is on the list of one day even when they do not come, and what is said of them then.

    Short whatever the number of people, so that the database can count and find those who did not come.
    """

    listed_before: datetime | None
    """The end of the day: active people who were added before it are on the list; None: nobody is (a day to come)."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """What is said of people of a group that has shifts."""
    others: str = ""
    """What is said of people of no group, and of groups without shifts."""
    people: Mapping[UUID, str] = field(default_factory=dict)
    """What is said of those whose own calendar decides: shifts of their own, leave, enrolled on the day, changed."""


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
        return Expired(
            self.visitors + other.visitors,
            self.faces + other.faces,
            self.sightings + other.sightings,
            self.moods + other.moods,
            self.captures + other.captures,
            self.views + other.views,
        )

    @property
    def rows(self) -> int:
        """How many rows a purge deletes."""
        return self.visitors + self.sightings + self.moods + self.captures + self.views


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
