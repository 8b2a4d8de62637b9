"""Frozen records of attendance: events of the ledger, kiosks, and who is expected on a day.

Times are aware and in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Literal, NamedTuple, TypeAlias
from uuid import UUID

LedgerKind: TypeAlias = Literal["check_in", "check_out", "void", "correction"]
Presence: TypeAlias = Literal["check_in", "check_out"]
Method: TypeAlias = Literal["face", "pin", "manual"]
Role: TypeAlias = Literal["in", "out", "auto"]


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
class OwnShifts:
    """What is said on a day of those who have shifts of their own, by weekday and start."""

    day: date
    overdue: Mapping[int, time]
    """By minutes of grace: the last start of a shift that is overdue; without an entry none is."""
    said: tuple[str, str, str]
    """Of those without a shift on this weekday, of those with one, and of those with one that is overdue."""


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
    """What is said of those of whom the calendar has to be read: on leave, enrolled on the day, changed, rotating."""
    own: OwnShifts | None = None
    """What is said of the others who have shifts of their own; None where nobody has."""
