"""`muster attendance` and `muster mood`: who came when, and in what mood."""

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

import typer

from monitor.cli.options import ForceOption, Output, Paper, Run, err, out, output_to, shared, tell
from monitor.cli.progress import working
from monitor.collector import paused_collector
from monitor.errors import UsageError
from monitor.reports.cells import Dialect

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Engine

    from monitor.attendance.days import Period, PersonDay
    from monitor.config import Settings
    from monitor.reports.cells import Table
    from monitor.reports.lines import Line


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    ICS = "ics"
    HTML = "html"


class Hours(StrEnum):
    CLOCK = "clock"
    DECIMAL = "decimal"


_LEAST: Final = {
    "Person": 12, "Number": 5, "Group": 5, "Reason": 6, "By": 4, "Door": 4, "What": 14, "Proposal": 14, "Status": 6,
    "Leave": 3, "Holiday": 3,
}  # fmt: skip
"""The columns of a terminal's table whose texts are cut where it is too narrow, and how many cells each keeps."""

Advance: TypeAlias = Callable[[int, int], None]
"""Called with how much is done, and with how much there is to do."""

_Asked: TypeAlias = "tuple[Engine, Settings, Period, datetime]"
"""Of whose database, by whose rules, which days are asked for, and when."""

FromOption = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="First day: YYYY-MM-DD, 9 mar, yesterday.")
]
ToOption = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day, included; today if not given.")]
MonthOption = Annotated[
    str | None,
    typer.Option(
        "--month", metavar="MONTH", help="A whole month, 2026-11, nov or last-month, instead of --from and --to."
    ),
]
PersonOption = Annotated[
    str | None, typer.Option("--person", metavar="NAME", help="Only this person: a name, a number or an id.")
]
GroupOption = Annotated[str | None, typer.Option("--group", help="Only people of this group.")]
By = typer.Option("--by", help="What each line is about.")
FormatOption = Annotated[
    Format | None, typer.Option("--format", help="By default what the name of --output says, else a table.")
]
DialectOption = Annotated[
    Dialect | None,
    typer.Option(
        "--dialect",
        help="Of CSV. excel: opens rightly in Excel; by default for --output, else plain, for programs. In each, a "
        "text that a spreadsheet would take for a formula begins with an apostrophe.",
    ),
]
HoursOption = Annotated[
    Hours | None,
    typer.Option("--hours", help="8:30 (clock) or 8.5 (decimal). By default decimal in CSV and JSON, else clock."),
]
OutputOption = Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write to this file.")]


@shared
@paused_collector(skipping=True)  # also of what is imported
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
    force: ForceOption = False,
    dialect: DialectOption = None,
    hours: HoursOption = None,
) -> None:
    """Who came when: status, first in, last out, hours, late, overtime. Today by default.

    With --by repair: the days that somebody is to look at, because an entry is missing, nobody came, or a rule closed
    the day; each with what may have happened. With --by event: every row of the ledger, with how, by whom and why, and
    whether it still counts. With --format html: a sheet to print and to sign, a page a person.
    """
    from monitor.desk.calendar.whom import known_group
    from monitor.desk.people.finding import find_person
    from monitor.reports.columns import COLUMNS

    settings, form, now = run.settings(), _format(format_, output, json=run.as_json), run.at
    target = output_to(output, force=force)
    period = _period(first, last, now.astimezone(settings.zone).date(), before=0, month=month)
    engine = run.database(settings)
    who = find_person(engine, person) if person is not None else None
    group = known_group(engine, group) if group is not None else None
    style = _Style(form, target, dialect, hours)
    if form in (Format.ICS, Format.HTML) and by != "day":
        raise UsageError(f"--format {form} is for stays, not for --by {by}; use table, csv, xlsx or json.")
    _note(run, f"attendance by {by}", style, period, group, who.id if who else None)
    asked, whom = (engine, settings, period, now), {"group": group, "person": who}
    if by == "day" and form is not Format.TABLE:
        _write_days(style, asked, whom)
        return
    lines = list(_lines(by, form, asked, whom))
    title = f"{'Needs you' if by == 'repair' else 'Attendance'} {settings.site}"
    _write(title, lines, style, COLUMNS["attendance" if by == "day" else f"attendance --by {by}"])
    if not lines and form is Format.TABLE:
        what = "Nothing is to be repaired" if by == "repair" else "There is no attendance"
        tell(f"{what} {period.in_words}.", err)


