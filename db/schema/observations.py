"""Tables of what the camera saw. `db.crypto` seals faces."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.base import Base


class SightingRow(Base):
    """Somebody in view for a while. Embedding and portrait are kept only while nobody knows the face."""

    __tablename__ = "sighting"
    __table_args__ = (
        Index(None, "first_at"),
        Index(None, "person_id", "first_at"),
        Index(
            "ix_sighting_unknown",
            "first_at",
            "id",
            # On PostgreSQL, too (migration 0003); `postgresql_where` would import its dialect at every start, 30 ms.
            sqlite_where=text("person_id IS NULL AND embedding IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kiosk_id: Mapped[UUID] = mapped_column(ForeignKey("kiosk.id"))
    track: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    frames: Mapped[int]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    best_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    similarity: Mapped[float | None]
    runner_up_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    runner_up_similarity: Mapped[float | None]
    threshold: Mapped[float]
    second_similarity: Mapped[float | None]
    """The second encoder's cosine alone."""
    encoders: Mapped[str | None] = mapped_column(String(8))
    """Whose similarities these are: "dlib", "sface" or "both"; None, in sightings of old, is dlib's."""
    embedding: Mapped[bytes | None]
    second: Mapped[bytes | None]
    portrait: Mapped[bytes | None]


class KeptViewRow(Base):
    """One of the best views of a named sighting, by which its name can be checked; gone with the sighting."""

    __tablename__ = "kept_view"
    __table_args__ = (Index(None, "sighting_id"), Index(None, "at"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sighting_id: Mapped[UUID] = mapped_column(ForeignKey("sighting.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    embedding: Mapped[bytes]
    second: Mapped[bytes | None]
    chip: Mapped[bytes]
