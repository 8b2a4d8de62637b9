"""`muster shifts`: who is expected when."""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.calendar.options import open_site, parsed_day, tell_import
from monitor.cli.groups import command_group
from monitor.cli.options import Run, confirmed, shared
from monitor.collector import paused_collector
from monitor.errors import UsageError
from monitor.text import plural

if TYPE_CHECKING:
    from db.calendar import Shift
    from monitor.desk.calendar.shifts import ShiftChange, ShiftEntry

app = command_group("Who is expected when: for everybody, a group or a person; the narrowest shift counts.")

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="The shift's id or the end of it, from the list.")]
DaysOption = Annotated[str | None, typer.Option("--days", metavar="DAYS", help="Weekdays, such as mon-fri,sun.")]
FromOption = Annotated[str | None, typer.Option("--from", metavar="TIME", help="When the shift starts, such as 8:30.")]
ToOption = Annotated[
    str | None, typer.Option("--to", metavar="TIME", help="When it ends; not after the start: on the next day.")
]
GraceOption = Annotated[
    str | None, typer.Option("--grace", metavar="MIN", help="Minutes after the start that are not late (new: 5).")
]
BreakOption = Annotated[
    str | None, typer.Option("--break", metavar="MIN", help="Minutes of the break, taken off the hours (new: 0).")
]
PaidOption = Annotated[
    bool | None, typer.Option("--paid/--unpaid", help="Whether the break counts as work (new: unpaid).")
]
EveryOption = Annotated[
    str | None, typer.Option("--every", metavar="N-weeks", help="Every n-th week, from that of --valid-from.")
]
ValidToOption = Annotated[str | None, typer.Option("--valid-to", metavar="DAY", help="Last day, included.")]


@app.command("list")
@shared
@paused_collector(skipping=True)  # of what is imported
def list_(run: Run, ended: Annotated[bool, typer.Option("--all", help="Also shifts that ended.")] = False) -> None:
    """All shifts, and how many people have none."""
    from monitor.cli.table import show_list
    from monitor.desk.calendar.shifts import list_shifts

    engine, _, today = open_site(run, read_only=True)
    found = list_shifts(engine, today, ended=ended)
    heads = ("For", "Days", "Time", "Grace", "Break", "Every", "Valid\nfrom", "Valid\nto", "People", "ID")
    least = {"For": 5, "Days": 7, "Break": 4, "Every": 5}  # an id that is cut cannot be given to another command
    without = f"{plural(found.without_count, 'person has', 'people have')} none: never absent or late."
    start = "" if found.entries else " Enter one with 'muster shifts add'."
    end = f"{plural(len(found.entries), 'shift')}. {without}{start}"
    show_list(run, found.entries, _json, heads, _cells, end, right=("Grace", "People"), least=least)


@app.command()
@shared
def add(
    run: Run,
    days: DaysOption = None,
    start: FromOption = None,
    end: ToOption = None,
    person: Annotated[str | None, typer.Option("--person", metavar="NAME", help="For this person only.")] = None,
    group: Annotated[str | None, typer.Option("--group", metavar="GROUP", help="For this group only.")] = None,
    grace: GraceOption = None,
    break_: BreakOption = None,
    paid: PaidOption = None,
    valid_from: Annotated[
        str | None, typer.Option("--valid-from", metavar="DAY", help="First day; without it, from the beginning.")
    ] = None,
    valid_to: ValidToOption = None,
    every: EveryOption = None,
) -> None:
    """Enter a shift; without --person and --group it is for everybody."""
    from monitor.desk.calendar.shift_import import shift_of
    from monitor.desk.calendar.shifts import add_shift
    from monitor.desk.calendar.whom import find_group
    from monitor.desk.people.finding import find_person

    if not days or not start or not end:
        raise UsageError("A shift needs --days, --from and --to, such as --days mon-fri --from 9:00 --to 17:30.")
    if person and group:
        raise UsageError("A shift is for one person or for one group; give --person or --group.")
    given = {"grace": grace, "break": break_, "valid_from": valid_from, "valid_to": valid_to, "every": every}
    engine, settings, today = open_site(run)
    texts = {name: text for name, text in given.items() if text is not None} | {"paid": "yes" if paid else "no"}
    shift = shift_of(days, start, end, texts, today)
    if shift.every_weeks > 1 and shift.valid_from is None:
        raise UsageError(
            "A shift that comes every few weeks needs --valid-from: they are counted from that day's week."
        )
    if person:
        shift = replace(shift, person=find_person(engine, person).id)
    elif group:
        shift = replace(shift, group=find_group(engine, group))
    _require_meant(shift)
    _tell(run, add_shift(engine, settings.zone, shift, **run.stamp), "added", "Added.")


