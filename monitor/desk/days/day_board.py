"""The day board, one page at a time: the people who came are in memory, of the others only the page is loaded.

How many people come on one day is limited by the doors; how many do not come is not. So the days of those who came are
worked out in memory, and the database finds the absent by the day's expectation.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from threading import Event
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.attendance import board
from db.attendance.board import BoardFilter
from db.engine import reading
from db.records.attendance import Expectation
from db.records.pages import Page, Want
from db.records.people import Person
from db.schema.folding import folded
from monitor.attendance.days import Counting, PersonDay, counting
from monitor.attendance.expected import expectation, status_of
from monitor.attendance.summary import Status
from monitor.collector import paused_collector
from monitor.config import Settings
from monitor.desk.days.day_log import Attendees, attendees, day_log
from monitor.recording.calendars import with_own_shifts

STATUSES: Final = tuple(Status)
_SOON: Final = 20
"""Where at least one of so many people is wanted, a page of them is soon found by name; to look the shifts of all up
takes longer."""


@dataclass(frozen=True, slots=True)
class BoardQuery:
    """The day, the filter and the order that the screen asks for."""

    day: date
    now: datetime
    search: str
    """Text in the name, the group or the status, whatever its case and accents; empty for everybody."""
    column: str
    """The column to sort by: status, name, group, in, out, late or hours."""
    reverse: bool
    known_at: datetime | None = None
    """Only what had happened and was written by then, for the board as it was; `now` is the same instant then."""


@dataclass(frozen=True, slots=True)
class BoardPage:
    """A page of the board, and the numbers of the whole day."""

    page: Page[PersonDay]
    counts: Mapping[Status, int]
    """People of each status, whatever the filter."""
    people: int
    """How many people are on the board, whatever the filter."""
    day: "Day"


@dataclass(frozen=True, slots=True)
class Day:
    """One day as far as it is kept in memory."""

    attendees: Attendees
    counting: Counting
    asked: BoardQuery
    expectation: Expectation
    otherwise: Mapping[str | None, Sequence[Person]]
    """Those who came, by what would be said of them if they had not; None: they would not be on the list."""
    all: Mapping[str, int] = field(default_factory=dict)
    """How many people are on the list of the day by what is said of those who do not come; those who came, too."""
    named: Mapping[str, int] = field(default_factory=dict)
    """Of those in whose name or group the filter's text occurs."""

    @property
    def came(self) -> Mapping[UUID, PersonDay]:
        """The days of those who came."""
        return self.attendees.days

    @property
    def guests(self) -> list[UUID]:
        """People who are on the board only because they came."""
        return [person.id for person in self.otherwise.get(None, ())]

    @property
    def people(self) -> int:
        """How many are on the board."""
        return sum(self.all.values()) + len(self.guests)

    def missing(self, status: Status) -> int:
        """How many of those of this status did not come."""
        return self.all.get(status, 0) - len(self.otherwise.get(status, ()))

    def found_missing(self, status: Status) -> int:
        """How many of them the filter finds."""
        if self.finds(status):
            return self.missing(status)
        came = self.otherwise.get(status, ())
        return self.named.get(status, 0) - sum(_is_named(person, self.asked.search) for person in came)

    def finds(self, status: Status) -> bool:
        """Whether the filter finds everybody of this status."""
        return self.asked.search in status.value

    def found_came(self) -> list[PersonDay]:
        """The people who came and whom the filter finds."""
        return [line for line in self.came.values() if _fits(line, self.asked.search)]

    def filter(self) -> BoardFilter:
        statuses = [status for status in Status if self.finds(status)]
        return BoardFilter(self.expectation, self.came.keys(), self.asked.search, statuses)

    def lines(self, session: Session, people: Sequence[Person]) -> tuple[PersonDay, ...]:
        """The days of these people, who are on the board."""
        day, calendars = self.asked.day, self.counting.calendars
        if self.expectation.own:
            calendars = with_own_shifts(session, calendars, {person.id for person in people} - self.came.keys())
        count = replace(self.counting, calendars=calendars)
        return tuple(self.came.get(person.id) or PersonDay(person, count.empty(person, day)) for person in people)


def board_page(
    engine: Engine,
    settings: Settings,
    asked: BoardQuery,
    want: Want,
    before: BoardPage | None = None,
    stop: Event | None = None,
) -> BoardPage:
    """A page of the board. Raises: DatabaseError.

    Args:
        before: a page of any board; only what changed since is loaded.
        stop: set when the answer is no longer wanted.
    """
    asked = replace(asked, search=folded(asked.search))
    with reading(engine, stop) as session, paused_collector():
        day = _load(session, settings, asked, before.day if before else None)
        missing = sum(day.found_missing(status) for status in Status)
        want = replace(want, total=len(day.found_came()) + missing)
        part = _by_name_or_group if asked.column in ("name", "group") else _by_day
        return BoardPage(part(session, day, want), _counts(day), day.people, day)


def _counts(day: Day) -> Mapping[Status, int]:
    """How many people there are of each status."""
    came = Counter(line.summary.status for line in day.came.values())
    return {status: came[status] + day.missing(status) for status in Status}


