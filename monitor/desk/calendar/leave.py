"""Leave: enter, change, import, list and remove it. Every function blocks: call it in workers only."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Final, Unpack, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.attendance import holidays, leave, shifts
from db.attendance.leave import KINDS
from db.calendar import HalfDay, Leave, LeaveKind, Shift
from db.engine import reading, writing
from db.ids import new_id
from db.people import people
from db.records.people import Person
from monitor.calendar_text import parse_day
from monitor.desk.actor import Actor
from monitor.desk.by_id import with_id
from monitor.desk.calendar.lists import WHO, Imported, import_rows, read_list
from monitor.desk.calendar.wording import leave_words
from monitor.desk.people.finding import person_in_list
from monitor.errors import UsageError

_LONGEST: Final = 800
"""Most days of a leave whose days with a shift are counted."""
HEADINGS: Final = {
    **WHO,
    "from": ("from", "start", "first", "firstday", "begin"),
    "to": ("to", "end", "last", "lastday", "until"),
    "kind": ("kind", "type", "reason"),
    "half": ("half", "halfday"),
    "note": ("note", "notes", "comment", "remark"),
}
"""Headings of the columns of a list of leave; the first is the one that Muster writes."""


@dataclass(frozen=True, slots=True)
class LeaveEntry:
    """A leave as lists show it."""

    leave: Leave
    person: Person
    days: Fraction | None
    """Days that it takes: those with a shift that are not holidays, half days as halves; None for who has no shift."""
    past_days: int = 0
    """Of a change: days before today in it."""

    @property
    def words(self) -> str:
        """The leave as one sentence."""
        return leave_words(self.leave, self.person.name)


def new_leave(
    person: UUID, first: date, last: date, kind: LeaveKind, half: HalfDay | None = None, note: str = ""
) -> Leave:
    """A leave that is to be entered."""
    return Leave(new_id(), person, first, last, kind, half, " ".join(note.split()))


def list_leave(
    engine: Engine, first: date, last: date | None = None, *, person: UUID | None = None
) -> list[LeaveEntry]:
    """Leave of which a day is in this range, by its first day. Raises: DatabaseError.

    Args:
        last: included; None for no end.
    """
    with reading(engine) as session:
        found = leave.leave_between(session, first, last, person=person)
        return _entries(session, found)


def find_leave(engine: Engine, text: str) -> Leave:
    """The leave with this id, or whose id ends in this text. Raises: UsageError."""
    with reading(engine) as session:
        by_id = {str(one.id): one for one in leave.leave_between(session, date.min)}
    return with_id(by_id, text, "leave", "muster leave list")


def add_leave(engine: Engine, zone: ZoneInfo, new: Leave, **by: Unpack[Actor]) -> LeaveEntry:
    """Enter a leave. Raises: InvalidRecord, when the days make no sense or the person has leave on one of them."""
    with writing(engine) as session:
        return _told(session, zone, leave.add(session, new, **by), **by)


def change_leave(engine: Engine, zone: ZoneInfo, old: UUID, changed: Leave, **by: Unpack[Actor]) -> LeaveEntry:
    """Replace a leave by another one of the same person; the audit log keeps both. Raises: InvalidRecord."""
    with writing(engine) as session:
        before = leave.remove(session, old, **by)
        return _told(session, zone, leave.add(session, replace(changed, person=before.person), **by), **by)


def remove_leave(engine: Engine, zone: ZoneInfo, old: UUID, **by: Unpack[Actor]) -> LeaveEntry:
    """Remove a leave. Raises: InvalidRecord."""
    with writing(engine) as session:
        return _told(session, zone, leave.remove(session, old, **by), **by)


def import_leave(engine: Engine, zone: ZoneInfo, path: Path, **by: Unpack[Actor]) -> Imported:
    """Enter the leave of a list (CSV or XLSX), a row each.

    Rows that say what is there already change nothing; rows that cannot be entered are left out.

    Raises:
        UsageError: the list cannot be read, or lacks a column.
    """
    rows = read_list(path, HEADINGS, {"from": "'from' (the first day)"})
    today = by["at"].astimezone(zone).date()

    def add(cells: Mapping[str, str]) -> bool:
        who = cells.get("number") or cells.get("person") or ""
        first = parse_day(cells["from"], today)
        last = parse_day(cells["to"], first) if cells.get("to") else first
        kind, half = parse_kind(cells.get("kind") or "holiday"), parse_half(cells.get("half", ""))
        new = new_leave(person_in_list(session, who).id, first, last, kind, half, cells.get("note", ""))
        there = leave.leave_between(session, first, last, person=new.person)
        if any(replace(one, id=new.id) == new for one in there):
            return False
        leave.add(session, new, **by)
        return True

    with writing(engine) as session:
        return import_rows(rows, add)


def parse_kind(text: str) -> LeaveKind:
    """A kind of leave by its name or the beginning of it. Raises: UsageError."""
    found = [kind for kind in KINDS if kind.startswith(text.strip().lower())]
    if len(found) != 1:
        raise UsageError(f"{text!r} is not a kind of leave; give {', '.join(KINDS[:-1])} or {KINDS[-1]}.")
    return found[0]


def parse_half(text: str) -> HalfDay | None:
    """The half of a day: "morning", "afternoon", "am", "pm"; None for an empty text, "no" and "whole".

    Raises:
        UsageError: it is neither.
    """
    plain = text.strip().lower()
    if plain in ("", "no", "none", "whole", "-"):
        return None
    half = {"am": "morning", "pm": "afternoon"}.get(plain) or next(
        (one for one in ("morning", "afternoon") if one.startswith(plain)), None
    )
    if half is None:
        raise UsageError(f"{text!r} is not a half of a day; give morning or afternoon.")
    return cast(HalfDay, half)


def _told(session: Session, zone: ZoneInfo, one: Leave, **by: Unpack[Actor]) -> LeaveEntry:
    today = by["at"].astimezone(zone).date()
    (entry,) = _entries(session, [one])
    past = (min(one.last, today - timedelta(days=1)) - one.first).days + 1
    return replace(entry, past_days=max(0, past))


def _entries(session: Session, found: list[Leave]) -> list[LeaveEntry]:
    if not found:
        return []
    known = people.by_id(session, [one.person for one in found])
    first, last = min(one.first for one in found), max(one.last for one in found)
    off = {one.day: one.half for one in holidays.holidays_between(session, first, last)}
    by_scope: defaultdict[UUID | str | None, list[Shift]] = defaultdict(list)
    for shift in shifts.all_shifts(session, first, last):
        by_scope[shift.person or shift.group].append(shift)
    entries = []
    for one in found:
        person = known[one.person]
        scopes = [by_scope[person.id], by_scope[person.group] if person.group else [], by_scope[None]]
        entries.append(LeaveEntry(one, person, _days(one, scopes, off)))
    return entries


def _days(one: Leave, scopes: list[list[Shift]], off: Mapping[date, HalfDay | None]) -> Fraction | None:
    """The days that a leave takes.

    Args:
        scopes: the person's own shifts, their group's, and everybody's: the first with a valid one counts.
    """
    if (one.last - one.first).days > _LONGEST:
        return None
    days, expected = Fraction(), False
    for offset in range((one.last - one.first).days + 1):
        day = one.first + timedelta(days=offset)
        valid = next((some for scope in scopes if (some := [each for each in scope if each.is_valid(day)])), [])
        expected |= bool(valid)
        if not any(shift.starts_on(day) for shift in valid) or (day in off and off[day] in (None, one.half)):
            continue
        days += Fraction(1, 2) if one.half is not None or day in off else 1
    return days if expected else None
