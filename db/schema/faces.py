"""Tables of faces: enrolled images, templates, portraits, who looks like whom. `db.crypto` seals faces."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.base import Base


class TemplateRow(Base):
    """One enrolled image of a person (a member of their template)."""

    __tablename__ = "face_template"
    __table_args__ = (
        UniqueConstraint("person_id", "content_hash"),
        Index(None, "content_hash"),
        Index(None, "sighting_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    content_hash: Mapped[str] = mapped_column(String(64))
    """Keyed, as the source is, so that neither tells who is enrolled from which picture; see `db.proof.images`."""
    encoder: Mapped[str]
    embedding: Mapped[bytes]
    second: Mapped[bytes | None]
    """The second encoder's part of the embedding; None where only the first has seen the image."""
    chip: Mapped[bytes | None]
    quality: Mapped[dict[str, Any]]
    source: Mapped[str]
    created_at: Mapped[datetime]
    sighting_id: Mapped[UUID | None]
    """The sighting of the candidate that became this template; None for an image that somebody enrolled."""


class CandidateRow(Base):
    """A template candidate that waits for a review. Recognition never reads it; accepted, it becomes a template."""

    __tablename__ = "growth_capture"
    __table_args__ = (Index(None, "person_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    sighting_id: Mapped[UUID] = mapped_column(unique=True)
    captured_at: Mapped[datetime]
    encoder: Mapped[str]
    embedding: Mapped[bytes]
    second: Mapped[bytes | None]
    chip: Mapped[bytes]
    quality: Mapped[dict[str, Any]]
    similarity: Mapped[float]
    """Of the whole track to the template, at that moment."""
    lead: Mapped[float]
    """`similarity` minus the threshold."""
    nearest: Mapped[float]
    """Similarity to the most similar of the person's images: the lower, the more the candidate adds."""


class MeanTemplateRow(Base):
    """The template that the gallery compares with: the mean over a person's members."""

    __tablename__ = "mean_template"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    encoder: Mapped[str] = mapped_column(primary_key=True)
    embedding: Mapped[bytes]
    second: Mapped[bytes | None]
    """The mean over the members that have a second encoder's part."""
    members: Mapped[int]
    updated_at: Mapped[datetime]


class PortraitRow(Base):
    __tablename__ = "portrait"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    jpeg: Mapped[bytes]


class LookAlikeRow(Base):
    """Two people whose templates are so alike that they need a stricter margin; person_id < other_id."""

    __tablename__ = "look_alike"
    __table_args__ = (CheckConstraint("person_id < other_id", name="ordered"), Index(None, "other_id"))

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    similarity: Mapped[float]
    found_at: Mapped[datetime]


class ExpectedMissRow(Base):
    """How often a person will probably not be recognised, as the gallery's last examination of itself found."""

    __tablename__ = "expected_miss"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime]
    passages: Mapped[int]
    misses: Mapped[float]
    """The share of passages, 0 to 1."""
    low: Mapped[float]
    high: Mapped[float]
    images: Mapped[int]


class WrongPairRow(Base):
    """Somebody was taken for `person_id` and said "not me"; `other_id` is who they really were, if known."""

    __tablename__ = "wrong_pair"
    __table_args__ = (Index(None, "person_id"), Index(None, "other_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    other_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    sighting_id: Mapped[UUID | None] = mapped_column(ForeignKey("sighting.id", ondelete="SET NULL"))
    event_id: Mapped[UUID]
    similarity: Mapped[float | None]
    at: Mapped[datetime]
    actor: Mapped[str]


class TemplateKeyRow(Base):
    """Which key the templates are encrypted with (its fingerprint, never the key); at most one row."""

    __tablename__ = "template_key"

    key_id: Mapped[str] = mapped_column(String(16), primary_key=True)
    since: Mapped[datetime]