def _lines(by: str, form: Format, asked: "_Asked", whom: Mapping[str, Any]) -> "Iterable[Line]":
    """The lines of a report of attendance."""
    from monitor.reports import lines as report_lines

    engine, settings, period, _ = asked
    unknown = "?" if form is Format.TABLE else None
    if by == "repair":
        from monitor.desk.days.repair_list import repair_list

        return report_lines.repairs(repair_list(*asked, **whom).open, settings.zone)
    if by == "event":
        from monitor.desk.days.events import events

        return report_lines.events(events(engine, settings, period, **whom), settings.zone)
    from monitor.desk.days.attendance import attendance, by_person

    if by == "person":
        return report_lines.totals(by_person(*asked, **whom), unknown)
    return report_lines.days(attendance(*asked, **whom), settings.zone, unknown)


def _write_days(style: "_Style", asked: "_Asked", whom: Mapping[str, Any]) -> None:
    """The days of people as a file: some are in memory at a time, but for those of a calendar."""
    from monitor.desk.days.attendance import attendance, by_person, each_day, write_days
    from monitor.reports.export import to_ics
    from monitor.reports.lines import appointments
    from monitor.reports.sheet import sheets

    (_, settings, period, _), target = asked, style.target
    if style.form is Format.HTML:
        target.write("".join(sheets(settings.site, period, by_person(*asked, **whom), settings.zone)).encode())
    elif style.form is Format.ICS:
        target.write(to_ics(f"Attendance {settings.site}", appointments(attendance(*asked, **whom))))
    else:
        progress: AbstractContextManager[Advance] = (
            working("Writing days") if target.file else nullcontext(lambda *_: None)
        )
        with progress as advance:
            days = _counted(each_day(*asked, **whom), period, advance)
            target.write(lambda file: write_days(file, style.form, days, settings.zone, **style.options))


@shared
@paused_collector(skipping=True)
def mood(
    run: Run,
    first: FromOption = None,
    last: ToOption = None,
    group: GroupOption = None,
    by: Annotated[Literal["hour", "day", "person", "group"], By] = "day",
    format_: FormatOption = None,
    output: OutputOption = None,
    force: ForceOption = False,
    dialect: DialectOption = None,
) -> None:
    """In what mood people were. The last seven days by default."""
    from monitor.desk.calendar.whom import known_group
    from monitor.desk.days.moods import mood_report
    from monitor.reports.mood_lines import columns, moods

    settings, form = run.settings(), _format(format_, output, json=run.as_json)
    target = output_to(output, force=force)
    if form in (Format.ICS, Format.HTML):
        raise UsageError(f"--format {form} is for attendance only; use table, csv, xlsx or json.")
    if by == "person" and settings.mood != "individual":
        raise UsageError(f"Moods are not shown per person (mood = {settings.mood}); use --by hour, day or group.")
    period = _period(first, last, run.at.astimezone(settings.zone).date(), before=6)
    engine = run.database(settings)
    group = known_group(engine, group) if group is not None else None
    cells, names, changes = mood_report(engine, settings, period, by, group=group)
    lines = moods(cells, by, names, changes, settings.mood_confidence)
    style = _Style(form, target, dialect, None)
    _note(run, f"mood by {by}", style, period, group)
    _write(f"Mood {settings.site}", lines, style, columns(by))
    if not lines and form is Format.TABLE:
        tell(f"There are no moods {period.in_words}.", err)


def _note(
    run: Run, report: str, style: "_Style", period: "Period", group: str | None, person: "UUID | None" = None
) -> None:
    """Say in the audit log what goes out as a file; what is only shown, and JSON for programs, is not noted."""
    if style.target.file is not None or style.form not in (Format.TABLE, Format.JSON):
        run.note_export(report, style.target.file, period=period, person=person, group=group)


