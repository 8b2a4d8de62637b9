"""Reports as lines of named values: one dictionary per line for JSON, flat columns for tables. Times are the site's."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Final, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from db.records import Person
from monitor.attendance.days import PersonDay
from monitor.attendance.rules import DaySummary, Status
from monitor.domain import EMOTIONS, UNSURE
from monitor.moods.cells import MoodCell
from monitor.moods.cells import label as mood_label
from monitor.moods.tally import By
from monitor.reports.export import Appointment, Cell, Table

_NOT_ON_TERMINALS: Final = ("incomplete", "id", "people")

_HEADS: Final = {
    "first_in": "In",
    "last_out": "Out",
    "days_present": "Came",
    "days_late": "Late",
    "days_absent": "Absent",
    "days_incomplete": "Incomplete",
}
"""Heads of a terminal's table where the column's capitalised name is too long."""

Line: TypeAlias = dict[str, object]


def days(found: Sequence[PersonDay], zone: ZoneInfo) -> list[Line]:
    """One line per person and day."""
    return [
        {
            "day": one.summary.day,
            **_who(one.person),
            "status": str(one.summary.status) if one.summary.status else None,
            "first_in": _local(one.summary.first_in, zone),
            "last_out": _local(one.summary.last_out, zone),
            "hours": one.summary.present,
            "late": one.summary.late,
            "incomplete": one.summary.incomplete,
        }
        for one in found
    ]


def totals(found: Sequence[PersonDay]) -> list[Line]:
    """One line per person with the days added up, in the order in which people come first."""
    by_person: dict[Person, list[DaySummary]] = defaultdict(list)
    for one in found:
        by_person[one.person].append(one.summary)
    return [
        {
            **_who(person),
            "days_present": sum(bool(one.passages) for one in some),
            "days_late": sum(one.late for one in some),
            "days_absent": sum(one.status is Status.ABSENT for one in some),
            "days_incomplete": sum(one.status is Status.INCOMPLETE for one in some),
            "hours": sum((one.present for one in some), timedelta()),
        }
        for person, some in by_person.items()
    ]


def appointments(found: Sequence[PersonDay]) -> list[Appointment]:
    """Every stay from a check-in to its check-out, for calendars."""
    return [
        Appointment(f"{one.event}@muster", day.person.name, one.at, after.at)
        for day in found
        for one, after in pairwise(day.summary.passages)
        if one.kind == "check_in" and after.kind == "check_out"
    ]


def events(found: Sequence[PersonDay], zone: ZoneInfo) -> list[Line]:
    """One line per check-in and check-out that counts, by time."""
    # Sorted in UTC: local time shows an hour twice when summer time ends.
    passed = sorted(
        ((passage, day.person) for day in found for passage in day.summary.passages), key=lambda pair: pair[0].at
    )
    return [
        {
            "at": _local(passage.at, zone),
            **_who(person),
            "event": passage.kind,
            "id": str(passage.event),
        }
        for passage, person in passed
    ]


def moods(cells: Sequence[MoodCell], by: By, names: Mapping[UUID, str], confidence_needed: float) -> list[Line]:
    """One line per hour, day, person or group; a hidden one says `"hidden": true` and nothing else."""
    return [_mood(cell, by, names, confidence_needed) for cell in cells]


def table(title: str, lines: Sequence[Mapping[str, object]]) -> Table:
    """The lines under one column per name; what is nested gets columns of its own."""
    flat = [_flat(line) for line in lines]
    columns = tuple(dict.fromkeys(name for line in flat for name in line))
    return Table(title, columns, [tuple(line.get(name) for name in columns) for line in flat])


def compact(title: str, lines: Sequence[Mapping[str, object]]) -> Table:
    """The table for a terminal: capitalised heads, clock times and percentages, no empty and no redundant columns."""
    wide = table(title, lines)
    shares = {name for line in lines if isinstance(line.get("shares"), Mapping) for name in (*EMOTIONS, UNSURE)}
    kept = [
        index
        for index, name in enumerate(wide.columns)
        if name not in _NOT_ON_TERMINALS and any(row[index] not in (None, "") for row in wide.rows)
    ]
    rows = [tuple(_compact(wide.columns[index], row[index], shares) for index in kept) for row in wide.rows]
    heads = (_HEADS.get(name, name.capitalize()) for name in (wide.columns[index] for index in kept))
    return Table(title, tuple(heads), rows)


def _compact(name: str, value: Cell, shares: set[str]) -> Cell:
    if name in ("first_in", "last_out") and isinstance(value, datetime):
        return value.strftime("%H:%M")
    if name == "hour" and isinstance(value, datetime):
        return value.strftime("%m-%d %H:%M")
    if name == "event":
        return {"check_in": "came in", "check_out": "left"}[str(value)]
    if name in shares and isinstance(value, float):
        return f"{value:.0%}"
    return "fewer than 5 people" if name == "hidden" and value else "" if name == "hidden" else value


def _mood(cell: MoodCell, by: By, names: Mapping[UUID, str], confidence_needed: float) -> Line:
    key = cell.key
    if isinstance(key, UUID):
        key = names.get(key)
    if cell.probabilities is None or cell.shares is None:
        return {by: key, "hidden": True}
    return {
        by: key,
        "sightings": cell.sightings,
        "people": cell.people,
        "pleasantness": None if cell.pleasantness is None else round(cell.pleasantness[0], 2),
        "mood": mood_label(cell.probabilities, confidence_needed),
        "scores": {name: round(p, 4) for name, p in zip(EMOTIONS, cell.probabilities, strict=True)},
        "shares": {name: round(s, 4) for name, s in zip((*EMOTIONS, UNSURE), cell.shares, strict=True)},
    }


def _flat(line: Mapping[str, object]) -> dict[str, Cell]:
    flat: dict[str, Cell] = {}
    for name, value in line.items():
        if name == "scores":
            continue  # tables show how often a mood was seen; the mean scores are in the JSON form
        if isinstance(value, Mapping):
            flat |= {str(part): float(share) for part, share in value.items()}
        elif value is None or isinstance(value, str | int | float | date | timedelta):
            flat[name] = value
        else:
            flat[name] = str(value)
    return flat


def _who(person: Person) -> Line:
    return {"person": person.name, "number": person.number, "group": person.group}


def _local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return at.astimezone(zone).replace(microsecond=0) if at else None