def _load(session: Session, settings: Settings, asked: BoardQuery, before: Day | None) -> Day:
    if asked.known_at is not None or (before and before.asked.known_at is not None):
        before = None
    log = day_log(session, settings, asked.day, before.attendees.log if before else None, asked.known_at)
    came = attendees(log, asked.now, before.attendees if before else None)
    count = counting(log.calendars, asked.now)
    expected = expectation(count, asked.day, log.apart, log.own_starts, asked.now)
    if before and (before.attendees.log.heads.people, before.expectation) == (log.heads.people, expected):
        all_, known = before.all, before.asked.search
    else:
        all_, known = _listed(session, expected, log.apart), None
    if not asked.search:
        named = all_
    elif before and asked.search == known:
        named = before.named
    else:
        named = _listed(session, expected, log.apart, asked.search)
    otherwise: dict[str | None, list[Person]] = defaultdict(list)
    for line in came.days.values():
        otherwise[status_of(expected, count, asked.day, line.person)].append(line.person)
    return Day(came, count, asked, expected, otherwise, all_, named)


def _listed(
    session: Session, expected: Expectation, apart: Mapping[UUID, Person], search: str = ""
) -> Mapping[str, int]:
    """How many people are on the list, by what is said of them."""
    counts = Counter(board.count_listed(session, expected, search))
    counts.update(said for id, said in expected.people.items() if not search or _is_named(apart[id], search))
    return counts


def _fits(line: PersonDay, search: str) -> bool:
    return search in line.summary.status.value or _is_named(line.person, search)


def _is_named(person: Person, search: str) -> bool:
    """Whether the text occurs in the name or the group, like `db.people.people.found_by`."""
    return search in folded(person.name) or search in folded(person.group or "")


def _by_name_or_group(session: Session, day: Day, want: Want) -> Page[PersonDay]:
    """The database sorts; the days of those who came are looked up."""
    page = board.board_page(
        session,
        day.filter(),
        want,
        also=[line.person.id for line in day.found_came()] if day.asked.search else day.guests,
        only_also=bool(day.asked.search) and not any(day.found_missing(status) for status in Status),
        by_group=day.asked.column == "group",
        descending=day.asked.reverse,
    )
    return Page(page.first, page.total, day.lines(session, page.items))


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the board: the days of people who came, or people who did not, by name."""

    came: Sequence[PersonDay] = ()
    missing: int = 0
    """How many people did not come."""
    status: Status | None = None
    """Only those of this status."""

    def __len__(self) -> int:
        return len(self.came) + self.missing

    def lines(self, session: Session, day: Day, first: int, end: int) -> Sequence[PersonDay]:
        """The lines with first <= index < end that this part has."""
        first, end = max(0, first), min(end, len(self))
        if first >= end:
            return ()
        if not self.missing:
            return self.came[first:end]
        want = Want(end - first, index=first, total=self.missing)
        in_order = day.expectation.own is not None and self.missing * _SOON > day.people
        page = board.missing_page(session, day.filter(), want, status=self.status, in_order=in_order)
        return day.lines(session, page.items)


def _by_day(session: Session, day: Day, want: Want) -> Page[PersonDay]:
    """Sorted by a value of the day; people without a value come last, by name, in both directions."""
    parts = list(_parts(day))
    total = sum(len(part) for part in parts)
    at = {line.person.id: line_at for line_at, line in _numbered(parts)}
    index = at.get(want.key, want.index) if want.key else want.index
    first = max(0, min(index - want.back, total - want.count))
    lines: list[PersonDay] = []
    start = 0
    for part in parts:
        lines += part.lines(session, day, first - start, first + want.count - start)
        start += len(part)
    return Page(first, total, tuple(lines))


def _numbered(parts: Sequence[_Part]) -> Iterator[tuple[int, PersonDay]]:
    """Those who came, each with the number of their line on the board."""
    start = 0
    for part in parts:
        yield from enumerate(part.came, start)
        start += len(part)


def _parts(day: Day) -> Iterator[_Part]:
    """The parts of the board in their order."""
    asked = day.asked
    by_name = sorted(day.found_came(), key=_by_name)
    if asked.column == "status":
        for status in reversed(STATUSES) if asked.reverse else STATUSES:
            yield _Part([line for line in by_name if line.summary.status is status])
            yield _Part(missing=day.found_missing(status), status=status)
        return
    value = SORTS[asked.column]
    yield _Part(sorted((line for line in by_name if value(line) is not None), key=value, reverse=asked.reverse))
    yield _Part([line for line in by_name if value(line) is None])
    yield _Part(missing=sum(day.found_missing(status) for status in Status))


def _by_name(line: PersonDay) -> str:
    return folded(line.person.name)


SORTS: Final[Mapping[str, Callable[[PersonDay], Any]]] = {
    "in": lambda line: line.summary.first_in,
    "out": lambda line: line.summary.last_out,
    "late": lambda line: line.summary.late_minutes or None,
    "hours": lambda line: line.summary.minutes,
}
"""The value by which a column sorts; None for somebody without a value."""
