"""The day board, a part at a time: everybody who came is known, of the others only those on the screen are loaded.

Who came on one day is bounded by what a door can let through, who did not is not. So the first are folded in memory,
and the others stay in the database, where a condition says who of them is missing.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from threading import Event
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Engine, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from db.engine import reading
from db.names import folded
from db.people import pages, people
from db.people.pages import BY_GROUP, BY_NAME, Order
from db.records import Page, Person, Want
from db.schema import PersonRow
from monitor.attendance.day_log import Came, came, day_log
from monitor.attendance.days import PersonDay
from monitor.attendance.expected import Expectation, among, expectation, not_among
from monitor.attendance.rules import Status, summarise
from monitor.config import Settings

STATUSES: Final = tuple(Status)


@dataclass(frozen=True, slots=True)
class BoardQuery:
    """Which board is wanted."""

    day: date
    now: datetime
    search: str
    """Occurs in the name, the group or the status, whatever its case and accents."""
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

    came: Came
    settings: Settings
    asked: BoardQuery
    expected: Expectation
    known: int
    """How many people are on the board even if they do not come."""
    missed: int
    """How many of those should be there, whether they are or not."""
    found_known: int
    """How many of the known the filter finds by name or group..."""
    found_missed: int
    """...and of the missed; without a filter all."""

    @property
    def lines(self) -> Mapping[UUID, PersonDay]:
        """The day of those who came."""
        return self.came.lines

    @property
    def on_board(self) -> ColumnElement[bool]:
        """Everybody on the board."""
        return or_(self.expected.known, among(self._guests()))

    @property
    def absent(self) -> ColumnElement[bool]:
        """Who should have come and did not."""
        return and_(self.expected.missed, not_among(self.lines))

    @property
    def people(self) -> int:
        """How many are on the board."""
        return self.known + len(self._guests())

    @property
    def absentees(self) -> int:
        """How many should have come and did not."""
        return self.missed - sum(self.expected.misses(line.person) for line in self.lines.values())

    @property
    def found_absent(self) -> int:
        """How many of the absent the filter finds."""
        if self.asked.search in Status.ABSENT.value:
            return self.absentees
        came = (line.person for line in self.lines.values() if self.expected.misses(line.person))
        return self.found_missed - sum(_is_named(person, self.asked.search) for person in came)

    @property
    def found_rest(self) -> int:
        """How many of those who neither came nor should have come the filter finds."""
        came = (line.person for line in self.lines.values() if self.expected.knows(line.person))
        not_missed = (person for person in came if not self.expected.misses(person))
        named = sum(_is_named(person, self.asked.search) for person in not_missed)
        return self.found_known - self.found_missed - named

    def line(self, person: Person) -> PersonDay:
        log = self.came.log
        there = self.lines.get(person.id)
        return there or PersonDay(person, summarise(person, log.day, (), log.shifts, log.zone, self.asked.now))

    def _guests(self) -> list[UUID]:
        """Who is on the board only because they came."""
        return [id for id, line in self.lines.items() if not self.expected.knows(line.person)]


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
        before: a part of any board; what is in it and has not changed is not loaded again.
        stop: set when the answer is no longer wanted.
    """
    asked = replace(asked, search=folded(asked.search))
    with reading(engine, stop) as session:
        day = _load(session, settings, asked, before.day if before else None)
        there = sum(_fits(line, asked.search) for line in day.lines.values())
        want = replace(want, total=there + day.found_absent + day.found_rest)
        part = _sorted_in_sql if asked.column in ("name", "group") else _by_day
        return BoardPage(part(session, day, want), _counts(day), day.people, day)


def _counts(day: Day) -> Mapping[Status, int]:
    """How many people there are of each status."""
    came = Counter(line.summary.status for line in day.lines.values())
    return {status: came[status] + (day.absentees if status is Status.ABSENT else 0) for status in Status}


