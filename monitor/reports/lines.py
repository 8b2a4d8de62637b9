"""Reports as lines of named values: one dictionary per line for JSON, flat columns for tables. Times are the site's."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias
from zoneinfo import ZoneInfo

from db.records.attendance import AttendanceEvent
from db.records.people import Person
from monitor.attendance.days import PersonDay
from monitor.attendance.rules import instant_of
from monitor.attendance.stays import Piece
from monitor.attendance.summary import DaySummary, Status, Sums, added_up
from monitor.labels import EMOTIONS, UNSURE
from monitor.reports.cells import Cell, Table
from monitor.reports.columns import COLUMNS
from monitor.reports.export import Appointment, shown

if TYPE_CHECKING:
    from monitor.attendance.repair import Repair

_NOT_ON_TERMINALS: Final = (
    "incomplete", "id", "people", "late", "early_minutes", "break_minutes", "expected_hours", "closed_by_rule",
    "target", "repair", "against_usual",
)  # fmt: skip

_HEADS: Final = {
    "first_in": "In",
    "last_out": "Out",
    "days_present": "Came",
    "days_late": "Late",
    "days_absent": "Absent",
    "days_on_leave": "On leave",
    "days_incomplete": "Incomplete",
    "late_minutes": "Late",
    "sightings": "Seen",
}
"""Heads of a terminal's table where the column's capitalised name is too long."""

_OF_NOBODY: Final = {"person": "unknown people", "group": "no group"}
"""What the first cell of a terminal's row says, by its column, where the row is about no person or no group."""

_STATUS: Final = {status: None if status is Status.DUE else status.value for status in Status}
"""A shift that is still to come has none yet. Kept, since asking an enum's member takes five times as long."""
DAY_COLUMNS: Final = tuple(COLUMNS["attendance"])
Line: TypeAlias = dict[str, object]


def days(found: Iterable[PersonDay], zone: ZoneInfo, unknown: Cell = timedelta()) -> Iterator[Line]:
    """One line per person and day, under `DAY_COLUMNS`; the rest is as in `day_rows`. JSON has 0 for unknown hours."""
    return (dict(zip(DAY_COLUMNS, row, strict=True)) for row in day_rows(found, zone, unknown))


def day_rows(found: Iterable[PersonDay], zone: ZoneInfo, unknown: Cell = None) -> Iterator[tuple[Cell, ...]]:
    """One row per person and day, under `DAY_COLUMNS`; a shift that is still to come has no status yet.

    Args:
        unknown: stands for the hours of an incomplete day of which no stay is known.
    """
    for person, day in found:
        plan, hours = day.plan, day.hours
        leave = [f"half {one.kind}" if one.half else one.kind for one in plan.leave]
        yield (
            day.day,
            person.name,
            person.number,
            person.group,
            _STATUS[day.status],
            _local(day.first_in, zone),
            _local(day.last_out, zone),
            unknown if hours is None else hours,
            day.late,
            day.late_minutes,
            day.early_minutes,
            day.break_minutes,
            day.expected_time,
            day.overtime,
            day.marks,
            day.incomplete,
            day.closed_by_rule,
            ", ".join(leave) if leave else None,
            plan.holiday.name if plan.holiday else None,
        )


def totals(found: Iterable[tuple[Person, Iterable[DaySummary]]], unknown: Cell = None) -> list[Line]:
    """One line per person with the days added up.

    Days that are incomplete or not over are not in the overtime: `days_incomplete` says how many are open.

    Args:
        unknown: stands for the hours of somebody of whom no stay is known, but an incomplete day.
    """
    return [_total(person, added_up(some), unknown) for person, some in found]


def _total(person: Person, sums: Sums, unknown: Cell) -> Line:
    return {
        **_who(person),
        "days_present": sums.came,
        "days_late": sums.late,
        "days_absent": sums.absent,
        "days_on_leave": sums.on_leave,
        "days_incomplete": sums.incomplete,
        "hours": unknown if sums.hours is None else sums.hours,
        "expected_hours": sums.expected,
        "overtime": sums.overtime,
    }


def repairs(found: "Sequence[Repair]", zone: ZoneInfo) -> list[Line]:
    """One line per day that somebody is to look at, with the proposal that has the most evidence."""
    return [
        {
            "day": one.day,
            **_who(one.person),
            "what": one.text(zone),
            "reason": one.reason.name.lower(),
            "proposal": one.proposals[0].text if one.proposals else None,
            "status": one.summary.status.value,
            "first_in": _local(one.summary.first_in, zone),
            "last_out": _local(one.summary.last_out, zone),
        }
        for one in found
    ]


