"""`muster attendance` and `muster mood`: who came when, and in what mood."""

import io
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from monitor.cli.options import Run, err, out, shared
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.attendance.days import Period
    from monitor.config import Settings
    from monitor.reports.export import Appointment, Table

_FIRST: Final = date(2000, 1, 1)
_LAST: Final = date(2199, 12, 31)
"""No attendance lies outside; a mistyped year is told at once, not after a million days."""


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    ICS = "ics"


class AttendanceBy(StrEnum):
    DAY = "day"
    PERSON = "person"
    EVENT = "event"


class MoodBy(StrEnum):
    HOUR = "hour"
    DAY = "day"
    PERSON = "person"
    GROUP = "group"


FromOption = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="First day: 2026-11-22, today, yesterday.")
]
ToOption = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day, included; today if not given.")]
GroupOption = Annotated[str | None, typer.Option("--group", help="Only people of this group.")]
AttendanceByOption = Annotated[AttendanceBy, typer.Option("--by", help="What one line is about.")]
MoodByOption = Annotated[MoodBy, typer.Option("--by", help="What one line is about.")]
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="Guessed from --output if not given; else a table.")
]
OutputOption = Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write to this file.")]


@shared
def attendance(
    run: Run,
    first: FromOption = None,
    last: ToOption = None,
    group: GroupOption = None,
    by: AttendanceByOption = AttendanceBy.DAY,
    format_: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Who came when: status, first in, last out, hours. Today, if no days are given."""
    from db.engine import open_database
    from monitor.desk.days import attendance as desk
    from monitor.reports import lines as report_lines
    from monitor.reports import totals

    settings, form, now = _request(run, format_, output)
    period = _period(first, last, now.astimezone(settings.zone).date(), days_before=0)
    days = desk.attendance(open_database(settings.db, read_only=True), settings, period, now, group=group)
    if by is AttendanceBy.DAY:
        lines = report_lines.days(days, settings.zone)
    elif by is AttendanceBy.PERSON:
        lines = report_lines.totals(totals.totals(days))
    else:
        lines = report_lines.events(days, settings.zone)
    _write(f"Attendance {settings.site}", lines, form, output, totals.appointments(days))
    if not lines and form is Format.TABLE:
        err.print(f"There is no attendance from {period.first} to {period.last}.", markup=False)


@shared
def mood(
    run: Run,
    first: FromOption = None,
    last: ToOption = None,
    group: GroupOption = None,
    by: MoodByOption = MoodBy.DAY,
    format_: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """In what mood people were. The last seven days, if none are given."""
    from db.engine import open_database
    from monitor.desk.days.moods import mood_report
    from monitor.reports import lines as report_lines

    settings, form, now = _request(run, format_, output)
    if form is Format.ICS:
        raise UsageError("Moods make no calendar; use --format table, csv, xlsx or json.")
    if by is MoodBy.PERSON and settings.mood != "individual":
        raise UsageError(f"Moods are not shown per person (mood = {settings.mood}); use --by hour, day or group.")
    period = _period(first, last, now.astimezone(settings.zone).date(), days_before=6)
    engine = open_database(settings.db, read_only=True)
    cells, names = mood_report(engine, settings, period, by.value, group=group)
    lines = report_lines.moods(cells, by.value, names, settings.mood_confidence)
    _write(f"Mood {settings.site}", lines, form, output)
    if not lines and form is Format.TABLE:
        err.print(f"There are no moods from {period.first} to {period.last}.", markup=False)


def _request(run: Run, format_: Format | None, output: Path | None) -> "tuple[Settings, Format, datetime]":
    """The settings in force, what to write, and the time now."""
    return run.settings(), _format(format_, output, json=run.as_json), run.at


def _format(given: Format | None, output: Path | None, *, json: bool) -> Format:
    """What to write: as asked for, else as the file's name says, else a table."""
    if json:
        if given not in (None, Format.JSON):
            raise UsageError(f"--json and --format {given} contradict each other; give one of them.")
        return Format.JSON
    if given is not None:
        return given
    if output is None:
        return Format.TABLE
    suffix = output.suffix.lower().removeprefix(".").replace("jsonl", "json")
    if suffix in list(Format):
        return Format(suffix)
    raise UsageError(f"What kind of file {output.name} is to be is not clear; give --format csv, xlsx, json or ics.")


def _period(first: str | None, last: str | None, today: date, *, days_before: int) -> "Period":
    from monitor.attendance.days import Period

    end = _day(last, today) if last else today
    start = _day(first, today) if first else min(end, today - timedelta(days=days_before) if last is None else end)
    if start > end:
        raise UsageError(f"The first day ({start}) is after the last ({end}); swap them.")
    return Period(start, end)


def _day(text: str, today: date) -> date:
    if text in ("today", "yesterday"):
        return today - timedelta(days=text == "yesterday")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no day; write it like {today}, or today, or yesterday.") from None
    if not _FIRST <= day <= _LAST:
        raise UsageError(f"{text!r} is too far away; give a day from {_FIRST} to {_LAST}.")
    return day


def _write(
    title: str,
    lines: Sequence[Mapping[str, object]],
    form: Format,
    output: Path | None,
    appointments: "Sequence[Appointment]" = (),
) -> None:
    from monitor.reports import export
    from monitor.reports.lines import compact, table

    if form is Format.TABLE:
        _show(compact(title, lines), output)
    elif form is Format.CSV:
        _put(export.to_csv(table(title, lines)).encode(), output)
    elif form is Format.JSON:
        _put(export.to_json_lines(lines).encode(), output)
    elif form is Format.ICS:
        _put(export.to_ics(title, appointments), output)
    else:
        if output is None and sys.stdout.isatty():
            raise UsageError("A workbook cannot be shown on the terminal; give --output FILE.xlsx.")
        _put(export.to_xlsx(table(title, lines)), output)


def _put(data: bytes, output: Path | None) -> None:
    from monitor.files import write_atomically

    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    write_atomically(output, data)


def _show(table: "Table", output: Path | None) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    from monitor.reports.export import shown

    if not table.rows:
        return
    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    for name in table.columns:
        grid.add_column(name, overflow="fold", no_wrap=name not in ("person", "group", "number"))
    for row in table.rows:
        # Text objects, because names may hold Rich's markup.
        grid.add_row(*(Text(shown(cell)) for cell in row))
    if output is None:
        out.print(grid)
        return
    paper = io.StringIO()
    Console(width=200, file=paper).print(grid)
    _put(paper.getvalue().encode(), output)
