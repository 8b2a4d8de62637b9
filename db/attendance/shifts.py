"""Shifts: who is expected when. Changes keep the past: an old shift ends, a new one begins."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select, true
from sqlalchemy.orm import Session

from db import audit
from db.batches import among
from db.calendar import Shift
from db.errors import InvalidRecord
from db.names import clean
from db.people import people
from db.records.people import Person
from db.schema.calendar import ShiftRow
from db.schema.people import PersonRow
from db.schema.types import raw, uuid_of

_ACTIVE: Final = PersonRow.active == true()


def add(session: Session, shift: Shift, *, at: datetime, actor: str) -> Shift:
    """Keeps a new shift.

    Returns:
        The shift as it is kept: with its group's name cleaned.

    Raises:
        InvalidRecord: a value makes no sense, or the person does not exist.
    """
    if shift.person is not None:
        people.get_person(session, shift.person)
    if shift.group is not None:
        shift = replace(shift, group=clean(shift.group, "group"))
    _require_valid(shift)
    values = asdict(shift) | {"weekdays": sum(1 << day for day in shift.weekdays)}
    session.add(ShiftRow(person_id=values.pop("person"), **values))
    audit.note(session, "add shift", at=at, actor=actor, person=shift.person, detail={"after": detail(shift)})
    session.flush()
    return shift


def end(session: Session, shift: UUID, last: date, *, at: datetime, actor: str) -> Shift | None:
    """Lets a shift be valid until this day, included; one that would begin later is deleted.

    Returns:
        The shift with its end; None if it is deleted.

    Raises:
        InvalidRecord: there is no such shift.
    """
    before = get(session, shift)
    if before.valid_from is not None and before.valid_from > last:
        remove(session, shift, at=at, actor=actor)
        return None
    session.get_one(ShiftRow, shift).valid_to = last  # by the session, whose changes are proved
    after = replace(before, valid_to=last)
    changed = {"before": detail(before), "after": detail(after)}
    audit.note(session, "end shift", at=at, actor=actor, person=before.person, detail=changed)
    session.flush()
    return after


def remove(session: Session, shift: UUID, *, at: datetime, actor: str) -> Shift:
    """Deletes a shift as if it had never been; the audit log keeps what it was.

    Raises:
        InvalidRecord: there is no such shift.
    """
    before = get(session, shift)
    session.delete(session.get_one(ShiftRow, shift))
    audit.note(session, "remove shift", at=at, actor=actor, person=before.person, detail={"before": detail(before)})
    session.flush()
    return before


def get(session: Session, shift: UUID) -> Shift:
    """The shift with this id. Raises: InvalidRecord."""
    found = _records(session, (ShiftRow.id == shift,), None, None)
    if not found:
        raise InvalidRecord(f"There is no shift {shift} (any more); see 'muster shifts list'.")
    return found[0]


def all_shifts(
    session: Session, first: date | None = None, last: date | None = None, *, own: bool = True
) -> list[Shift]:
    """The shifts of everybody, of groups and of people, in the order in which they were entered.

    Args:
        first, last: only those that are valid on one of these days at least.
        own: also those of single people.
    """
    return _records(session, () if own else (ShiftRow.person_id.is_(None),), first, last)


def own_shifts(session: Session, people: Collection[UUID], first: date, last: date) -> list[Shift]:
    """The shifts of these people's own that are valid on one of these days at least, in the order of entry."""
    return _records(session, (among(ShiftRow.person_id, people),), first, last)


def own_starts(session: Session, day: date, *, each: bool) -> tuple[set[tuple[time, int]], set[UUID]]:
    """The starts and the minutes of grace of people's own shifts that are valid on a day, whatever its weekday; and
    those people whose shifts do not come every week.

    Args:
        each: all people with shifts of their own instead.
    """
    apart = case((or_(literal(each), ShiftRow.every_weeks > 1), ShiftRow.person_id))
    query = select(ShiftRow.start, ShiftRow.grace_minutes, apart).where(ShiftRow.person_id.is_not(None), valid_on(day))
    found = session.connection().execute(query.distinct()).all()
    return {(start, grace) for start, grace, _ in found}, {person for *_, person in found if person is not None}