def _format(given: Format | None, output: Path | None, *, json: bool) -> Format:
    """The format: as given, else as the name of the file says, else a table."""
    if json:
        if given not in (None, Format.JSON):
            raise UsageError(f"--json and --format {given} contradict each other; give one of them.")
        return Format.JSON
    suffix = output.suffix.lower().removeprefix(".").replace("jsonl", "json") if output else Format.TABLE
    named = Format(suffix) if suffix in list(Format) else None
    if given is not None and output is not None and named not in (None, given):
        raise UsageError(f"--format {given} and the name {output.name} contradict each other; change one of them.")
    if found := given or named:
        return found
    assert output is not None
    raise UsageError(f"The name {output.name} does not end in .csv, .xlsx, .json, .ics or .html; give --format.")


def _counted(days: "Iterable[PersonDay]", period: "Period", advance: Advance) -> "Iterator[PersonDay]":
    """These days of people, which come in the order of the calendar, with a bar."""
    last = None
    for one in days:
        if one.summary.day != last:
            last = one.summary.day
            advance((last - period.first).days, (period.last - period.first).days + 1)
        yield one


def _period(first: str | None, last: str | None, today: date, *, before: int, month: str | None = None) -> "Period":
    from monitor.attendance.days import Period
    from monitor.calendar_text import parse_period, parse_whole_month

    if month is None:
        return Period(*parse_period(first, last, today, before=before))
    if first or last:
        raise UsageError("--month is a whole month; leave --from and --to out.")
    return Period(*parse_whole_month(month, today))


@dataclass(frozen=True, slots=True)
class _Style:
    """Where a report goes, and how it is written there."""

    form: Format
    target: Output
    dialect: Dialect | None
    hours: Hours | None

    def __post_init__(self) -> None:
        if self.dialect is not None and self.form is not Format.CSV:
            raise UsageError("--dialect is for --format csv.")
        if self.form is Format.XLSX and self.target.file is None and sys.stdout.isatty():
            raise UsageError("A workbook cannot be shown on the terminal; give --output FILE.xlsx.")

    @property
    def clock(self) -> bool | None:
        """Whether durations are h:mm; None: as usual in the format."""
        return None if self.hours is None else self.hours is Hours.CLOCK

    @property
    def options(self) -> dict[str, Any]:
        """For `monitor.reports.export.write_rows`."""
        usual = Dialect.EXCEL if self.target.file else Dialect.PLAIN
        return {"dialect": self.dialect or usual, "clock": self.clock}


def _write(title: str, lines: "Sequence[Line]", style: _Style, columns: "Iterable[str]") -> None:
    """The lines; CSV and workbooks have these columns also where there are no lines."""
    from monitor.reports.export import write_json_lines, write_rows
    from monitor.reports.lines import compact, table

    if style.form is Format.TABLE:
        _show(compact(title, lines), style.target, decimal=style.hours is Hours.DECIMAL)
    elif style.form is Format.JSON:
        style.target.write(lambda file: write_json_lines(file, lines, clock=bool(style.clock)))
    else:
        wide = table(title, lines, columns)
        style.target.write(lambda file: write_rows(file, style.form, title, wide.columns, wide.rows, **style.options))


def _show(report: "Table", target: Output, *, decimal: bool) -> None:
    from monitor.cli.table import plain_table, table
    from monitor.reports.export import shown

    if not report.rows:
        return
    rows = [tuple(shown(cell, decimal=decimal) for cell in row) for row in report.rows]
    kept = io.StringIO()
    paper = Paper(file=kept) if target.file else out
    least = {} if "Proposal" in report.columns else _LEAST  # a proposal is never cut, but takes several lines
    lines = plain_table(report.columns, rows, paper.width, least)
    if lines is None:
        paper.print(table(report.columns, rows, fold=("What", "Proposal"), least=_LEAST))
    else:
        paper.print(lines[0], style="bold", markup=False)
        paper.out("\n".join(lines[1:]), highlight=False)
    if target.file:
        target.write(kept.getvalue().encode())
