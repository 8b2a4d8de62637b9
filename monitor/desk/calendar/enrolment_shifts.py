"""Shifts in a list of people to enrol: columns beside names and pictures. Every function blocks."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Unpack
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from db.engine import writing
from enroll.imports.columns import Columns, find_columns
from enroll.imports.spreadsheet import SUFFIXES, identity_in, read_sheets
from monitor.desk.actor import Actor
from monitor.desk.calendar.lists import Imported, fields_of, import_rows
from monitor.desk.calendar.shift_import import HEADINGS, add_row, shift_of
from monitor.errors import UsageError

_REQUIRED = frozenset({"days", "from", "to"})
_FIELDS = {name: words for name, words in HEADINGS.items() if name not in ("person", "number", "group")}


def enter_shifts(engine: Engine, zone: ZoneInfo, path: Path, **by: Unpack[Actor]) -> Imported | None:
    """Enter the shift of each person of a list who is enrolled; None where it has no columns days, from and to.

    A row without a shift is passed over; one that cannot be entered is left out, and it is said why.

    Raises:
        UsageError: the list cannot be read.
        DatabaseError: the database cannot be written; no shift is entered then.
    """
    rows, today = _rows(path), by["at"].astimezone(zone).date()
    if rows is None:
        return None
    with writing(engine) as session:
        return import_rows(rows, lambda cells: add_row(session, cells, today, **by))


def check_shifts(path: Path, today: date) -> Imported | None:
    """What `enter_shifts` could not read in the rows; nothing is written."""
    rows = _rows(path)
    return None if rows is None else import_rows(rows, lambda cells: _is_shift(cells, today))


def _is_shift(cells: dict[str, str], today: date) -> bool:
    return bool(shift_of(cells["days"], cells["from"], cells["to"], cells, today))


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]] | None:
    """The rows that give a shift, with the person's name and number."""
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        return None
    for rows, _ in read_sheets(path):
        try:
            above, columns = find_columns([row for _, row in rows[:200]])
        except UsageError:
            continue  # another sheet has the people
        places = fields_of(columns.heading, _FIELDS)
        if not places.keys() >= _REQUIRED:
            return None
        return _given(rows[above + 1 :], columns, places)
    return None


def _given(
    rows: Sequence[tuple[int, Sequence[str]]], columns: Columns, places: Mapping[str, int]
) -> Iterator[tuple[int, dict[str, str]]]:
    for number, row in rows:
        cells = {field: row[place].strip() if place < len(row) else "" for field, place in places.items()}
        who = identity_in(row, columns, None)
        if any(cells.values()) and who.name:
            yield number, {**cells, "person": who.name, "number": who.number or ""}
