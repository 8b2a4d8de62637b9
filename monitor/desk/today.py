"""What the screens ask the database about a day. All of it blocks: call it in workers only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import nlargest
from pathlib import Path
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import Engine

from db.engine import reading
from db.names import folded
from db.observations import moods
from db.people import people
from monitor.attendance.day_log import Came, came, day_log
from monitor.attendance.days import Period, PersonDay, attendance
from monitor.config import Settings
from monitor.desk.door_board import ARRIVALS_KEPT, Attendee, Board, Happening
from monitor.domain import MOODS, EventKind
from monitor.errors import UsageError
from monitor.moods.samples import Cell
from monitor.reports import lines as report_lines
from monitor.reports import totals
from monitor.reports.export import to_csv, to_json_lines, to_xlsx, write_whole

Shares: TypeAlias = tuple[tuple[str, float], ...]
"""Moods that occurred and their shares, which sum to 1."""

RECENT = timedelta(minutes=5)
"""How late a mood may be written; older ones are not looked at again."""


def roster_of(engine: Engine, settings: Settings, day: date, now: datetime) -> list[PersonDay]:
    """Everybody's day, by name."""
    with reading(engine) as session:
        return attendance(session, settings, Period(day, day), now)


@dataclass(frozen=True, slots=True)
class Today:
    """What the door shows before the first event of this run."""

    board: Board
    people: int
    """People enrolled."""
    came: Came
    moods: Mapping[UUID, str]
    """The latest mood of each person."""
    at: datetime
    """When the moods were looked for."""


def today_of(engine: Engine, settings: Settings, now: datetime, before: Today | None = None) -> Today:
    """The day so far. Raises: DatabaseError.

    Args:
        before: what was loaded earlier; what is in it and has not changed is not loaded again.
    """
    day = now.astimezone(settings.zone).date()
    start, end = Period(day, day).bounds(settings.zone)
    with reading(engine) as session:
        log = day_log(session, settings.zone, day, before.came.log if before else None)
        if before and (before.came.log.day, before.came.log.heads.people) == (day, log.heads.people):
            latest, count = {**before.moods}, before.people
            start = max(start, before.at - RECENT)
        else:
            latest, count, before = {}, people.count_people(session), None
        if settings.mood == "individual":
            latest |= moods.latest(session, start, end)
    there = came(log, now, before.came if before else None)
    by_name = sorted(there.lines.values(), key=lambda line: folded(line.person.name))
    attendees = {line.person.id: _attendee(line, latest, before) for line in by_name}
    return Today(Board(attendees=attendees, happenings=_happenings(by_name)), count, there, latest, now)


def mood_of_day(engine: Engine, settings: Settings, now: datetime) -> Shares | None:
    """Today's moods, each sighting counted once; None when too few people were seen to show it."""
    day = now.astimezone(settings.zone).date()
    with reading(engine) as session:
        cells = totals.moods_by(session, settings, Period(day, day), "day")
    return shares_of(cells[0]) if cells else ()


def shares_of(cell: Cell) -> Shares | None:
    """Each mood that occurred and its share; None when hidden."""
    if cell.shares is None:
        return None
    return tuple((mood, share) for mood, share in zip(MOODS, cell.shares, strict=True) if share)


def _attendee(line: PersonDay, latest: Mapping[UUID, str], before: Today | None) -> Attendee:
    person, mood = line.person.id, latest.get(line.person.id)
    if before and before.came.lines.get(person) is line and before.moods.get(person) == mood:
        return before.board.attendees[person]
    last = line.summary.passages[-1]
    comings = [passage.at for passage in line.summary.passages if passage.kind == "check_in"]
    return Attendee(
        person=person,
        name=line.person.name,
        last_in=comings[-1] if comings else None,
        last_out=line.summary.last_out,
        inside=last.kind == "check_in",
        mood=mood,
        seen=last.at,
    )


def _happenings(lines: Sequence[PersonDay]) -> tuple[Happening, ...]:
    """The newest passages, newest first."""
    passed = ((passage, line.person.name) for line in lines for passage in line.summary.passages)
    newest = nlargest(ARRIVALS_KEPT, passed, key=lambda one: one[0].at)
    return tuple(Happening(passage.at, EventKind(passage.kind), name, None) for passage, name in newest)


def export_roster(engine: Engine, settings: Settings, day: date, now: datetime, file: Path) -> None:
    """Write everybody's day, in the format that the file's name says, safe for spreadsheets.

    Raises:
        UsageError: the name says no format, or the file is there already.
        MusterError: it cannot be written; then there is none.
        DatabaseError: the database cannot be read.
    """
    write = WRITERS.get(file.suffix.lower())
    if write is None:
        raise UsageError(f"{file.name} does not say its format; let the name end in {', '.join(WRITERS)}.")
    if file.exists():
        raise UsageError(f"{file} is there already; give the name of a new file.")
    write_whole(file, write(report_lines.days(roster_of(engine, settings, day, now), settings.zone)))


WRITERS: Final[Mapping[str, Callable[[Sequence[report_lines.Line]], bytes]]] = {
    ".csv": lambda lines: to_csv(report_lines.table("Attendance", lines)).encode(),
    ".xlsx": lambda lines: to_xlsx(report_lines.table("Attendance", lines)),
    ".json": lambda lines: to_json_lines(lines).encode(),
}
"""By the ending of a file's name."""
