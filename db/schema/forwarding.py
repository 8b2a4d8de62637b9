"""Tables of several doors of one site: what came from where, and how far each door is."""

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


class SyncedRow(Base):
    """What was the same here and at the centre last: tells whether a row that one side lacks is new or deleted."""

    __tablename__ = "synced_row"

    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    """A kind of `db.forwarding.shared`; "centre": with which database, and how far it was; "events": up to which."""
    row_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))


class SitePinRow(Base):
    """At the centre: a person's PIN as its door hashed it, with that door's pepper, sealed with the site key."""

    __tablename__ = "site_pin"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the hash, by which doors tell whether it changed."""
    sealed: Mapped[bytes]


class SitePepperRow(Base):
    """At a door: the pepper of another door, sealed with the key here, so that its PINs can be verified."""

    __tablename__ = "site_pepper"

    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    sealed: Mapped[bytes]


class DoorRow(Base):
    """A kiosk of a site and how far it is: at the centre all that send there, at a door its own row."""

    __tablename__ = "door"

    chain: Mapped[UUID] = mapped_column(primary_key=True)
    """Of its ledger."""
    kiosk: Mapped[str]
    version: Mapped[str]
    login: Mapped[str | None]
    """The user of the server as which it comes; None on SQLite."""
    waiting: Mapped[int]
    """Events that it had still to send; 0 after a round that went through."""
    waiting_since: Mapped[datetime | None]
    """When the first of these was written."""
    seen_at: Mapped[datetime]
    """Of its last round that reached the centre."""
    trouble: Mapped[str | None]
    """At the door: why it reaches the centre no more."""


class DoorKeyRow(Base):
    """At the centre: the key of a kiosk, which is a user of the server."""

    __tablename__ = "door_key"

    name: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
