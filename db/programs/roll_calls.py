"""Roll calls: who was inside when one began, and who was found since."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from db import audit
from db.errors import InvalidRecord
from db.ids import new_id
from db.schema.people import PersonRow
from db.schema.programs import RollCallMarkRow, RollCallRow


@dataclass(frozen=True, slots=True)
class RollCall:
    id: UUID
    started_at: datetime
    started_by: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Missing:
    """Somebody on the list of a roll call; `found_at` is None while nobody has seen them."""

    person: UUID
    name: str
    number: str | None
    group: str | None
    since: datetime | None
    found_at: datetime | None
    found_by: str | None


def newest(session: Session) -> RollCall | None:
    """The last roll call that began."""
    row = session.scalar(select(RollCallRow).order_by(RollCallRow.started_at.desc(), RollCallRow.id.desc()).limit(1))
    return RollCall(row.id, row.started_at, row.started_by, row.ended_at) if row else None


def start(session: Session, inside: Mapping[UUID, datetime | None], *, at: datetime, actor: str) -> None:
    """Begins a roll call of these people, each with the time since when they are inside."""
    row = RollCallRow(id=new_id(), started_at=at, started_by=actor, ended_at=None)
    session.add(row)
    session.flush()
    for person, since in inside.items():
        session.add(RollCallMarkRow(roll_call_id=row.id, person_id=person, since=since, found_at=None, found_by=None))
    audit.note(session, "start roll call", at=at, actor=actor, detail={"inside": len(inside)})


def marks(session: Session, roll_call: UUID) -> list[Missing]:
    """Everybody on the list, by name; erased people are gone from it."""
    columns = (PersonRow.id, PersonRow.name, PersonRow.number, PersonRow.group)
    marked = (RollCallMarkRow.since, RollCallMarkRow.found_at, RollCallMarkRow.found_by)
    query = select(*columns, *marked).join(RollCallMarkRow, RollCallMarkRow.person_id == PersonRow.id)
    query = query.where(RollCallMarkRow.roll_call_id == roll_call).order_by(PersonRow.search_text, PersonRow.id)
    return [Missing(*row) for row in session.execute(query)]


def mark(session: Session, roll_call: UUID, person: UUID, *, found: bool, at: datetime, actor: str) -> None:
    """Ticks somebody off, or takes the tick back.

    Raises:
        InvalidRecord: the person is not on the list.
    """
    row = session.get(RollCallMarkRow, (roll_call, person))
    if row is None:
        raise InvalidRecord("This person was not inside when the roll call began, so they are not on its list.")
    row.found_at, row.found_by = (at, actor) if found else (None, None)


def end(session: Session, roll_call: UUID, *, at: datetime, actor: str) -> None:
    """Ends a roll call."""
    session.execute(update(RollCallRow).where(RollCallRow.id == roll_call).values(ended_at=at))
    missing = sum(one.found_at is None for one in marks(session, roll_call))
    audit.note(session, "end roll call", at=at, actor=actor, detail={"missing": missing})


def forget(session: Session, before: datetime) -> None:
    """Deletes roll calls that began earlier."""
    old = select(RollCallRow.id).where(RollCallRow.started_at < before)
    session.execute(delete(RollCallMarkRow).where(RollCallMarkRow.roll_call_id.in_(old)))
    session.execute(delete(RollCallRow).where(RollCallRow.started_at < before))
