"""Tables as files: CSV, XLSX, JSON lines and iCalendar.

Cells are untrusted text: a name such as `=HYPERLINK(…)` must never become a formula in a spreadsheet (CWE-1236).
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, TypeAlias

from monitor.text import hours_and_minutes, printable

Cell: TypeAlias = str | int | float | bool | date | datetime | timedelta | None

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "|", "%")
_LONGEST_CELL: Final = 32_767
"""Characters that a cell of XLSX can hold."""


def decimal_hours(time: timedelta) -> float:
    """Hours as files have them, with two decimals."""
    return round(time.total_seconds() / 3600, 2)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns. Times are the site's own; a duration becomes decimal hours in files."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]


@dataclass(frozen=True, slots=True)
class Appointment:
    """An entry of a calendar."""

    uid: str
    title: str
    start: datetime
    end: datetime


def to_csv(table: Table) -> str:
    """RFC 4180 with a header row. Text that a spreadsheet would take for a formula begins with an apostrophe."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([_csv_cell(cell) for cell in row] for row in table.rows)
    return buffer.getvalue()


def to_xlsx(table: Table) -> bytes:
    """A workbook with one sheet; texts are texts, also those that look like formulas."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet: Any = book.create_sheet(printable(table.title)[:31])  # its class in this mode is private to openpyxl
    sheet.freeze_panes = "A2"
    for row in (table.columns, *table.rows):
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, _xlsx_value(value))
            if isinstance(value, date) and not isinstance(value, datetime):
                cell.number_format = "yyyy-mm-dd"
            if isinstance(value, str):
                cell.data_type = "s"
                cell.quotePrefix = True
            if row is table.columns:
                cell.font = Font(bold=True)
            cells.append(cell)
        sheet.append(cells)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def to_json_lines(records: Sequence[Mapping[str, object]]) -> str:
    """One JSON object a line."""
    return "".join(json.dumps(record, ensure_ascii=False, default=_json_value) + "\n" for record in records)


def to_ics(name: str, appointments: Sequence[Appointment]) -> bytes:
    """RFC 5545: a calendar with one entry per appointment, in UTC."""
    from icalendar import Calendar, Event

    calendar = Calendar.new(name=printable(name), prodid="-//Muster//Attendance//EN")
    for one in appointments:
        start, end = one.start.astimezone(UTC), one.end.astimezone(UTC)
        calendar.add_component(Event.new(uid=one.uid, summary=printable(one.title), start=start, end=end, stamp=start))
    ical: bytes = calendar.to_ical()
    return ical


def shown(value: Cell) -> str:
    """A cell as text for people."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, timedelta):
        return hours_and_minutes(value)
    return printable(value) if isinstance(value, str) else str(value)


def _csv_cell(value: Cell) -> str:
    text = shown(decimal_hours(value) if isinstance(value, timedelta) else value)
    dangerous = isinstance(value, str) and text.lstrip().startswith(_FORMULA_STARTS)
    return f"'{text}" if dangerous else text


def _xlsx_value(value: Cell) -> str | float | datetime | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)  # spreadsheets have no time zones; the sheet's times are the site's
    if isinstance(value, timedelta):
        return decimal_hours(value)
    if isinstance(value, date):
        return datetime.combine(value, time())
    return printable(value)[:_LONGEST_CELL] if isinstance(value, str) else value


def _json_value(value: object) -> str | float:
    if isinstance(value, timedelta):
        return decimal_hours(value)
    return value.isoformat() if isinstance(value, date) else str(value)
