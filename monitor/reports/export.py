"""Tables as files: CSV, XLSX, JSON lines and iCalendar.

Cells are untrusted text: a name such as `=HYPERLINK(…)` must never become a formula in a spreadsheet (CWE-1236).
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, BinaryIO, Final

from monitor.reports.cells import Cell, Dialect
from monitor.text import hours_and_minutes, printable

SIGNED: Final = frozenset({"overtime", "balance"})
"""Columns whose durations may be negative."""
_YES_OR_NO: Final = {True: "yes", False: "no"}
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "|", "%")


@lru_cache(4096)
def decimal_hours(time: timedelta) -> float:
    """Hours as files have them, with two decimals."""
    return round(time.total_seconds() / 3600, 2)


@dataclass(frozen=True, slots=True)
class Appointment:
    """An entry of a calendar."""

    uid: str
    title: str
    start: datetime
    end: datetime | None
    """None for an instant: an entry of a calendar must end later than it starts (RFC 5545), or say no end."""


def write_csv(
    file: BinaryIO, columns: Sequence[str], rows: Iterable[Sequence[Cell]], dialect: Dialect, *, clock: bool
) -> None:
    """RFC 4180 with a header row, row by row into a file that is open.

    A text that a spreadsheet would take for a formula begins with an apostrophe.

    Args:
        clock: durations as h:mm instead of decimal hours.
    """
    plain, semicolon = dialect is Dialect.PLAIN, dialect is Dialect.EXCEL_SEMICOLON
    text = io.TextIOWrapper(file, "utf-8" if plain else "utf-8-sig", errors="replace", newline="")
    writer = csv.writer(text, lineterminator="\n" if plain else "\r\n", delimiter=";" if semicolon else ",")
    writer.writerow(columns)
    cells: dict[type, Callable[[Any], object]] = {
        str: _csv_text,
        timedelta: hours_and_minutes if clock else decimal_hours,
        datetime: lambda value: _moment(value, value.fold),
        bool: _YES_OR_NO.__getitem__,
    }
    if semicolon:
        numbers = cells[timedelta]
        cells[float] = lambda value: str(value).replace(".", ",")
        cells[timedelta] = lambda value: str(numbers(value)).replace(".", ",")
    of_type = cells.get
    writer.writerows(
        [value if (cell := of_type(type(value))) is None else cell(value) for value in row] for row in rows
    )
    text.flush()
    text.detach()


def write_xlsx(
    file: BinaryIO,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    title: str,
    *,
    clock: bool,
) -> None:
    """A workbook with a sheet a group and its sums, row by row into a file that is open.

    Texts are texts, also those that look like formulas.

    Args:
        title: of the only sheet, where no column is the group.
        clock: durations as h:mm instead of decimal hours; Excel cannot show negative ones, so that those of columns
            that may be negative stay decimal.
    """
    from monitor.reports.xlsx import Workbook

    group = columns.index("group") if "group" in columns else None
    decimal = [index for index, name in enumerate(columns) if not clock or name in SIGNED]
    with Workbook(file, columns) as book:
        for row in rows:
            cells = list(row)
            for index in decimal:
                value = cells[index]
                if type(value) is timedelta:
                    cells[index] = decimal_hours(value)
            book.append(title if group is None else str(row[group] or "No group"), cells)


def write_rows(
    file: BinaryIO,
    form: str,
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    dialect: Dialect = Dialect.EXCEL,
    clock: bool | None = None,
) -> None:
    """`write_csv` or `write_xlsx`.

    Args:
        form: csv or xlsx.
        clock: by default not in CSV, but in a workbook.
    """
    if form == "csv":
        write_csv(file, columns, rows, dialect, clock=bool(clock))
    else:
        write_xlsx(file, columns, rows, title, clock=clock is not False)


def write_json_lines(file: BinaryIO, records: Iterable[Mapping[str, object]], *, clock: bool) -> None:
    """One JSON object a line, into a file that is open.

    Args:
        clock: durations as h:mm instead of decimal hours.
    """
    value = _clock_value if clock else _json_value
    file.writelines(
        (json.dumps(record, ensure_ascii=False, default=value) + "\n").encode("utf-8", "replace") for record in records
    )


def json_record(record: Mapping[str, object]) -> dict[str, Any]:
    """A record with JSON's own types, as `write_json_lines` writes it with decimal hours."""
    told: dict[str, Any] = json.loads(json.dumps(record, default=_json_value))
    return told


def to_ics(name: str, appointments: Sequence[Appointment]) -> bytes:
    """RFC 5545: a calendar with one entry per appointment, in UTC."""
    from icalendar import Calendar, Event

    calendar = Calendar.new(name=printable(name), prodid="-//Muster//Attendance//EN")
    for one in appointments:
        start = one.start.astimezone(UTC)
        end = None if one.end is None else one.end.astimezone(UTC)
        calendar.add_component(Event.new(uid=one.uid, summary=printable(one.title), start=start, end=end, stamp=start))
    ical: bytes = calendar.to_ical()
    return ical


def shown(value: Cell, *, decimal: bool = False) -> str:
    """A cell as text for people.

    Args:
        decimal: hours with two decimals instead of h:mm.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return _YES_OR_NO[value]
    if isinstance(value, datetime):
        return _moment(value, value.fold)
    if isinstance(value, timedelta):
        return f"{decimal_hours(value):.2f}" if decimal else hours_and_minutes(value)
    return printable(value) if isinstance(value, str) else str(value)


@lru_cache(1 << 14)
def _moment(value: datetime, _fold: int) -> str:
    """The site's clock; in the hour that it shows twice with the offset from UTC, which tells them apart.

    Args:
        _fold: that of the value, by which alone two times of that hour differ as keys of the cache.
    """
    text = value.isoformat(" ", "seconds")
    half_hour = value.replace(minute=value.minute // 30 * 30, second=0, tzinfo=None, fold=0)
    if value.tzinfo is None or _is_shown_twice(value.tzinfo, half_hour):
        return text
    return text[:19]


@lru_cache(4096)
def _is_shown_twice(zone: tzinfo, half_hour: datetime) -> bool:
    """Whether the clock is set back or forward within this half hour of the local clock."""
    return half_hour.replace(tzinfo=zone).utcoffset() != half_hour.replace(tzinfo=zone, fold=1).utcoffset()


@lru_cache(4096)
def _csv_text(value: str) -> str:
    text = printable(value)
    return f"'{text}" if text.lstrip().startswith(_FORMULA_STARTS) else text


def _clock_value(value: object) -> str | float:
    return hours_and_minutes(value) if isinstance(value, timedelta) else _json_value(value)


def _json_value(value: object) -> str | float:
    if isinstance(value, timedelta):
        return decimal_hours(value)
    return value.isoformat() if isinstance(value, date) else str(value)
