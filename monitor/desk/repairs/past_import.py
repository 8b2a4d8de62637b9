"""Attendance of before Muster, or of another machine: read from a list, judged by the rules, and taken back again.

Every function blocks: call it in workers only. What is imported are new rows of the ledger, by hand and with the file's
name as their reason; taken back, they are voided.
"""

import re
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Final, Literal, TypeAlias, Unpack
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import audit
from db.attendance import corrections
from db.engine import reading, writing
from db.ids import new_id
from db.people import people
from db.records.attendance import Presence
from db.records.people import Person
from monitor.attendance.door import Arrival, decide
from monitor.attendance.passages import Passage
from monitor.attendance.person_calendar import Calendars
from monitor.calendar_text import FIRST, parse_clock, parse_day
from monitor.config import Settings
from monitor.desk.actor import Actor
from monitor.desk.calendar.lists import WHO, read_list
from monitor.desk.people.finding import person_in_list
from monitor.errors import MusterError, UsageError
from monitor.recording import this_kiosk
from monitor.recording.calendars import load_calendars
from monitor.recording.passages import load_passages

Direction: TypeAlias = Literal["file", "rules"]

ACTION: Final = "import attendance"
TAKEN_BACK: Final = "take back import"
HEADINGS: Final = {
    "person": (*WHO["person"], "employeename"),
    "number": (*WHO["number"], "userid", "pin", "acno", "enrollnumber"),
    "time": ("time", "datetime", "timestamp", "at", "when"),
    "day": ("day", "date"),
    "kind": ("kind", "direction", "state", "status", "event", "inout", "checktype"),
}
"""Headings of the columns of a list of passages; the first is the one that Muster writes."""
_KINDS: Final[Mapping[str, Presence]] = {
    "in": "check_in", "checkin": "check_in", "check_in": "check_in", "i": "check_in", "c/in": "check_in",
    "out": "check_out", "checkout": "check_out", "check_out": "check_out", "o": "check_out", "c/out": "check_out",
    "0": "check_in", "1": "check_out", "2": "check_out", "3": "check_in", "4": "check_in", "5": "check_out",
}  # fmt: skip
"""Words for a direction; the numbers are ZKTeco's: in, out, to a break, back from it, overtime in and out."""
_TIME_OF_EXPORT: Final = re.compile(r"(?<!\S)\d{4}-\d\d?-\d\d?[ T]\d\d?:\d\d(:\d\d)?(?!\S)")
_AROUND: Final = timedelta(days=3)
"""How far back a decision reads passages."""
_MOST_PROBLEMS: Final = 1_000
_CLOCKS_DIFFER: Final = timedelta(minutes=10)
"""How far the clock of the machine that wrote the file may be ahead."""


@dataclass(frozen=True, slots=True)
class PastRow:
    """A line of the file."""

    line: int
    number: str
    """The person's; empty where the file has names only."""
    name: str
    at: datetime
    """UTC."""
    kind: Presence | None
    """None where the file does not say it."""


@dataclass(frozen=True, slots=True)
class PastImport:
    """What an import did, or would do."""

    id: str | None
    """By which it is taken back; None where nothing was written."""
    added: int
    same: int
    """Lines that are the same arrival or departure as an entry that counts."""
    people: int
    by_rules: bool
    """Whether the rules decided on the direction."""
    problems: tuple[str, ...]
    """Why lines were left out, a sentence each."""


