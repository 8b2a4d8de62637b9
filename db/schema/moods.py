"""Tables of moods: samples, and their roll-ups by day and hour."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.base import Base


class MoodRow(Base):
    """The mean probabilities of a few seconds. In aggregate mode no column leads to a person.

    Without a rowid, because the order of insertion would lead to one.
    """

    __tablename__ = "mood_sample"
    __table_args__ = (
        Index(None, "at"),
        Index(None, "person_id", "at"),
        Index(None, "sighting_id"),
        {"sqlite_with_rowid": False},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    kiosk_id: Mapped[UUID] = mapped_column(ForeignKey("kiosk.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    sighting_id: Mapped[UUID | None] = mapped_column(ForeignKey("sighting.id", ondelete="CASCADE"))
    group: Mapped[str | None] = mapped_column("group_name")
    token: Mapped[str | None] = mapped_column(String(16))
    label: Mapped[str] = mapped_column(String(16))
    angry: Mapped[float]
    disgust: Mapped[float]
    fear: Mapped[float]
    happy: Mapped[float]
    sad: Mapped[float]
    surprise: Mapped[float]
    neutral: Mapped[float]


class CrowdSecretRow(Base):
    """The secret of a day from which the tokens of its moods are made; sealed, and deleted after the day."""

    __tablename__ = "crowd_secret"

    day: Mapped[date] = mapped_column(primary_key=True)
    sealed: Mapped[bytes]


class RolledDayRow(Base):
    """A day whose moods are rolled up. A trigger deletes it, and with it its roll-ups, in the transaction that adds,
    changes or deletes a sample of that day."""

    __tablename__ = "mood_rolled"

    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Local days since 1970."""
    starts: Mapped[datetime] = mapped_column(unique=True)
    ends: Mapped[datetime]
    zone: Mapped[str]
    confidence: Mapped[float]
    """The probability below which a mood was unsure."""
    stamp: Mapped[UUID]
    """Another one each time that the day is rolled up."""


class _Rolled:
    """What a roll-up counts, as `monitor.moods.tally.Tally` does."""

    day: Mapped[int] = mapped_column(ForeignKey("mood_rolled.day", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """In its day."""
    group: Mapped[str | None] = mapped_column("group_name")
    sightings: Mapped[int]
    judged: Mapped[int]
    angry: Mapped[float]
    disgust: Mapped[float]
    fear: Mapped[float]
    happy: Mapped[float]
    sad: Mapped[float]
    surprise: Mapped[float]
    neutral: Mapped[float]
    angry_count: Mapped[int]
    disgust_count: Mapped[int]
    fear_count: Mapped[int]
    happy_count: Mapped[int]
    sad_count: Mapped[int]
    surprise_count: Mapped[int]
    neutral_count: Mapped[int]
    unsure_count: Mapped[int]


class MoodDayRow(_Rolled, Base):
    """The moods of one person, or of one token, in one day."""

    __tablename__ = "mood_day"
    __table_args__ = (Index(None, "person_id", "day"), {"sqlite_with_rowid": False})

    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    token: Mapped[str | None] = mapped_column(String(16))
    hours: Mapped[int]
    """The local hours with a sample: bit 0 is midnight to one."""


class MoodHourRow(_Rolled, Base):
    """The moods of everybody together in one hour or one day, and of one group in one day."""

    __tablename__ = "mood_hour"
    __table_args__ = ({"sqlite_with_rowid": False},)

    kind: Mapped[str] = mapped_column(String(5))
    """"day", "group" or "hour"."""
    hour: Mapped[int | None]
    """Local; of "hour" only."""
