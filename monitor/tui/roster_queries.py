"""The day board, a part at a time: everybody who came is known, of the others only those on the screen are loaded.

Who came on one day is bounded by what a door can let through, who did not is not. So the first are folded in memory,
and the others stay in the database, where a condition says who of them is missing.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from threading import Event
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, and_, bindparam, case, false, func, or_, select, true
from sqlalchemy.orm import Session

from db import ledger, pages, schedules
from db.batches import batches
from db.engine import reading
from db.pages import BY_GROUP, BY_NAME, Order, Page, Want
from db.records import Person, Schedule
from db.schema import PersonRow
from monitor.attendance import Passage, Status, passages, summarise
from monitor.config import Settings
from monitor.reports import Period, PersonDay
from monitor.shifts import expected

STATUSES: Final = tuple(Status)


@dataclass(frozen=True, slots=True)
class BoardQuery:
    """Which board is wanted."""

    day: date
    now: datetime
    search: str
    """In lower case; occurs in the name, the group or the status."""
    column: str
    """What it is sorted by: status, name, group, in, out or hours."""
    reverse: bool


@dataclass(frozen=True, slots=True)
class BoardPage:
    """A part of the board, and the whole day in numbers."""

    page: Page[PersonDay]
    counts: Mapping[Status, int]
    """Of everybody, whatever the filter."""
    people: int
    """Everybody on the board, whatever the filter."""
    day: "Day"


@dataclass(frozen=True, slots=True)
class Day:
    """One day as far as it is kept in memory."""

    came: Mapping[UUID, PersonDay]
    shifts: Sequence[Schedule]
    settings: Settings
    asked: BoardQuery
    known: ColumnElement[bool]
    """Who is on the board."""
    absent: ColumnElement[bool]
    """Who of them should have come and did not."""

    def line(self, person: Person) -> PersonDay:
        there = self.came.get(person.id)
        return there or PersonDay(
            person, summarise(person, self.asked.day, (), self.shifts, self.settings.zone, self.asked.now)
        )


def board_page(
    engine: Engine,
    settings: Settings,
    asked: BoardQuery,
    want: Want,
    before: BoardPage | None = None,
    stop: Event | None = None,
) -> BoardPage:
    """A part of the board. Raises: DatabaseError.

    Args:
        before: another part of the same board, where no fact changed since.
        stop: set when the answer is no longer wanted.
    """
    with reading(engine, stop) as session:
        if before is None:
            day = _load(session, settings, asked)
            everybody, counts = _counts(session, day)
        else:
            day, counts, everybody = before.day, before.counts, before.people
        if not asked.search:
            want = replace(want, total=everybody)
        part = _sorted_in_sql if asked.column in ("name", "group") else _by_day
        return BoardPage(part(session, day, want), counts, everybody, day)


def _counts(session: Session, day: Day) -> tuple[int, Mapping[Status, int]]:
    """How many people are on the board, and how many of each status."""
    counts = dict.fromkeys(Status, 0)
    for line in day.came.values():
        if line.summary.status is not None:
            counts[line.summary.status] += 1
    both = select(func.count(), func.count(case((day.absent, 1)))).select_from(PersonRow).where(day.known)
    everybody, absent = session.execute(both).one()
    counts[Status.ABSENT] += absent
    return everybody, counts


def came_on(
    session: Session, settings: Settings, day: date, now: datetime, shifts: Sequence[Schedule]
) -> dict[UUID, PersonDay]:
    """The day of everybody who came or left on it."""
    start, end = Period(day, day).bounds(settings.zone)
    # One day more: a shift over midnight ends on the day after.
    by_person: dict[UUID, list[Passage]] = defaultdict(list)
    for passage in passages(ledger.between(session, start, end + timedelta(days=1))):
        if passage.person is not None:
            by_person[passage.person].append(passage)
    lines = (
        PersonDay(person, summarise(person, day, by_person[person.id], shifts, settings.zone, now))
        for person in _people(session, list(by_person))
    )
    return {line.person.id: line for line in lines if line.summary.passages}


def _load(session: Session, settings: Settings, asked: BoardQuery) -> Day:
    zone, day = settings.zone, asked.day
    shifts = schedules.all_schedules(session)
    came = came_on(session, settings, day, asked.now, shifts)
    there = day <= asked.now.astimezone(zone).date()
    known = and_(PersonRow.active, PersonRow.created_at < Period(day, day).bounds(zone)[1]) if there else false()
    absent = and_(_is_missing(session, settings, asked, shifts), _not_among(came))
    return Day(came, shifts, settings, asked, or_(known, _among(came)), absent)


def _people(session: Session, ids: Sequence[UUID]) -> list[Person]:
    # Columns, and no objects that the session keeps: thousands came today, and an event must be on the screen at once.
    row = PersonRow
    columns = select(row.id, row.name, row.number, row.group, row.active, row.notes, row.created_at)
    return [Person(*found) for some in batches(ids) for found in session.execute(columns.where(row.id.in_(some)))]


def _is_missing(
    session: Session, settings: Settings, asked: BoardQuery, shifts: Sequence[Schedule]
) -> ColumnElement[bool]:
    """Who should have come by now, as a condition: by group, but for people with shifts of their own."""
    zone, day, now = settings.zone, asked.day, asked.now
    nobody = UUID(int=0)

    def is_late(person: UUID, group: str | None) -> bool:
        if not shifts:
            return summarise(_Member(person, group), day, (), shifts, zone, now).status is Status.ABSENT
        due = expected(shifts, person, group, day, zone)
        return due is not None and now > due.late_after

    own = {shift.person for shift in shifts if shift.person is not None}
    special = _people(session, list(own))
    named = {shift.group for shift in shifts if shift.group is not None}
    late = [group for group in named if is_late(nobody, group)]
    in_time = [group for group in named if group not in late]
    of_group: ColumnElement[bool] = PersonRow.group.in_(late)
    if is_late(nobody, None):
        of_group = or_(PersonRow.group.is_(None), PersonRow.group.not_in(in_time))
    late_people = [person.id for person in special if is_late(person.id, person.group)]
    return or_(and_(of_group, _not_among(own)), _among(late_people))


@dataclass(frozen=True, slots=True)
class _Member:
    id: UUID
    group: str | None


def _among(ids: Any) -> ColumnElement[bool]:
    """One of these people; the ids stand in the statement itself, because SQLite limits its parameters."""
    values = [value for value in ids if value is not None]
    return PersonRow.id.in_(bindparam(None, values, expanding=True, literal_execute=True)) if values else false()


def _not_among(ids: Any) -> ColumnElement[bool]:
    return ~_among(ids)


def _count(session: Session, where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(PersonRow).where(where)) or 0


def _fits(line: PersonDay, search: str) -> bool:
    status = line.summary.status.value if line.summary.status else ""
    return search in f"{status} {line.person.name} {line.person.group or ''}".lower()


def _found_in_sql(session: Session, day: Day) -> ColumnElement[bool] | None:
    """The filter for people who did not come."""
    search = day.asked.search
    if not search:
        return None
    found = pages.matching(session, search, columns=(PersonRow.name, PersonRow.group))
    assert found is not None
    return or_(found, day.absent) if search in Status.ABSENT.value else found


def _sorted_in_sql(session: Session, day: Day, want: Want) -> Page[PersonDay]:
    """By name or group: the database sorts, those who came are looked up."""
    where, found = day.known, _found_in_sql(session, day)
    if found is not None:
        by_status = [person for person, line in day.came.items() if _fits(line, day.asked.search)]
        where = and_(where, or_(found, _among(by_status)))
    order = BY_NAME if day.asked.column == "name" else BY_GROUP
    if day.asked.reverse:
        order = Order(order.columns, order.key, descending=True)
    page = pages.persons_page(session, want, order, where)
    return Page(page.first, page.total, tuple(day.line(person) for person in page.items))


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the board: lines in memory, or people who did not come, by name."""

    came: Sequence[PersonDay] = ()
    others: ColumnElement[bool] | None = None
    count: int = 0

    def lines(self, session: Session, day: Day, first: int, end: int) -> Sequence[PersonDay]:
        """Those from the first up to before the end, as far as they are in here."""
        first, end = max(0, first), min(end, self.count)
        if first >= end:
            return ()
        if self.others is None:
            return self.came[first:end]
        want = Want(end - first, index=first, total=self.count)
        return [day.line(person) for person in pages.persons_page(session, want, BY_NAME, self.others).items]