def import_past(
    engine: Engine,
    settings: Settings,
    file: Path,
    direction: Direction | None = None,
    *,
    dry_run: bool = False,
    **by: Unpack[Actor],
) -> PastImport:
    """Reads a CSV or XLSX list, or a ZKTeco export (.dat), and writes what counts by the rules of the site.

    Args:
        direction: whether in or out is as the file says, or as the rules decide; None: as the file says where it has
            both.
        dry_run: only say what would be done.

    Raises:
        UsageError: the file cannot be read, is empty, or lacks a column.
        DatabaseError: the database cannot be read or written.
    """
    rows, problems = _read(file, settings.zone, by["at"])
    if not rows and not problems:
        raise UsageError(f"The file {file} has no passages.")
    by_rules = direction == "rules" or (direction is None and len({one.kind for one in rows} - {None}) < 2)
    if by_rules:
        rows = [replace(one, kind=None) for one in rows]
    id = new_id().hex[-12:]
    added = same = persons = 0
    for theirs in _by_person(rows):
        try:
            with reading(engine) if dry_run else writing(engine) as session:
                new = _add(session, settings, _whose(session, theirs[0]), theirs, _reason(id, file), dry_run, by)
                if new and not added and not dry_run:  # with the first entry, so that it can be taken back
                    audit.note(session, ACTION, detail={"import": id, "file": file.name}, **by)
        except MusterError as error:
            problems[theirs[0].line] = str(error)
            continue
        added, same, persons = added + new, same + len(theirs) - new, persons + 1
    return PastImport(id if added and not dry_run else None, added, same, persons, by_rules, _in_order(problems))


def take_back(engine: Engine, settings: Settings, id: str, **by: Unpack[Actor]) -> int:
    """Voids what an import added, but for people erased since; gives how many entries. Raises: UsageError."""
    with writing(engine) as session:
        known = audit.details(session, ACTION)
        file = next((str(one["file"]) for one in known if one.get("import") == id), None)
        if file is None:
            raise UsageError(f"There is no import {id}; its id was printed, and stands in the audit log (F6).")
        added = audit.events_of(session, _reason(id, Path(file)))
        events = [event for event in added if corrections.void_of(session, event) is None]
        if not events:
            raise UsageError(f"The import {id} was taken back already.")
        kiosk = this_kiosk.register(session, settings, by["at"])
        for event in events:
            corrections.void(session, event, id=new_id(), kiosk=kiosk, reason=f"import {id} taken back", **by)
        audit.note(session, TAKEN_BACK, detail={"import": id, "file": file, "entries": len(events)}, **by)
    return len(events)


def _add(
    session: Session, settings: Settings, person: Person, rows: Sequence[PastRow], reason: str, dry_run: bool, by: Actor
) -> int:
    """Adds one person's passages, by time; gives how many are new."""
    first, last = rows[0].at, rows[-1].at
    zone, kiosk = settings.zone, this_kiosk.register(session, settings, by["at"])
    days = (first - _AROUND).astimezone(zone).date(), (last + _AROUND).astimezone(zone).date()
    calendars = load_calendars(session, settings, *days, person)
    found = load_passages(session, calendars, first - _AROUND, last + _AROUND, of=[person.id]).get(person.id, ())
    before, new, seen = list(found), 0, None
    for row in rows:
        kind = _kind(row, Arrival(row.at, kiosk, "auto", seen), before, person, calendars)
        seen = row.at
        if kind is None:
            continue
        id, new = new_id(), new + 1
        insort(before, Passage(id, person.id, kind, row.at, kiosk, "manual"), key=attrgetter("at"))
        if not dry_run:
            corrections.add_by_hand(
                session, person.id, id=id, kind=kind, happened_at=row.at, time_zone=settings.time_zone, kiosk=kiosk,
                reason=reason, **by,
            )  # fmt: skip
    return new


def _kind(
    row: PastRow, arrival: Arrival, before: Sequence[Passage], person: Person, calendars: Calendars
) -> Presence | None:
    """What a line is; None for one that is there already."""
    rules = calendars.rules
    place = bisect_left(before, row.at - _AROUND, key=attrgetter("at"))
    near = before[place : bisect_left(before, row.at + rules.cool_down, key=attrgetter("at")) + 1]
    if row.kind is None:
        return decide(arrival, near, calendars.of(person), rules)
    same = any(one.kind == row.kind and abs(one.at - row.at) < rules.cool_down for one in near)
    return None if same else row.kind


