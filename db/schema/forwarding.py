"""Tables of events that other doors of the site wrote. Reports read them, so nothing else of the doors is here."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.base import Base


class ForwardedRow(Base):
    """Where an event stands in the chain of the database that it was forwarded from."""

    __tablename__ = "forwarded_event"
    __table_args__ = (Index(None, "event_id"),)

    origin: Mapped[UUID] = mapped_column(primary_key=True)
    """The other database's `ChainRow`."""
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("attendance_event.id"))
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class SiteEventRow(Base):
    """A copy of another door's recent event, which the centre sent down. It is no part of the ledger here: the door
    that wrote it keeps it, and proves it; see `db.forwarding.site_events`."""

    __tablename__ = "site_event"
    __table_args__ = (Index(None, "subject", "recorded_at"), Index(None, "recorded_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    origin: Mapped[UUID]
    """The chain in which it stands first."""
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[UUID]
    at: Mapped[datetime]
    kiosk_id: Mapped[UUID]
    """The kiosk is in the database of its door, and in the centre's."""
    role: Mapped[str] = mapped_column(String(8))
    """The kiosk's."""
    method: Mapped[str] = mapped_column(String(8))
    target_id: Mapped[UUID | None]
    corrected_kind: Mapped[str | None] = mapped_column(String(16))
    recorded_at: Mapped[datetime]
    clock_suspect: Mapped[bool]
