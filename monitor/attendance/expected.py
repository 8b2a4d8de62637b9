"""Who should have come by now on one day: for a person in memory, and as a condition for the database.

Of a million people who did not come, only those on the screen are loaded; the database counts and finds the others.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, false, or_

from db.records import Person
from db.schema import PersonRow
from monitor.attendance.day_log import DayLog
from monitor.attendance.days import Period
from monitor.attendance.rules import Status, summarise
from monitor.attendance.shifts import expected


@dataclass(frozen=True, slots=True)
class Expectation:
    """By group, but for people with shifts of their own."""

    end: datetime | None
    """Who was added later is not on the board; None for a day to come, whose board is empty."""
    late: frozenset[str] = frozenset()
    """Groups with shifts whose people should be there."""
    in_time: frozenset[str] = frozenset()
    """Groups with shifts whose people need not be there, or not yet."""
    others: bool = False
    """Whether everybody else should be there."""
    own: frozenset[UUID] = frozenset()
    """People with shifts of their own."""
    late_own: frozenset[UUID] = frozenset()
    """Who of them should be there."""

    def knows(self, person: Person) -> bool:
        """Whether somebody is on the board even if they do not come."""
        return self.end is not None and person.active and person.created_at < self.end

    def misses(self, person: Person) -> bool:
        """Whether somebody should be there."""
        if not self.knows(person) or person.id in self.own:
            return self.knows(person) and person.id in self.late_own
        return person.group in self.late or (self.others and person.group not in self.in_time)

    @property
    def known(self) -> ColumnElement[bool]:
        """The same as `knows`, for the database."""
        return false() if self.end is None else and_(PersonRow.active, PersonRow.created_at < self.end)

    @property
    def missed(self) -> ColumnElement[bool]:
        """The same as `misses`, for the database."""
        of_group: ColumnElement[bool] = PersonRow.group.in_(self.late)
        if self.others:
            of_group = or_(PersonRow.group.is_(None), PersonRow.group.not_in(self.in_time))
        return and_(self.known, or_(and_(of_group, not_among(self.own)), among(self.late_own)))


def expectation(log: DayLog, now: datetime) -> Expectation:
    """Who should have come by now."""
    if log.day > now.astimezone(log.zone).date():
        return Expectation(None)

    def is_late(person: UUID, group: str | None) -> bool:
        if not log.shifts:
            return summarise(_Member(person, group), log.day, (), (), log.zone, now).status is Status.ABSENT
        due = expected(log.shifts, person, group, log.day, log.zone)
        return due is not None and now > due.late_after

    nobody = UUID(int=0)
    own = frozenset(shift.person for shift in log.shifts if shift.person is not None)
    named = frozenset(shift.group for shift in log.shifts if shift.group is not None)
    late = frozenset(group for group in named if is_late(nobody, group))
    return Expectation(
        end=Period(log.day, log.day).bounds(log.zone)[1],
        late=late,
        in_time=named - late,
        others=is_late(nobody, None),
        own=own,
        late_own=frozenset(person for person in own if is_late(person, log.people[person].group)),
    )


@dataclass(frozen=True, slots=True)
class _Member:
    id: UUID
    group: str | None


def among(ids: Any) -> ColumnElement[bool]:
    """One of these people; the ids stand in the statement itself, because SQLite limits its parameters."""
    values = [value for value in ids if value is not None]
    return PersonRow.id.in_(bindparam(None, values, expanding=True, literal_execute=True)) if values else false()


def not_among(ids: Any) -> ColumnElement[bool]:
    """None of these people."""
    return ~among(ids)
