"""Schedules: when people are expected."""

from collections.abc import Iterable
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db import audit
from db.errors import InvalidRecord
from db.ids import new_id
from db.records import Schedule
from db.schema import ScheduleRow


def add(
    session: Session,
    weekdays: Iterable[int],
    start: time,
    end: time,
    *,
    at: datetime,
    actor: str,
    person: UUID | None = None,
    group: str | None = None,
    grace_minutes: int = 5,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> list[Schedule]:
    """Adds one schedule per weekday (0 is Monday), for a person, a group, or everybody.

    Raises:
        InvalidRecord: a weekday or a time makes no sense.
    """
    days = sorted(set(weekdays))
    if not days or days[0] < 0 or days[-1] > 6:
        raise InvalidRecord("A schedule needs weekdays from 0 (Monday) to 6 (Sunday).")
    if start == end or grace_minutes < 0 or (person is not None and group is not None):
        raise InvalidRecord("A schedule needs two different times, no negative grace, and one person or one group.")
    rows = [
        ScheduleRow(
            id=new_id(),
            person_id=person,
            group=group,
            weekday=day,
            start=start,
            end=end,
            grace_minutes=grace_minutes,
            valid_from=valid_from,
            valid_to=valid_to,
        )
        for day in days
    ]
    session.add_all(rows)
    audit.note(session, "add schedule", at=at, actor=actor, person=person, detail={"group": group})
    session.flush()
    return [_record(row) for row in rows]


def remove(session: Session, schedule: UUID, *, at: datetime, actor: str) -> None:
    session.execute(delete(ScheduleRow).where(ScheduleRow.id == schedule))
    audit.note(session, "remove schedule", at=at, actor=actor)


def all_schedules(session: Session) -> list[Schedule]:
    query = select(ScheduleRow).order_by(ScheduleRow.weekday, ScheduleRow.start, ScheduleRow.id)
    return [_record(row) for row in session.scalars(query)]


def _record(row: ScheduleRow) -> Schedule:
    return Schedule(
        row.id, row.person_id, row.group, row.weekday, row.start, row.end, row.grace_minutes,
        row.valid_from, row.valid_to,
    )  # fmt: skip
