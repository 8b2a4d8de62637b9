"""Who was in which group, and who was active, in the past: told by the audit log, which keeps what was before."""

from datetime import datetime
from typing import Final, Literal, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.records.people import MembershipChange
from db.schema.audit import AuditRow

_KINDS: Final = ("group", "activate", "deactivate")


def changes_since(session: Session, at: datetime, *, person: UUID | None = None) -> list[MembershipChange]:
    """The changes of everybody, or of one person, from an instant on, by time."""
    query = select(AuditRow.person_id, AuditRow.at, AuditRow.action, AuditRow.detail).where(
        AuditRow.at >= at, AuditRow.action.in_(_KINDS), AuditRow.person_id.is_not(None)
    )
    if person is not None:
        query = query.where(AuditRow.person_id == person)
    return [
        MembershipChange(
            who, when, cast(Literal["group", "activate", "deactivate"], action), (detail or {}).get("before")
        )
        for who, when, action, detail in session.execute(query.order_by(AuditRow.at, AuditRow.id))
        if who is not None
    ]
