"""What the HTTP interface answers, as models from which its OpenAPI description is made."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from db.records.attendance import LedgerKind, Method, Presence


class Problem(BaseModel):
    """What is wrong, in one sentence."""

    detail: str


class HealthReply(BaseModel):
    status: Literal["ok"]
    version: str
    at: datetime


class PersonReply(BaseModel):
    id: UUID
    name: str
    number: str | None
    group: str | None
    active: bool
    images: int = Field(description="Enrolled images.")
    face_consent: bool | None
    mood_consent: bool | None


class PeopleReply(BaseModel):
    people: list[PersonReply]
    total: int


class LineReply(BaseModel):
    """A line of a report, as 'muster attendance --json' prints it."""

    model_config = ConfigDict(extra="allow")


class DayReply(LineReply):
    day: date
    person: str
    number: str | None
    group: str | None
    status: str | None
    first_in: datetime | None
    last_out: datetime | None
    hours: float
    incomplete: bool


class AttendanceReply(BaseModel):
    days: list[DayReply]
    next: int | None = Field(description="Give it as 'since' to go on; null where nothing follows.")


class WhoReply(BaseModel):
    id: UUID
    name: str | None
    number: str | None
    group: str | None


class EventReply(BaseModel):
    seq: int
    id: UUID
    event: LedgerKind
    at: datetime
    recorded_at: datetime
    time_zone: str
    person: WhoReply | None = Field(description="None where the person was erased.")
    door: str
    site: str
    method: Method
    target: UUID | None = Field(description="The event that a void undoes or a correction replaces.")
    corrected_kind: Presence | None


class EventsReply(BaseModel):
    events: list[EventReply]
    next: int = Field(description="Give it as 'since' to go on.")
    head: str = Field(description="Give it as 'head' then: 410 says that the ledger was restored from a backup since.")
