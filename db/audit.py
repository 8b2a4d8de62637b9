"""The audit log: who did what, when."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.ids import new_id
from db.records import AuditEntry
from db.schema import AuditRow

_NOW_CALLED: Final = {"door pin": "set pin", "door pin removed": "remove pin"}
"""Names of acts in older rows, and what these acts are called now."""


def note(
    session: Session,
    action: str,
    *,
    at: datetime,
    actor: str,
    person: UUID | None = None,
    event: UUID | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Adds an entry. Names of people belong into `detail`, which is emptied when the person is erased."""
    row = AuditRow(
        id=new_id(), at=at, actor=actor, action=action, person_id=person, event_id=event, detail=dict(detail or {})
    )
    session.add(row)


def reasons(session: Session, events: list[UUID]) -> dict[UUID, str]:
    """The reasons that were given for voids and corrections, by event."""
    query = select(AuditRow).where(AuditRow.event_id.in_(events))
    found = {row.event_id: str(row.detail.get("reason", "")) for row in session.scalars(query) if row.event_id}
    return {event: reason for event, reason in found.items() if reason}


def between(session: Session, action: str, start: datetime, end: datetime) -> list[Mapping[str, Any]]:
    """What the entries of this action with start <= at < end say, oldest first."""
    query = select(AuditRow.detail).where(AuditRow.action == action, AuditRow.at >= start, AuditRow.at < end)
    return list(session.scalars(query.order_by(AuditRow.at, AuditRow.id)))


def latest(session: Session, action: str) -> AuditEntry | None:
    """The newest entry of this action."""
    query = select(AuditRow).where(AuditRow.action == action).order_by(AuditRow.at.desc(), AuditRow.id.desc())
    row = session.scalars(query.limit(1)).first()
    return None if row is None else record(row)


def latest_detail(session: Session, action: str, kiosk: str) -> Mapping[str, Any]:
    """What the newest entry of this action says of a kiosk; empty where there is none."""
    query = select(AuditRow.detail).where(AuditRow.action == action).order_by(AuditRow.at.desc(), AuditRow.id.desc())
    return next((detail for detail in session.scalars(query) if detail.get("kiosk") == kiosk), {})


def record(row: AuditRow) -> AuditEntry:
    action = _NOW_CALLED.get(row.action, row.action)
    return AuditEntry(row.id, row.at, row.actor, action, row.person_id, row.event_id, row.detail)