def shifts_for(
    session: Session, person: UUID, group: str | None, first: date | None = None, last: date | None = None
) -> list[Shift]:
    """The shifts that may count for one person: their own, their group's and everybody's.

    Args:
        first, last: only those that are valid on one of these days at least.
    """
    everybody = and_(ShiftRow.person_id.is_(None), ShiftRow.group.is_(None))
    whose = [ShiftRow.person_id == person, everybody, *([ShiftRow.group == group] if group else [])]
    return _records(session, (or_(*whose),), first, last)


def of_scope(
    session: Session, person: UUID | None, group: str | None, first: date | None = None, last: date | None = None
) -> list[Shift]:
    """The shifts that are this person's own or this group's, or everybody's where both are None.

    Args:
        first, last: only those that are valid on one of these days at least.
    """
    whose = (
        ShiftRow.person_id.is_(None) if person is None else ShiftRow.person_id == person,
        ShiftRow.group.is_(None) if group is None else ShiftRow.group == group,
    )
    return _records(session, whose, first, last)


def people_count(session: Session, shift: Shift, day: date) -> int:
    """How many active people the shift counts for on a day: those without a narrower one that is valid then."""
    if shift.person is not None:
        return session.scalar(select(func.count()).where(_ACTIVE, PersonRow.id == shift.person)) or 0
    query = select(func.count()).select_from(PersonRow).where(_ACTIVE, ~_own_shift(day))
    scope = ~_group_shift(day) if shift.group is None else PersonRow.group == shift.group
    return session.scalar(query.where(scope)) or 0


def people_without(session: Session, day: date, most: int) -> tuple[list[Person], int]:
    """Active people for whom no shift is valid on a day or later: the first by name, and how many there are."""
    lasts = or_(ShiftRow.valid_to.is_(None), ShiftRow.valid_to >= day)
    everybody = select(ShiftRow.id).where(ShiftRow.person_id.is_(None), ShiftRow.group.is_(None), lasts)
    if session.scalars(everybody.limit(1)).first() is not None:
        return [], 0
    own, group = (
        exists().where(column, lasts)
        for column in (ShiftRow.person_id == PersonRow.id, ShiftRow.group == PersonRow.group)
    )
    where = _ACTIVE, ~own, ~group
    count = session.scalar(select(func.count()).select_from(PersonRow).where(*where)) or 0
    rows = session.scalars(select(PersonRow).where(*where).order_by(PersonRow.search_text, PersonRow.id).limit(most))
    return [people.record(row) for row in rows], count


def valid_on(day: date) -> ColumnElement[bool]:
    """Shifts that are valid on a day, whatever its weekday."""
    return and_(
        or_(ShiftRow.valid_from.is_(None), ShiftRow.valid_from <= day),
        or_(ShiftRow.valid_to.is_(None), ShiftRow.valid_to >= day),
    )


def _own_shift(day: date) -> ColumnElement[bool]:
    return exists().where(ShiftRow.person_id == PersonRow.id, valid_on(day))


def _group_shift(day: date) -> ColumnElement[bool]:
    return exists().where(ShiftRow.group == PersonRow.group, valid_on(day))


def detail(shift: Shift) -> dict[str, Any]:
    """A shift as the audit log keeps it, ready for JSON; defaults are left out."""
    kept = {
        "days": sorted(shift.weekdays),
        "from": f"{shift.start:%H:%M}",
        "to": f"{shift.end:%H:%M}",
        "grace": shift.grace_minutes,
        "break": shift.break_minutes,
        "paid": shift.break_paid,
        "group": shift.group,
        "valid_from": shift.valid_from and shift.valid_from.isoformat(),
        "valid_to": shift.valid_to and shift.valid_to.isoformat(),
        "every_weeks": shift.every_weeks,
    }
    return {"shift": str(shift.id), **{name: value for name, value in kept.items() if value is not None}}


