"""Public holidays of the site; one a day."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit
from db.calendar import HalfDay, Holiday
from db.errors import InvalidRecord
from db.ids import new_id
from db.names import clean
from db.schema.calendar import HolidayRow


def add(session: Session, day: date, name: str, *, half: HalfDay | None = None, at: datetime, actor: str) -> Holiday:
    """Keeps a new holiday.

    Args:
        half: the half of the day that is free; by default the whole day.

    Raises:
        InvalidRecord: the day is a holiday already, or its name is empty.
    """
    if (there := session.scalar(select(HolidayRow).where(HolidayRow.day == day))) is not None:
        raise InvalidRecord(f"{day} is a holiday already ({there.name}); remove that one first.")
    row = HolidayRow(id=new_id(), day=day, name=clean(name, "holiday's name"), half=half)
    session.add(row)
    audit.note(session, "add holiday", at=at, actor=actor, detail={"after": _detail(row)})
    session.flush()
    return _record(row)


def add_new(session: Session, days: Iterable[tuple[date, str]], *, at: datetime, actor: str) -> list[Holiday]:
    """Keeps whole holidays, but for the days that are holidays already.

    Returns:
        Those that are new, by day.

    Raises:
        InvalidRecord: a name is empty.
    """
    there = set(session.scalars(select(HolidayRow.day)))
    new = {day: name for day, name in days if day not in there}
    return [add(session, day, name, at=at, actor=actor) for day, name in sorted(new.items())]


def remove(session: Session, holiday: UUID, *, at: datetime, actor: str) -> Holiday:
    """Deletes a holiday. Raises: InvalidRecord."""
    row = session.get(HolidayRow, holiday)
    if row is None:
        raise InvalidRecord(f"There is no holiday {holiday} (any more); see 'muster holidays list'.")
    session.delete(row)
    audit.note(session, "remove holiday", at=at, actor=actor, detail={"before": _detail(row)})
    session.flush()
    return _record(row)


def all_holidays(session: Session) -> list[Holiday]:
    """Every holiday, by day."""
    return [_record(row) for row in session.scalars(select(HolidayRow).order_by(HolidayRow.day))]


def holidays_between(session: Session, first: date, last: date) -> list[Holiday]:
    """The holidays from the first day to the last, both included, by day."""
    query = select(HolidayRow).where(HolidayRow.day >= first, HolidayRow.day <= last).order_by(HolidayRow.day)
    return [_record(row) for row in session.scalars(query)]


def _detail(row: HolidayRow) -> dict[str, Any]:
    kept = {"holiday": str(row.id), "day": row.day.isoformat(), "name": row.name}
    return kept | ({"half": row.half} if row.half else {})


def _record(row: HolidayRow) -> Holiday:
    return Holiday(row.id, row.day, row.name, cast("HalfDay | None", row.half))
