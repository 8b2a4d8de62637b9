"""Tables for programs around Muster (webhooks, keys of the HTTP interface), and roll calls."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.base import Base


class DeliveryRow(Base):
    """A message that a webhook's receiver has not taken yet. It names nobody: who it is about is asked when it is sent.

    `id` is the message's own, the same at every try.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index(None, "webhook", "dead", "due_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    webhook: Mapped[str]
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    event_id: Mapped[UUID | None]
    """The event of the ledger; None for what is not in it, such as an unknown face."""
    door: Mapped[str]
    text: Mapped[str | None]
    created_at: Mapped[datetime]
    attempts: Mapped[int]
    due_at: Mapped[datetime]
    away: Mapped[bool]
    """Whether the last try got no answer at all, or one that promises a later success (429, 5xx)."""
    dead: Mapped[bool]
    """Nobody tries any more, until somebody says so."""
    error: Mapped[str | None]


class WebhookCursorRow(Base):
    """How far in the ledger each webhook is."""

    __tablename__ = "webhook_cursor"

    webhook: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    sent: Mapped[int]
    """Messages taken so far."""
    sent_at: Mapped[datetime | None]


class ApiKeyRow(Base):
    """A key of the HTTP interface: its hash, what it may read, and until when."""

    __tablename__ = "api_key"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the key, which is random and 256 bits long, so it needs no slow hash."""
    rights: Mapped[str]
    """Separated by commas."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class RollCallRow(Base):
    """A roll call: has everybody who was inside got out?"""

    __tablename__ = "roll_call"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    started_by: Mapped[str]
    ended_at: Mapped[datetime | None]


class RollCallMarkRow(Base):
    """Somebody who was inside when a roll call began, and whether they were found."""

    __tablename__ = "roll_call_mark"
    __table_args__ = (Index(None, "person_id"),)

    roll_call_id: Mapped[UUID] = mapped_column(ForeignKey("roll_call.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    since: Mapped[datetime | None]
    """When they came in."""
    found_at: Mapped[datetime | None]
    found_by: Mapped[str | None]
