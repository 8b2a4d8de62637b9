"""`muster leave`: who is away, and why."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from monitor.cli.calendar.options import open_site, parsed_day, tell_import
from monitor.cli.groups import command_group
from monitor.cli.options import Run, shared
from monitor.collector import paused_collector
from monitor.text import plural

if TYPE_CHECKING:
    from monitor.desk.calendar.leave import LeaveEntry

app = command_group("Leave of people: holiday, sick, training, unpaid or other, for days and half days.")

Kind = Literal["holiday", "sick", "training", "unpaid", "other"]


@app.command("list")
@shared
@paused_collector(skipping=True)  # of what is imported
def list_(
    run: Run,
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day; today if not given.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day; no end if not given.")] = None,
    person: Annotated[str | None, typer.Option("--person", metavar="NAME", help="Of this person only.")] = None,
) -> None:
    """Leave now and to come, or in a range of days."""
    from monitor.cli.table import show_list
    from monitor.desk.calendar.leave import list_leave
    from monitor.desk.people.finding import find_person

    engine, _, today = open_site(run, read_only=True)
    who = find_person(engine, person).id if person else None
    found = list_leave(engine, parsed_day(first, today) or today, parsed_day(last, today), person=who)
    heads, end = ("Name", "From", "To", "Kind", "Half", "Days", "Note", "ID"), f"{plural(len(found), 'leave')}."
    show_list(run, found, _json, heads, _cells, end, right=("Days",), least={"Name": 12, "Note": 6})


@app.command()
@shared
def add(
    run: Run,
    who: Annotated[str, typer.Argument(metavar="NAME", help="A name or a part of it, a number or an id.")],
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="First day.")] = "today",
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Last day, included; the first if not given.")
    ] = None,
    kind: Annotated[Kind, typer.Option("--kind", help="Why they are away.")] = "holiday",
    half: Annotated[
        Literal["morning", "afternoon"] | None, typer.Option("--half", help="The half of each day that is free.")
    ] = None,
    note: Annotated[str, typer.Option("--note", help="For the desk.")] = "",
) -> None:
    """Enter leave of a person, a sick day or any other day away with a reason."""
    from monitor.calendar_text import parse_day
    from monitor.desk.calendar.leave import add_leave, new_leave
    from monitor.desk.people.finding import find_person

    engine, settings, today = open_site(run)
    begin = parse_day(first, today)
    end = parse_day(last, begin) if last else begin
    new = new_leave(find_person(engine, who).id, begin, end, kind, half, note)
    _tell(run, add_leave(engine, settings.zone, new, **run.stamp), "added")


@app.command()
@shared
def remove(
    run: Run, leave: Annotated[str, typer.Argument(metavar="ID", help="The id or the end of it, from the list.")]
) -> None:
    """Remove a leave."""
    from monitor.desk.calendar.leave import find_leave, remove_leave

    engine, settings, _ = open_site(run)
    _tell(run, remove_leave(engine, settings.zone, find_leave(engine, leave).id, **run.stamp), "removed")


@app.command("import")
@shared
def import_(
    run: Run,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV or XLSX, a row a leave.", readable=False)],
) -> None:
    """Enter the leave of a list.

    Its columns: name or number, from; and where wanted: to, kind, half, note.
    """
    from monitor.desk.calendar.leave import import_leave

    engine, settings, _ = open_site(run)
    tell_import(run, import_leave(engine, settings.zone, file.expanduser(), **run.stamp), "leave")


def _tell(run: Run, done: "LeaveEntry", key: str) -> None:
    from monitor.desk.calendar.shifts import past_words

    past = f" {past_words(done.past_days)}" if done.past_days else ""
    run.say(f"{key.title()}. {done.words}{past}", {key: _json(done), "past_days": done.past_days})


def _cells(one: "LeaveEntry") -> list[str]:
    leave = one.leave
    days = "" if one.days is None else f"{float(one.days):g}"
    when = [str(leave.first), str(leave.last), leave.kind, leave.half or "", days]
    return [one.person.name, *when, leave.note, str(leave.id)[-8:]]


def _json(one: "LeaveEntry") -> dict[str, Any]:
    leave = one.leave
    return {
        "id": leave.id,
        "person": one.person.name,
        "number": one.person.number,
        "group": one.person.group,
        "from": leave.first,
        "to": leave.last,
        "kind": leave.kind,
        "half": leave.half,
        "days": None if one.days is None else float(one.days),
        "note": leave.note,
    }
