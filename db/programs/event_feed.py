"""The ledger as other programs read it: row after row behind a cursor, with names instead of pseudonyms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.attendance import ledger
from db.schema.attendance import EventRow, KioskRow
from db.schema.people import PersonRow, SubjectRow


@dataclass(frozen=True, slots=True)
class FeedEvent:
    """A row of the ledger with who it is about, as they are called now; None where they were erased."""

    seq: int
    id: UUID
    kind: str
    at: datetime
    recorded_at: datetime
    time_zone: str
    door: str
    site: str
    method: str
    target: UUID | None
    corrected_kind: str | None
    person: UUID | None
    name: str | None
    number: str | None
    group: str | None


_COLUMNS: Final = (
    EventRow.seq, EventRow.id, EventRow.kind, EventRow.at, EventRow.recorded_at, EventRow.time_zone, KioskRow.name,
    KioskRow.site, EventRow.method, EventRow.target_id, EventRow.corrected_kind, PersonRow.id, PersonRow.name,
    PersonRow.number, PersonRow.group,
)  # fmt: skip
"""In the order of a `FeedEvent`."""


def after(session: Session, seq: int, limit: int) -> list[FeedEvent]:
    """The rows behind this one, in the ledger's order."""
    return _read(session, select(*_COLUMNS).where(EventRow.seq > seq).order_by(EventRow.seq).limit(limit))


def recorded_since(session: Session, since: datetime) -> int:
    """The number of the row before the first one that was written at this time or later."""
    first = session.scalar(select(func.min(EventRow.seq)).where(EventRow.recorded_at >= since))
    return ledger.count(session) if first is None else first - 1


def by_ids(session: Session, events: Sequence[UUID]) -> dict[UUID, FeedEvent]:
    """These events (a few hundred at most), as far as they are in the ledger."""
    return {one.id: one for one in _read(session, select(*_COLUMNS).where(EventRow.id.in_(events)))}


def _read(session: Session, query: Any) -> list[FeedEvent]:
    joined = query.join(KioskRow, KioskRow.id == EventRow.kiosk_id)
    joined = joined.join(SubjectRow, SubjectRow.id == EventRow.subject, isouter=True)
    joined = joined.join(PersonRow, PersonRow.id == SubjectRow.person_id, isouter=True)
    return [FeedEvent(*row) for row in session.execute(joined)]