def _same_people(before: Day, day: Day) -> bool:
    """Whether nobody was added, changed or erased in between, and the same people are expected."""
    return before.came.log.heads.people == day.came.log.heads.people and before.expected == day.expected


def _load(session: Session, settings: Settings, asked: BoardQuery, before: Day | None) -> Day:
    log = day_log(session, settings.zone, asked.day, before.came.log if before else None)
    there = came(log, asked.now, before.came if before else None)
    day = Day(there, settings, asked, expectation(log, asked.now), 0, 0, 0, 0)
    if before and _same_people(before, day):
        day = replace(day, known=before.known, missed=before.missed)
        if before.asked.search == asked.search:
            return replace(day, found_known=before.found_known, found_missed=before.found_missed)
    else:
        known, missed = _known_and_missed(session, day.expected, true())
        day = replace(day, known=known, missed=missed)
    if not asked.search:
        return replace(day, found_known=day.known, found_missed=day.missed)
    known, missed = _known_and_missed(session, day.expected, people.found_by(asked.search, number=False))
    return replace(day, found_known=known, found_missed=missed)


def _known_and_missed(session: Session, expected: Expectation, where: ColumnElement[bool]) -> tuple[int, int]:
    both = select(func.count(), func.count(case((expected.missed, 1)))).select_from(PersonRow)
    known, missed = session.execute(both.where(expected.known, where)).one()
    return known, missed


def _fits(line: PersonDay, search: str) -> bool:
    status = line.summary.status
    return (status is not None and search in status.value) or _is_named(line.person, search)


def _is_named(person: Person, search: str) -> bool:
    """The same as `people.found_by`, in memory."""
    return search in folded(person.name) or search in folded(person.group or "")


def _found_in_sql(day: Day) -> ColumnElement[bool] | None:
    """The filter for people who did not come."""
    search = day.asked.search
    if not search:
        return None
    found = people.found_by(search, number=False)
    return or_(found, day.absent) if search in Status.ABSENT.value else found


def _sorted_in_sql(session: Session, day: Day, want: Want) -> Page[PersonDay]:
    """By name or group: the database sorts, those who came are looked up."""
    where, found = day.on_board, _found_in_sql(day)
    if found is not None:
        fitting = among([person for person, line in day.lines.items() if _fits(line, day.asked.search)])
        where = and_(where, or_(found, fitting)) if day.found_absent or day.found_rest else fitting
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
    parts = list(_parts(day))
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


def _parts(day: Day) -> Iterator[_Part]:
    """The parts of the board in their order."""
    asked = day.asked
    by_name = sorted((line for line in day.lines.values() if _fits(line, asked.search)), key=_by_name)
    found = _found_in_sql(day)
    did_not_come = and_(day.expected.known, not_among(day.lines), *([] if found is None else [found]))

    def others(count: int, *conditions: ColumnElement[bool]) -> _Part:
        return _Part((), and_(did_not_come, *conditions), count)

    def these(lines: Sequence[PersonDay]) -> _Part:
        return _Part(lines, None, len(lines))

    if asked.column == "status":
        statuses = reversed(STATUSES) if asked.reverse else STATUSES
        for status in statuses:
            yield these([line for line in by_name if line.summary.status is status])
            if status is Status.ABSENT:
                yield others(day.found_absent, day.absent)
        yield these([line for line in by_name if line.summary.status is None])
        # It may be NULL for people without a group.
        yield others(day.found_rest, day.absent.is_not(true()))
        return
    value = SORTS[asked.column]
    yield these(sorted((line for line in by_name if value(line) is not None), key=value, reverse=asked.reverse))
    yield these([line for line in by_name if value(line) is None])
    yield others(day.found_absent + day.found_rest)


def _by_name(line: PersonDay) -> str:
    return folded(line.person.name)


SORTS: Final[Mapping[str, Callable[[PersonDay], Any]]] = {
    "in": lambda line: line.summary.first_in,
    "out": lambda line: line.summary.last_out,
    "hours": lambda line: line.summary.present,
}
"""What people are sorted by; None for somebody without it."""
