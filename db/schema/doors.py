"""Tables of the doors of a site: how far each is, its key, and what it shares with the centre."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.base import Base


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