def _require_valid(shift: Shift) -> None:
    if not shift.weekdays or not shift.weekdays <= frozenset(range(7)):
        raise InvalidRecord("A shift needs weekdays, at least one from Monday to Sunday.")
    if shift.person is not None and shift.group is not None:
        raise InvalidRecord("A shift is for one person, for one group or for everybody; give one of them.")
    for clock in (shift.start, shift.end):
        if clock.second or clock.microsecond or clock.tzinfo is not None:
            raise InvalidRecord("A shift begins and ends at a whole minute of the site's clock.")
    minutes = shift.length // timedelta(minutes=1)
    if not 0 <= shift.grace_minutes < minutes:
        raise InvalidRecord(f"The grace is {shift.grace_minutes} minutes; give 0 to {minutes - 1} for this shift.")
    if not 0 <= shift.break_minutes < minutes:
        raise InvalidRecord(f"The break is {shift.break_minutes} minutes; give 0 to {minutes - 1} for this shift.")
    if not 1 <= shift.every_weeks <= 53:
        raise InvalidRecord(f"A shift comes every {shift.every_weeks} weeks; give 1 to 53.")
    if shift.every_weeks > 1 and shift.valid_from is None:
        raise InvalidRecord("A shift that comes every few weeks needs a first day, from whose week they are counted.")
    if shift.valid_from and shift.valid_to and shift.valid_from > shift.valid_to:
        raise InvalidRecord(
            f"The shift's last day ({shift.valid_to}) is before its first ({shift.valid_from}); swap them."
        )


def _records(
    session: Session, conditions: Sequence[ColumnElement[bool]], first: date | None, last: date | None
) -> list[Shift]:
    query = select(*_COLUMNS).where(*conditions)
    if first is not None:
        query = query.where(or_(ShiftRow.valid_to.is_(None), ShiftRow.valid_to >= first))
    if last is not None:
        query = query.where(or_(ShiftRow.valid_from.is_(None), ShiftRow.valid_from <= last))
    rows = session.connection().execute(query.order_by(ShiftRow.id)).all()  # as in `ledger_entries.entries`
    return [
        Shift(
            uuid_of(id_), _WEEKDAYS[mask], _clock(start), _clock(end), uuid_of(person) if person else None, group,
            grace, pause, bool(paid), _day(first), _day(last), every,
        )
        for id_, mask, start, end, person, group, grace, pause, paid, first, last, every in rows
    ]  # fmt: skip


@lru_cache(4096)
def _clock(value: Any) -> time:
    """The time of day that a raw column gave; kept, since thousands of shifts have the same ones."""
    return value if isinstance(value, time) else time.fromisoformat(value)


@lru_cache(4096)
def _day(value: Any) -> date | None:
    """The day that a raw column gave."""
    return value if value is None or isinstance(value, date) else date.fromisoformat(value)


_COLUMNS: Final = (
    raw(ShiftRow.id), ShiftRow.weekdays, raw(ShiftRow.start), raw(ShiftRow.end), raw(ShiftRow.person_id),
    ShiftRow.group, ShiftRow.grace_minutes, ShiftRow.break_minutes, raw(ShiftRow.break_paid), raw(ShiftRow.valid_from),
    raw(ShiftRow.valid_to), ShiftRow.every_weeks,
)  # fmt: skip
"""In the order of a `Shift`. Columns, because objects that the session keeps cost three times as much."""
_WEEKDAYS: Sequence[frozenset[int]] = tuple(
    frozenset(day for day in range(7) if mask >> day & 1) for mask in range(128)
)
"""The weekdays of each mask."""