def _by_person(rows: Sequence[PastRow]) -> list[list[PastRow]]:
    found: dict[tuple[str, str], list[PastRow]] = defaultdict(list)
    for row in sorted(rows, key=attrgetter("at")):
        found[row.number, "" if row.number else row.name].append(row)
    return list(found.values())


def _whose(session: Session, row: PastRow) -> Person:
    """Who a line is about. Raises: UsageError."""
    if not row.number:
        return person_in_list(session, row.name)
    found = people.find_by_number(session, row.number)
    if found is None:
        raise UsageError(f"Nobody enrolled has the number {row.number}; see 'muster people list'.")
    return found


def _reason(id: str, file: Path) -> str:
    return f"import {id}: {file.name}"


def _in_order(problems: Mapping[int, str]) -> tuple[str, ...]:
    return tuple(f"Line {line}: {problem}" for line, problem in sorted(problems.items()))


def _read(file: Path, zone: ZoneInfo, now: datetime) -> tuple[list[PastRow], dict[int, str]]:
    """The lines of the file, and why others, by their numbers, cannot be read."""
    parts = _lines_of_export(file) if file.suffix.lower() == ".dat" else _lines_of_list(file)
    rows: list[PastRow] = []
    problems: dict[int, str] = {}
    for line, number, name, when, kind in parts:
        try:
            at = _instant(when, zone)
            if at > now + _CLOCKS_DIFFER:
                raise UsageError(f"{when} is in the future.")
            if at.astimezone(zone).date() < FIRST:
                raise UsageError(f"{when} is before {FIRST}, the first day that reports can show.")
            rows.append(PastRow(line, number, name, at, _presence(kind)))
        except UsageError as error:
            problems[line] = str(error)
        if len(problems) > _MOST_PROBLEMS:
            first = _in_order(problems)[0]
            raise UsageError(f"More than {_MOST_PROBLEMS:,} lines of {file} cannot be read; first: {first}")
    return rows, problems


def _lines_of_export(file: Path) -> Iterator[tuple[int, str, str, str, str]]:
    """A ZKTeco export: number or name, time, device, state, way of verification and work code, with tabs or blanks
    between them; some programs put the name behind the number."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"The file {file} cannot be read as text.") from None
    for line, words in enumerate(text.splitlines(), 1):
        if not words.strip():
            continue
        time = _TIME_OF_EXPORT.search(words)
        if time is None:
            yield line, "", "", words.strip(), ""
            continue
        who, behind = words[: time.start()].strip(), words[time.end() :]
        number = who.split(maxsplit=1)[0] if who else ""
        if not any(letter.isdigit() for letter in number):
            number = ""
        cells = behind.split("\t") if "\t" in behind else ["", *behind.split()]
        yield line, number, "" if number else who, time.group(), cells[2].strip() if len(cells) > 2 else ""


def _lines_of_list(file: Path) -> Iterator[tuple[int, str, str, str, str]]:
    needed = {"time": "'time' (2026-03-02 08:00, or only the time beside a column 'day')"}
    for line, cells in read_list(file, HEADINGS, needed):
        when = " ".join(part for part in (cells.get("day", ""), cells["time"]) if part)
        yield line, cells.get("number", ""), cells.get("person", ""), when, cells.get("kind", "")


def _instant(text: str, zone: ZoneInfo) -> datetime:
    """The time of a line, in UTC: with its offset, or on the site's clock. Raises: UsageError."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        day, _, clock = text.rpartition(" ")
        at = datetime.combine(parse_day(day, datetime.now(zone).date()), parse_clock(clock))
    if at.tzinfo is None:
        local = at.replace(tzinfo=zone)
        if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != at:
            raise UsageError(f"The site's clock never showed {text}: it was put forward then.")
        at = local
    return at.astimezone(UTC)


def _presence(text: str) -> Presence | None:
    word = text.lower().replace(" ", "").replace("-", "")
    if word in ("", "255"):
        return None
    if word not in _KINDS:
        raise UsageError(f"{text!r} is neither in nor out.")
    return _KINDS[word]
