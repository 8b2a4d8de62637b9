"""Frozen records of who is expected when: shifts, public holidays, leave. Days and times of day are the site's."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal, TypeAlias
from uuid import UUID

HalfDay: TypeAlias = Literal["morning", "afternoon"]
LeaveKind: TypeAlias = Literal["holiday", "sick", "training", "unpaid", "other"]


@dataclass(frozen=True, slots=True)
class Shift:
    """When a person, a group or everybody is expected; the narrowest that is valid on a day counts."""

    id: UUID
    weekdays: frozenset[int]
    """0 is Monday: the days on which the shift starts."""
    start: time
    end: time
    """Not after the start: on the next day; 00:00 is the midnight at the end; equal to the start: 24 hours."""
    person: UUID | None = None
    group: str | None = None
    """Neither person nor group: everybody."""
    grace_minutes: int = 5
    break_minutes: int = 0
    break_paid: bool = False
    valid_from: date | None = None
    """First day; None: from the beginning."""
    valid_to: date | None = None
    """Last day, included; None: without end."""
    every_weeks: int = 1
    """1: each week; n: every n-th calendar week (from Monday), counted from the week of `valid_from`."""

    @property
    def length(self) -> timedelta:
        """From start to end on the clock, the break included."""
        on_day = datetime.combine(date.min, self.end) - datetime.combine(date.min, self.start)
        return on_day if on_day > timedelta() else on_day + timedelta(days=1)

    def is_valid(self, day: date) -> bool:
        """Whether the day is one of those from `valid_from` to `valid_to`."""
        return (self.valid_from or day) <= day <= (self.valid_to or day)

    def starts_on(self, day: date) -> bool:
        """Whether it starts on this day: a valid one, of its weekdays, in one of its weeks."""
        return self.is_valid(day) and day.weekday() in self.weekdays and self.is_week(day)

    def is_week(self, day: date) -> bool:
        """Whether the day is in one of the calendar weeks in which the shift comes."""
        if self.every_weeks == 1 or self.valid_from is None:
            return True
        return (monday(day) - monday(self.valid_from)).days // 7 % self.every_weeks == 0


@dataclass(frozen=True, slots=True)
class Holiday:
    """A public holiday of the site."""

    id: UUID
    day: date
    name: str
    half: HalfDay | None = None
    """The half that is free; None: the whole day."""


@dataclass(frozen=True, slots=True)
class Leave:
    """A person's leave, both days included."""

    id: UUID
    person: UUID
    first: date
    last: date
    kind: LeaveKind
    half: HalfDay | None = None
    """The half of each day that is free; None: whole days."""
    note: str = ""


def monday(day: date) -> date:
    """The first day of the day's calendar week."""
    return day - timedelta(days=day.weekday())
