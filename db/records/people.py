"""Frozen records of people: who they are, what they agreed to, their PINs, and who works at the desk.

Times are aware and in UTC.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

ConsentKind: TypeAlias = Literal["face", "mood"]


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


@dataclass(frozen=True, slots=True)
class Consent:
    id: UUID
    person: UUID
    kind: ConsentKind
    given: bool | None
    """None: the decision before was taken back."""
    at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True)
class MembershipChange:
    """Somebody changed their group, or was made active or inactive."""

    person: UUID
    at: datetime
    kind: Literal["group", "activate", "deactivate"]
    group_before: str | None = None
