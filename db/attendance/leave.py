"""Leave of people: whole days or half days, with their kind."""

from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any, Final, cast, get_args
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from db import audit
from db.calendar import HalfDay, Leave, LeaveKind
from db.errors import InvalidRecord
from db.people import people
from db.schema.calendar import LeaveRow

KINDS: Final[tuple[LeaveKind, ...]] = get_args(LeaveKind)


def add(session: Session, leave: Leave, *, at: datetime, actor: str) -> Leave:
    """Keeps a new leave.

    Raises:
        InvalidRecord: the days are in the wrong order, the person does not exist, or they have leave in these days.
    """
    who = people.get_person(session, leave.person)
    if leave.kind not in KINDS:
        raise InvalidRecord(f"{leave.kind!r} is not a kind of leave; give {', '.join(KINDS[:-1])} or {KINDS[-1]}.")
    if leave.first > leave.last:
        raise InvalidRecord(f"The leave's last day ({leave.last}) is before its first ({leave.first}); swap them.")
    # Two halves of one day go together, with the same kind or not.
    query = select(LeaveRow).where(
        LeaveRow.person_id == leave.person, LeaveRow.first <= leave.last, LeaveRow.last >= leave.first
    )
    if leave.half is not None:
        query = query.where(or_(LeaveRow.half.is_(None), LeaveRow.half == leave.half))
    if (there := session.scalars(query).first()) is not None:
        raise InvalidRecord(
            f"{who.name} has leave from {there.first} to {there.last} ({there.kind}) already; remove it first."
        )
    leave = replace(leave, note=" ".join(leave.note.split()))
    values = asdict(leave)
    session.add(LeaveRow(person_id=values.pop("person"), **values))
    audit.note(session, "add leave", at=at, actor=actor, person=leave.person, detail={"after": _detail(leave)})
    session.flush()
    return leave


def remove(session: Session, leave: UUID, *, at: datetime, actor: str) -> Leave:
    """Deletes a leave; the audit log keeps what it was. Raises: InvalidRecord."""
    row = session.get(LeaveRow, leave)
    if row is None:
        raise InvalidRecord(f"There is no leave {leave} (any more); see 'muster leave list'.")
    before = _record(row)
    session.delete(row)
    audit.note(session, "remove leave", at=at, actor=actor, person=before.person, detail={"before": _detail(before)})
    session.flush()
    return before


def leave_between(
    session: Session, first: date, last: date | None = None, *, person: UUID | None = None
) -> list[Leave]:
    """Leave of which one day at least is in this range, by the first day.

    Args:
        last: included; None for no end.
        person: of this person only.
    """
    query = select(LeaveRow).where(LeaveRow.last >= first).order_by(LeaveRow.first, LeaveRow.id)
    if last is not None:
        query = query.where(LeaveRow.first <= last)
    if person is not None:
        query = query.where(LeaveRow.person_id == person)
    return [_record(row) for row in session.scalars(query)]


def of_person(session: Session, person: UUID) -> list[Leave]:
    """Every leave of a person, by the first day."""
    return leave_between(session, date.min, person=person)


def _detail(leave: Leave) -> dict[str, Any]:
    kept = {"leave": str(leave.id), "from": leave.first.isoformat(), "to": leave.last.isoformat(), "kind": leave.kind}
    return kept | {name: value for name, value in (("half", leave.half), ("note", leave.note)) if value}


def _record(row: LeaveRow) -> Leave:
    kind, half = cast(LeaveKind, row.kind), cast("HalfDay | None", row.half)
    return Leave(row.id, row.person_id, row.first, row.last, kind, half, row.note)