def appointments(found: Sequence[PersonDay]) -> list[Appointment]:
    """Every stay, for calendars; a stay over two shifts has an entry for each.

    One that goes on ends now. Where the check-in or the check-out is missing, the entry is an instant and says so.
    """
    return [
        _appointment(day.person, one, begun, ended)
        for day in found
        for one in day.summary.pieces
        if (begun := one.end if one.start is None else one.start) is not None
        and (ended := one.start if one.end is None else one.end) is not None
    ]


def _appointment(person: Person, stay: Piece, begun: int, ended: int) -> Appointment:
    told = " (still in)" if stay.running else ""
    if stay.is_unknown:
        told = f" (check-{'in' if stay.start is None else 'out'} missing)"
    uid = stay.came.event if stay.came else f"{person.id}-{begun}"
    end = instant_of(ended) if ended > begun else None
    return Appointment(f"{uid}@muster", person.name + told, instant_of(begun), end)


@dataclass(frozen=True, slots=True)
class EventOf:
    """A row of the ledger with what a report says of it."""

    event: AttendanceEvent
    person: Person
    door: str
    reason: str
    """Why the desk wrote it; empty for what a door wrote."""
    counts: bool
    """Whether it still counts after voids and corrections."""


def events(found: Sequence[EventOf], zone: ZoneInfo) -> list[Line]:
    """One line per row of the ledger, in the order given; a correction says what happened instead."""
    return [
        {
            "at": _local(one.event.at, zone),
            **_who(one.person),
            "event": one.event.corrected_kind or one.event.kind,
            "door": one.door,
            "method": one.event.method,
            "by": one.event.actor,
            "reason": one.reason or None,
            "counts": one.counts,
            "id": str(one.event.id),
            "target": str(one.event.target) if one.event.target else None,
        }
        for one in found
    ]


def table(title: str, lines: Sequence[Mapping[str, object]], columns: Iterable[str] = ()) -> Table:
    """The lines under these columns and one per other name; what is nested gets columns of its own."""
    flat = [_flat(line) for line in lines]
    names = tuple(dict.fromkeys((*columns, *(name for line in flat for name in line))))
    return Table(title, names, [tuple(line.get(name) for name in names) for line in flat])


def compact(title: str, lines: Sequence[Mapping[str, object]]) -> Table:
    """The table for a terminal: capitalised heads, clock times and percentages, no empty and no redundant columns."""
    wide = table(title, lines)
    shares = {name for line in lines if isinstance(line.get("shares"), Mapping) for name in (*EMOTIONS, UNSURE)}
    shown = [
        tuple(_compact(name, cell, shares) for name, cell in zip(wide.columns, row, strict=True)) for row in wide.rows
    ]
    if wide.columns and (nobody := _OF_NOBODY.get(wide.columns[0])):
        shown = [(nobody, *rest) if first is None else (first, *rest) for first, *rest in shown]
    kept = [
        index
        for index, name in enumerate(wide.columns)
        if name not in _NOT_ON_TERMINALS
        and not (name in ("reason", "status") and "proposal" in wide.columns)  # "what" says it in words
        and any(row[index] not in (None, "") for row in shown)
    ]
    rows = [tuple(row[index] for index in kept) for row in shown]
    heads = (_HEADS.get(name, name.capitalize()) for name in (wide.columns[index] for index in kept))
    return Table(title, tuple(heads), rows)


def _compact(name: str, value: Cell, shares: set[str]) -> Cell:
    if name in ("first_in", "last_out") and isinstance(value, datetime):
        return value.strftime("%H:%M")
    if name == "at" and isinstance(value, datetime):
        told = shown(value)
        return told[:16] + told[19:]  # to the minute, and the offset of an hour that the clock shows twice
    if name == "hour" and isinstance(value, datetime):
        return value.strftime("%m-%d %H:%M")
    if name == "late_minutes" and isinstance(value, int):
        return timedelta(minutes=value) if value else ""
    if name == "event":
        return {"check_in": "came in", "check_out": "left", "void": "made void"}[str(value)]
    if name in shares and isinstance(value, float):
        return f"{value:.0%}" if value else ""  # a mood that nobody had needs no column
    return "fewer than 5 people" if name == "hidden" and value else "" if name == "hidden" else value


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


@lru_cache(1 << 14)
def _local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return at.astimezone(zone).replace(microsecond=0) if at else None
