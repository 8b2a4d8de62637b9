"""The audit log: who did what, when."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db.batches import among
from db.ids import new_id
from db.records.privacy import AuditEntry
from db.schema.audit import AuditRow, UndoRow

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
) -> UUID:
    """Adds an entry, and returns its id. Names of people belong into `detail`, which is emptied when the person is
    erased. What changes a value says so as "before" and "after", so that it can be taken back."""
    row = AuditRow(
        id=new_id(), at=at, actor=actor, action=action, person_id=person, event_id=event, detail=dict(detail or {})
    )
    session.add(row)
    return row.id


def actions(session: Session) -> dict[UUID, str]:
    """What each entry that is not about an attendance event is about, by its id."""
    query = select(AuditRow.id, AuditRow.action).where(AuditRow.event_id.is_(None))
    return {row.id: row.action for row in session.execute(query)}


def newest(session: Session, limit: int) -> list[AuditEntry]:
    """The last entries, the newest first."""
    query = select(AuditRow).order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(limit)
    return [record(row) for row in session.scalars(query)]


def of_moment(session: Session, at: datetime) -> list[AuditEntry]:
    """The entries of one moment, which is one act of the desk, the newest first."""
    query = select(AuditRow).where(AuditRow.at == at).order_by(AuditRow.id.desc())
    return [record(row) for row in session.scalars(query)]


def keep(
    session: Session,
    entry: UUID,
    content: Mapping[str, Any],
    *,
    person: UUID | None = None,
    until: datetime | None = None,
) -> None:
    """Keeps what the act of this entry overwrote or deleted.

    Args:
        person: whose data it is; it goes with them.
        until: when the purge deletes it.
    """
    session.add(UndoRow(id=entry, person_id=person, until=until, content=dict(content)))


def kept(session: Session, entry: UUID) -> Mapping[str, Any] | None:
    """What was kept of this entry's act; None where nothing was, or it is gone."""
    row = session.get(UndoRow, entry)
    return None if row is None else row.content


def forget(session: Session, entry: UUID) -> None:
    """Deletes what was kept of this entry's act, which was taken back."""
    session.execute(delete(UndoRow).where(UndoRow.id == entry))


def reasons(session: Session, events: Sequence[UUID]) -> dict[UUID, str]:
    """The reasons that were given for voids, corrections and entries by hand, by event."""
    query = select(AuditRow.event_id, AuditRow.detail).where(among(AuditRow.event_id, events))
    told = ((event, detail.get("reason")) for event, detail in session.execute(query))
    return {event: str(reason) for event, reason in told if event is not None and reason}


def between(session: Session, action: str, start: datetime, end: datetime) -> list[Mapping[str, Any]]:
    """What the entries of this action with start <= at < end say, oldest first."""
    query = select(AuditRow.detail).where(AuditRow.action == action, AuditRow.at >= start, AuditRow.at < end)
    return list(session.scalars(query.order_by(AuditRow.at, AuditRow.id)))


def details(session: Session, action: str) -> list[Mapping[str, Any]]:
    """What every entry of this action says, oldest first."""
    query = select(AuditRow.detail).where(AuditRow.action == action)
    return list(session.scalars(query.order_by(AuditRow.at, AuditRow.id)))


def events_of(session: Session, reason: str) -> list[UUID]:
    """The attendance events that were added by hand for this reason, oldest first."""
    added = AuditRow.action.in_(("add check_in", "add check_out"))
    query = select(AuditRow.event_id).where(added, AuditRow.detail["reason"].as_string() == reason)
    return [event for event in session.scalars(query.order_by(AuditRow.at, AuditRow.id)) if event is not None]


def latest(session: Session, action: str, until: datetime | None = None) -> AuditEntry | None:
    """The newest entry of this action; with an instant, of those up to then, because a clock may have been wrong."""
    query = select(AuditRow).where(AuditRow.action == action).order_by(AuditRow.at.desc(), AuditRow.id.desc())
    if until is not None:
        query = query.where(AuditRow.at <= until)
    row = session.scalars(query.limit(1)).first()
    return None if row is None else record(row)


def latest_at_door(session: Session, actions: Collection[str], door: str, since: datetime) -> AuditEntry | None:
    """The newest entry of these actions at a door from an instant on."""
    there = AuditRow.detail["door"].as_string() == door
    query = select(AuditRow).where(AuditRow.at >= since, AuditRow.action.in_(actions), there)
    row = session.scalars(query.order_by(AuditRow.at.desc(), AuditRow.id.desc()).limit(1)).first()
    return None if row is None else record(row)


def last_before(session: Session, at: datetime) -> datetime | None:
    """When the newest entry up to an instant was made; None where there is none."""
    return session.scalar(select(func.max(AuditRow.at)).where(AuditRow.at <= at))


def latest_detail(session: Session, action: str, kiosk: str) -> Mapping[str, Any]:
    """What the newest entry of this action says of a kiosk; empty where there is none."""
    query = select(AuditRow.detail).where(AuditRow.action == action).order_by(AuditRow.at.desc(), AuditRow.id.desc())
    return next((detail for detail in session.scalars(query) if detail.get("kiosk") == kiosk), {})


def of_actions(session: Session, actions: Collection[str], since: datetime) -> list[AuditEntry]:
    """The entries of these actions from an instant on, the oldest first."""
    query = (
        select(AuditRow).where(AuditRow.at >= since, AuditRow.action.in_(actions)).order_by(AuditRow.at, AuditRow.id)
    )
    return [record(row) for row in session.scalars(query)]


def record(row: AuditRow) -> AuditEntry:
    action = _NOW_CALLED.get(row.action, row.action)
    return AuditEntry(row.id, row.at, row.actor, action, row.person_id, row.event_id, row.detail)