@app.command()
@shared
def change(
    run: Run,
    shift: IdArgument,
    on: Annotated[str, typer.Option("--on", metavar="DAY", help="First day of the new values.")] = "tomorrow",
    days: DaysOption = None,
    start: FromOption = None,
    end: ToOption = None,
    grace: GraceOption = None,
    break_: BreakOption = None,
    paid: PaidOption = None,
    valid_to: ValidToOption = None,
    every: EveryOption = None,
) -> None:
    """Change a shift from a day on, by default from tomorrow; the days before stay as they are."""
    from monitor.calendar_text import parse_clock, parse_day, parse_minutes, parse_weekdays
    from monitor.desk.calendar.shift_import import parse_weeks
    from monitor.desk.calendar.shifts import change_shift, find_shift

    engine, settings, today = open_site(run)
    old = find_shift(engine, shift)
    new: dict[str, Any] = {
        "weekdays": days and parse_weekdays(days),
        "start": start and parse_clock(start),
        "end": end and parse_clock(end),
        "grace_minutes": grace and parse_minutes(grace, "grace"),
        "break_minutes": break_ and parse_minutes(break_, "break"),
        "break_paid": paid,
        "valid_to": parsed_day(valid_to, today),
        "every_weeks": every and parse_weeks(every),
    }
    wanted = {name: value for name, value in new.items() if value is not None}
    if not wanted:
        raise UsageError("Nothing to change; give what is new, such as --from 8:00.")
    changed = replace(old, **wanted)
    if changed.length != old.length:
        _require_meant(changed)
    done = change_shift(engine, settings.zone, old.id, changed, parse_day(on, today), **run.stamp)
    _tell(run, done, "changed", "Changed.")


@app.command()
@shared
def remove(
    run: Run,
    shift: IdArgument,
    last: Annotated[
        str, typer.Option("--last", metavar="DAY", help="The last day on which it still counts.")
    ] = "yesterday",
    wholly: Annotated[bool, typer.Option("--wholly", help="From the past, too, as if it had never been.")] = False,
) -> None:
    """End a shift, by default with yesterday; the past stays as it is."""
    from monitor.calendar_text import parse_day
    from monitor.desk.calendar.shifts import end_shift, find_shift, remove_shift

    engine, settings, today = open_site(run)
    found = find_shift(engine, shift)
    if wholly:
        done = remove_shift(engine, settings.zone, found.id, **run.stamp)
    else:
        done = end_shift(engine, settings.zone, found.id, parse_day(last, today), **run.stamp)
        wholly = bool(found.valid_from and found.valid_from > parse_day(last, today))
    _tell(run, done, "removed" if wholly else "ended", "Removed." if wholly else "Ended.")


@app.command("import")
@shared
def import_(
    run: Run,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV or XLSX, a row a shift.", readable=False)],
) -> None:
    """Enter the shifts of a list.

    Its columns: days, from, to; and where wanted: name or number, group, grace, break, paid, valid from, valid to,
    every.
    """
    from monitor.desk.calendar.shift_import import import_shifts

    engine, settings, _ = open_site(run)
    tell_import(run, import_shifts(engine, settings.zone, file.expanduser(), **run.stamp), "shift")


def _require_meant(shift: "Shift") -> None:
    """Ask at a terminal whether a shift of 24 hours is meant. Raises: UsageError."""
    doubtful = shift.length == timedelta(days=1) and sys.stdin.isatty()
    if doubtful and not confirmed("This shift lasts 24 hours. Is that meant?"):
        raise UsageError("Nothing was written; correct --from or --to.")


def _tell(run: Run, done: "ShiftChange", key: str, verb: str) -> None:
    effect = done.effect if key in ("added", "changed") else done.past
    run.say(f"{verb} {done.entry.words} {effect}", {key: _json(done.entry), "past_days": done.past_days})


def _cells(one: "ShiftEntry") -> list[str]:
    from monitor.calendar_text import weekdays_text
    from monitor.desk.calendar.wording import times

    shift = one.shift
    paid = " paid" if shift.break_paid else ""
    cells = [one.whose, weekdays_text(shift.weekdays), times(shift), str(shift.grace_minutes)]
    cells.append(f"{shift.break_minutes}{paid}" if shift.break_minutes else "none")
    cells.append("week" if shift.every_weeks == 1 else f"{shift.every_weeks} weeks")
    return [*cells, str(shift.valid_from or ""), str(shift.valid_to or ""), str(one.people), str(shift.id)[-8:]]


def _json(one: "ShiftEntry") -> dict[str, Any]:
    from monitor.calendar_text import weekdays_text

    shift = one.shift
    return {
        "id": shift.id,
        "person": one.whose if shift.person else None,
        "group": shift.group,
        "days": weekdays_text(shift.weekdays),
        "from": f"{shift.start:%H:%M}",
        "to": f"{shift.end:%H:%M}",
        "grace": shift.grace_minutes,
        "break": shift.break_minutes,
        "paid": shift.break_paid,
        "every_weeks": shift.every_weeks,
        "valid_from": shift.valid_from,
        "valid_to": shift.valid_to,
        "people": one.people,
    }
