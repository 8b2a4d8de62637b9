"""What the proof says of a row: the columns that count, of people, pseudonyms, consents, the audit log, kiosks, shifts,
public holidays, leave, who works at the desk, and keys of the HTTP interface."""

import hashlib
import hmac
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import inspect, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.batches import among
from db.schema.attendance import KioskRow
from db.schema.audit import AuditRow
from db.schema.base import Base
from db.schema.calendar import HolidayRow, LeaveRow, ShiftRow
from db.schema.people import ConsentRow, DeskUserRow, PersonRow, SubjectRow
from db.schema.programs import ApiKeyRow

Kind: TypeAlias = str
"""One of `KINDS`: rows; ended: a person was erased or merged; ledger: the events of before; begun: kinds since now."""


@dataclass(frozen=True, slots=True)
class Content:
    """The part of a row that is proved."""

    row: UUID
    person: UUID | None
    """Whose row it is."""
    public: tuple[Any, ...]
    """What stays when the person is erased."""
    personal: tuple[Any, ...]
    """What goes with them; empty where nothing does."""


_COLUMNS: Final[Mapping[Kind, tuple[InstrumentedAttribute[Any], ...]]] = {
    "person": (
        *(PersonRow.id, PersonRow.name, PersonRow.number, PersonRow.group),
        *(PersonRow.active, PersonRow.created_at, PersonRow.pin_hash),
    ),
    "subject": (SubjectRow.id, SubjectRow.person_id),
    "consent": (
        *(ConsentRow.id, ConsentRow.person_id, ConsentRow.kind),
        *(ConsentRow.given, ConsentRow.at, ConsentRow.recorded_by),
    ),
    "audit": (
        *(AuditRow.id, AuditRow.at, AuditRow.actor, AuditRow.action, AuditRow.event_id),
        *(AuditRow.person_id, AuditRow.detail),
    ),
    "kiosk": (KioskRow.id, KioskRow.name, KioskRow.site, KioskRow.role, KioskRow.time_zone, KioskRow.created_at),
    "shift": (
        *(ShiftRow.id, ShiftRow.person_id, ShiftRow.group, ShiftRow.weekdays, ShiftRow.start, ShiftRow.end),
        *(ShiftRow.grace_minutes, ShiftRow.break_minutes, ShiftRow.break_paid),
        *(ShiftRow.valid_from, ShiftRow.valid_to, ShiftRow.every_weeks),
    ),
    "holiday": (HolidayRow.id, HolidayRow.day, HolidayRow.name, HolidayRow.half),
    "leave": (
        *(LeaveRow.id, LeaveRow.person_id, LeaveRow.first, LeaveRow.last),
        *(LeaveRow.kind, LeaveRow.half, LeaveRow.note),
    ),
    "user": (DeskUserRow.id, DeskUserRow.name, DeskUserRow.pin_hash, DeskUserRow.created_at),
    "key": (
        *(ApiKeyRow.id, ApiKeyRow.name, ApiKeyRow.hash, ApiKeyRow.rights),
        *(ApiKeyRow.created_at, ApiKeyRow.expires_at, ApiKeyRow.revoked_at),
    ),
}
"""What is proved of each kind's rows, their id first."""
KINDS: Final = tuple(_COLUMNS)
"""In the order in which one transaction's rows are proved."""
LATER: Final[tuple[Kind, ...]] = ("kiosk", "shift", "holiday", "leave", "user", "key")
"""Kinds that a chain of before 0.12 (the last two: 0.14) does not speak of. Rows of these are deleted for good reasons,
too."""
KIND_OF: Final[Mapping[Any, Kind]] = {columns[0].class_: kind for kind, columns in _COLUMNS.items()}
_PUBLIC: Final[Mapping[Kind, int]] = {"audit": 5}
"""How many of the first columns stay when the person is erased; of other kinds none."""
_LEFT_OUT: Final[Mapping[type[Base], str]] = {KioskRow: "seen_at"}
"""Columns that change all the time and decide nothing."""


def read(session: Session, kind: Kind, rows: Collection[UUID] | None = None) -> Iterator[Content]:
    """The contents of these rows, or of all of a kind, by id; rows that are gone are left out."""
    columns = _COLUMNS[kind]
    query = select(*columns).order_by(columns[0])
    if rows is not None:
        query = query.where(among(columns[0], rows))
    names = ["person_id" if one is PersonRow.id else one.key for one in columns]
    whose = names.index("person_id") if "person_id" in names else None
    public = _PUBLIC.get(kind, 0)
    for row in session.execute(query):
        yield Content(row[0], None if whose is None else row[whose], tuple(row[:public]), tuple(row[public:]))


def ids(session: Session, kind: Kind) -> Sequence[UUID]:
    """Of all rows of a kind."""
    return session.scalars(select(_COLUMNS[kind][0])).all()


def is_changed(row: Any) -> bool:
    """Whether a session changes a column of this row that counts."""
    left_out = _LEFT_OUT.get(type(row))
    return any(one.history.has_changes() for one in inspect(row).attrs if one.key != left_out)


def public_hash(kind: Kind, content: Content) -> str | None:
    """SHA-256 of what stays, hexadecimal; None where nothing does."""
    return hashlib.sha256(canonical([kind, *content.public]).encode()).hexdigest() if content.public else None


def personal_hash(kind: Kind, content: Content, salt: bytes) -> str:
    """HMAC-SHA-256 of what goes with the person, with their salt, hexadecimal."""
    return hmac.digest(salt, canonical([kind, *content.personal]).encode(), hashlib.sha256).hex()


def canonical(values: Sequence[Any]) -> str:
    """A JSON array without spaces, names of objects sorted, instants in UTC with microseconds."""
    return _JSON.encode(values)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)


_JSON: Final = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":"), sort_keys=True, default=_text
)
"""Made once, not for each text."""
