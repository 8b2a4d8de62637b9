"""Tables of attendance: the ledger of events, the kiosks that write it, and their time zones."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.base import Base


class KioskRow(Base):
    __tablename__ = "kiosk"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    site: Mapped[str]
    role: Mapped[str] = mapped_column(String(8))
    time_zone: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class ZoneOffsetRow(Base):
    """How far a time zone's clocks are from UTC from an instant on; for the views on SQLite."""

    __tablename__ = "zone_offset"
    __table_args__ = ({"sqlite_with_rowid": False},)

    time_zone: Mapped[str] = mapped_column(primary_key=True)
    start: Mapped[datetime] = mapped_column(primary_key=True)
    minutes: Mapped[int]


class EventRow(Base):
    """The ledger. Triggers refuse every change; each row carries the hash of the row before it."""

    __tablename__ = "attendance_event"
    __table_args__ = (
        Index(None, "subject", "at"),
        Index(None, "at"),
        Index(None, "target_id"),
        CheckConstraint("kind IN ('check_in', 'check_out', 'void', 'correction')", name="kind"),
        CheckConstraint("method IN ('face', 'pin', 'manual')", name="method"),
    )

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[UUID]
    at: Mapped[datetime]
    time_zone: Mapped[str]
    kiosk_id: Mapped[UUID] = mapped_column(ForeignKey("kiosk.id"))
    method: Mapped[str] = mapped_column(String(8))
    actor: Mapped[str]
    sighting_id: Mapped[UUID | None]
    target_id: Mapped[UUID | None]
    corrected_kind: Mapped[str | None] = mapped_column(String(16))
    recorded_at: Mapped[datetime]
    clock_suspect: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the kiosk's clock had jumped when this was written, so that its times are in doubt."""
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    mac: Mapped[str | None] = mapped_column(String(80))
    """The id of the proof key, and the HMAC of `hash` with it; None in rows that were there before the key."""