def _by_day(session: Session, day: Day, want: Want) -> Page[PersonDay]:
    """By what the day says of people: who has nothing to be sorted by comes last, by name, whichever way round."""
    parts = list(_parts(session, day))
    total = sum(part.count for part in parts)
    at = {line.person.id: line_at for line_at, line in _numbered(parts)}
    index = at.get(want.key, want.index) if want.key else want.index
    first = max(0, min(index - want.back, total - want.count))
    lines: list[PersonDay] = []
    start = 0
    for part in parts:
        lines += part.lines(session, day, first - start, first + want.count - start)
        start += part.count
    return Page(first, total, tuple(lines))


def _numbered(parts: Sequence[_Part]) -> Iterator[tuple[int, PersonDay]]:
    """Those who came, each with the number of their line on the board."""
    start = 0
    for part in parts:
        yield from enumerate(part.came, start)
        start += part.count


def _parts(session: Session, day: Day) -> Iterator[_Part]:
    """The parts of the board in their order."""
    asked = day.asked
    by_name = sorted((line for line in day.came.values() if _fits(line, asked.search)), key=_by_name)
    found = _found_in_sql(session, day)
    did_not_come = and_(day.known, _not_among(day.came), *([] if found is None else [found]))

    def others(*conditions: ColumnElement[bool]) -> _Part:
        where = and_(did_not_come, *conditions)
        return _Part((), where, _count(session, where))

    def these(lines: Sequence[PersonDay]) -> _Part:
        return _Part(lines, None, len(lines))

    if asked.column == "status":
        statuses = reversed(STATUSES) if asked.reverse else STATUSES
        for status in statuses:
            yield these([line for line in by_name if line.summary.status is status])
            if status is Status.ABSENT:
                yield others(day.absent)
        yield these([line for line in by_name if line.summary.status is None])
        yield others(day.absent.is_not(true()))  # it may be NULL for people without a group
        return
    value = SORTS[asked.column]
    yield these(sorted((line for line in by_name if value(line) is not None), key=value, reverse=asked.reverse))
    yield these([line for line in by_name if value(line) is None])
    yield others()


def _by_name(line: PersonDay) -> str:
    return line.person.name.casefold()


SORTS: Final[Mapping[str, Callable[[PersonDay], Any]]] = {
    "in": lambda line: line.summary.first_in,
    "out": lambda line: line.summary.last_out,
    "hours": lambda line: line.summary.present,
}
"""What people are sorted by; None for somebody without it."""
