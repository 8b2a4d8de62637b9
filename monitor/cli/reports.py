"""`muster attendance` and `muster mood`: who came when, and in what mood."""

import io
import sys
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from monitor.cli.options import Run, err, out, shared, tell
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.attendance.days import Period
    from monitor.reports.export import Appointment, Table

_FIRST: Final = date(2000, 1, 1)
_LAST: Final = date(2199, 12, 31)
"""First and last day that a report accepts: a mistyped year is refused before a million days are computed."""


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    ICS = "ics"


FromOption = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="First day: YYYY-MM-DD, today or yesterday.")
]
ToOption = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day, included; today if not given.")]
MonthOption = Annotated[
    str | None, typer.Option("--month", metavar="YYYY-MM", help="A whole month, instead of --from and --to.")
]
PersonOption = Annotated[
    str | None, typer.Option("--person", metavar="NAME", help="Only this person: a name, a number or an id.")
]
GroupOption = Annotated[str | None, typer.Option("--group", help="Only people of this group.")]
By = typer.Option("--by", help="What each line is about.")
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="By default what the name of --output says, else a table.")
]
OutputOption = Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write to this file.")]


@shared
def attendance(
    run: Run,
    first: FromOption = None,
    last: ToOption = None,
    month: MonthOption = None,
    person: PersonOption = None,
    group: GroupOption = None,
    by: Annotated[Literal["day", "person", "event", "repair"], By] = "day",
    format_: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Who came when: status, first in, last out, hours, late, overtime. Today by default.

    With --by repair: the days that somebody is to look at, because an entry is missing, nobody came, or a rule closed
    the day; each with what may have happened.
    """
    from db.engine import open_database
    from monitor.desk.calendar.whom import known_group
    from monitor.desk.days import attendance as desk
    from monitor.desk.days.repair_list import repair_list
    from monitor.desk.people.people import find_person
    from monitor.reports import lines as report_lines

    settings, form, now = run.settings(), _format(format_, output, json=run.as_json), run.at
    today = now.astimezone(settings.zone).date()
    period = _month(month, first, last, today) if month else _period(first, last, today, days_before=0)
    engine = open_database(settings.db, read_only=True)
    who = find_person(engine, person) if person is not None else None
    group = known_group(engine, group) if group is not None else None
    if by == "repair":
        if form is Format.ICS:
            raise UsageError("--format ics is for stays, not for --by repair; use table, csv, xlsx or json.")
        found = repair_list(engine, settings, period, now, group=group, person=who)
        _write(f"Needs you {settings.site}", report_lines.repairs(found, settings.zone), form, output)
        if not found and form is Format.TABLE:
            tell(f"Nothing is to be repaired {period.in_words}.", err)
        return
    days = desk.attendance(engine, settings, period, now, group=group, person=who)
    if by == "day":
        lines = report_lines.days(days, settings.zone)
    elif by == "person":
        lines = report_lines.totals(days)
    else:
        lines = report_lines.events(days, settings.zone)
    _write(f"Attendance {settings.site}", lines, form, output, report_lines.appointments(days))
    if not lines and form is Format.TABLE:
        tell(f"There is no attendance {period.in_words}.", err)


@shared
def mood(
    run: Run,
    first: FromOption = None,
    last: ToOption = None,
    group: GroupOption = None,
    by: Annotated[Literal["hour", "day", "person", "group"], By] = "day",
    format_: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """In what mood people were. The last seven days by default."""
    from db.engine import open_database
    from monitor.desk.calendar.whom import known_group
    from monitor.desk.days.moods import mood_report
    from monitor.reports import lines as report_lines

    settings, form = run.settings(), _format(format_, output, json=run.as_json)
    if form is Format.ICS:
        raise UsageError("--format ics is for attendance only; use table, csv, xlsx or json.")
    if by == "person" and settings.mood != "individual":
        raise UsageError(f"Moods are not shown per person (mood = {settings.mood}); use --by hour, day or group.")
    period = _period(first, last, run.at.astimezone(settings.zone).date(), days_before=6)
    engine = open_database(settings.db, read_only=True)
    group = known_group(engine, group) if group is not None else None
    cells, names = mood_report(engine, settings, period, by, group=group)
    lines = report_lines.moods(cells, by, names, settings.mood_confidence)
    _write(f"Mood {settings.site}", lines, form, output)
    if not lines and form is Format.TABLE:
        tell(f"There are no moods {period.in_words}.", err)


def _format(given: Format | None, output: Path | None, *, json: bool) -> Format:
    """The format: as given, else as the name of the file says, else a table."""
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
    raise UsageError(f"The name {output.name} does not end in .csv, .xlsx, .json or .ics; give --format.")


def _period(first: str | None, last: str | None, today: date, *, days_before: int) -> "Period":
    from monitor.attendance.days import Period

    end = _day(last, today) if last else today
    start = _day(first, today) if first else min(end, today - timedelta(days=days_before) if last is None else end)
    if start > today and last is None:
        raise UsageError(f"The first day ({start}) lies in the future; today is {today}.")
    if start > end:
        raise UsageError(f"The first day ({start}) is after the last ({end}); swap them.")
    return Period(start, end)


def _month(month: str, first: str | None, last: str | None, today: date) -> "Period":
    from monitor.desk.days.month import month_of

    if first or last:
        raise UsageError("--month is a whole month; leave --from and --to out.")
    try:
        start = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise UsageError(f"{month!r} is not a month; use YYYY-MM, such as 2026-11.") from None
    if not _FIRST <= start <= _LAST:
        raise UsageError(f"{month!r} is out of range; give a month from {_FIRST:%Y-%m} to {_LAST:%Y-%m}.")
    if start > today:
        raise UsageError(f"The month {month} lies in the future; today is {today}.")
    return month_of(start)


def _day(text: str, today: date) -> date:
    if text in ("today", "yesterday"):
        return today - timedelta(days=text == "yesterday")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a date; use YYYY-MM-DD, today or yesterday.") from None
    if not _FIRST <= day <= _LAST:
        raise UsageError(f"{text!r} is out of range; give a day from {_FIRST} to {_LAST}.")
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


def _show(report: "Table", output: Path | None) -> None:
    from rich.console import Console

    from monitor.cli.table import table
    from monitor.reports.export import shown

    if not report.rows:
        return
    grid = table(report.columns, ([*map(shown, row)] for row in report.rows), fold=("Person", "Group", "Number"))
    if output is None:
        out.print(grid)
        return
    paper = io.StringIO()
    Console(width=200, file=paper).print(grid)
    _put(paper.getvalue().encode(), output)
