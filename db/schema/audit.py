"""Tables of who did what, and of what can be taken back."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.base import Base


class AuditRow(Base):
    """Who did what. `detail` may name people and is emptied when they are erased."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "at"), Index(None, "person_id"), Index(None, "event_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    event_id: Mapped[UUID | None]
    detail: Mapped[dict[str, Any]]


class UndoRow(Base):
    """What an act overwrote or deleted, for as long as it can be taken back."""

    __tablename__ = "undo"
    __table_args__ = (Index(None, "person_id"), Index(None, "until"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """The act's `AuditRow`."""
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    """Whose data it is; it goes with them."""
    until: Mapped[datetime | None]
    """When the purge deletes it; None: when the person is erased."""
    content: Mapped[dict[str, Any]]
