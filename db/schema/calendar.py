"""Tables of who is expected when: shifts, public holidays, leave."""

from datetime import date, time
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from db.schema.base import Base


class ShiftRow(Base):
    """When somebody is expected: a person, else a group, else everybody."""

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("person_id IS NULL OR group_name IS NULL", name="one_scope"),
        CheckConstraint("weekdays BETWEEN 1 AND 127", name="weekdays"),
        CheckConstraint("grace_minutes >= 0 AND break_minutes >= 0", name="minutes"),
        CheckConstraint("every_weeks = 1 OR every_weeks > 1 AND valid_from IS NOT NULL", name="weeks"),
        Index(None, "person_id"),
        Index(None, "group_name"),
        Index(None, "valid_to"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    group: Mapped[str | None] = mapped_column("group_name")
    weekdays: Mapped[int]
    """Bit 0 is Monday, bit 6 Sunday."""
    start: Mapped[time] = mapped_column("starts")
    end: Mapped[time] = mapped_column("ends")
    grace_minutes: Mapped[int]
    break_minutes: Mapped[int]
    break_paid: Mapped[bool]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    every_weeks: Mapped[int]


class HolidayRow(Base):
    """A public holiday of the site; one a day."""

    __tablename__ = "holiday"
    __table_args__ = (CheckConstraint("half IN ('morning', 'afternoon')", name="half"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column("on_day", unique=True)
    name: Mapped[str]
    half: Mapped[str | None] = mapped_column(String(9))


class LeaveRow(Base):
    """A person's leave, both days included."""

    __tablename__ = "leave"
    __table_args__ = (
        CheckConstraint("half IN ('morning', 'afternoon')", name="half"),
        CheckConstraint("kind IN ('holiday', 'sick', 'training', 'unpaid', 'other')", name="kind"),
        CheckConstraint("first_day <= last_day", name="days"),
        Index(None, "person_id", "first_day"),
        Index(None, "last_day", "first_day"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"))
    first: Mapped[date] = mapped_column("first_day")
    last: Mapped[date] = mapped_column("last_day")
    kind: Mapped[str] = mapped_column(String(8))
    half: Mapped[str | None] = mapped_column(String(9))
    note: Mapped[str]
