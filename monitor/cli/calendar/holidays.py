"""`muster holidays`: public holidays, on which nobody is expected."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from monitor.cli.calendar.options import open_site
from monitor.cli.groups import command_group
from monitor.cli.options import Run, emit, err, shared, tell
from monitor.collector import paused_collector
from monitor.text import date_text, plural, printable

if TYPE_CHECKING:
    from db.calendar import Holiday

app = command_group("Public holidays: nobody is expected, late or absent on them.")


@app.command("list")
@shared
@paused_collector(skipping=True)  # of what is imported
def list_(run: Run, every: Annotated[bool, typer.Option("--all", help="Also those before today.")] = False) -> None:
    """The holidays from today on."""
    from monitor.cli.table import show_list
    from monitor.desk.calendar.holidays import list_holidays

    engine, _, today = open_site(run, read_only=True)
    found = list_holidays(engine, None if every else today)
    start = "" if found else " Import them with 'muster holidays import COUNTRY', such as DE-BE."
    end = f"{plural(len(found), 'holiday')}.{start}"
    show_list(run, found, asdict, ("Day", "Name", "Half"), _cells, end, least={"Name": 12})


@app.command()
@shared
def add(
    run: Run,
    day: Annotated[str, typer.Argument(metavar="DAY", help="YYYY-MM-DD, or such as '24 dec'.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the day is called.")] = "Holiday",
    half: Annotated[
        Literal["morning", "afternoon"] | None, typer.Option("--half", help="The half that is free.")
    ] = None,
) -> None:
    """Enter a holiday of the site."""
    from monitor.calendar_text import parse_day
    from monitor.desk.calendar.holidays import add_holiday

    engine, _, today = open_site(run)
    done = add_holiday(engine, parse_day(day, today), name, half, **run.stamp)
    half_text = f", in the {done.half}" if done.half else ""
    run.say(f"Added: {done.name} on {date_text(done.day)}{half_text}.", {"added": done})


@app.command("import")
@shared
def import_(
    run: Run,
    what: Annotated[
        str, typer.Argument(metavar="FILE|COUNTRY", help="An iCalendar file, or a country and region: DE-BE, AT-9, FR.")
    ],
    year: Annotated[
        list[int] | None,
        typer.Option("--year", min=1950, max=2100, help="Of this year; may be given again (this year and the next)."),
    ] = None,
) -> None:
    """Enter the holidays of a country and region, or of a file; days that are holidays already stay."""
    from monitor.desk.calendar.holidays import import_holidays

    engine, settings, _ = open_site(run)
    done = import_holidays(engine, settings.zone, what, year or (), **run.stamp)
    if run.as_json:
        emit({"added": done.added, "unchanged": done.known, "left_out": done.left_out})
    else:
        span = f", from {done.added[0].day} to {done.added[-1].day}" if done.added else ""
        tell(f"{plural(len(done.added), 'holiday')} added{span}; {done.known:,} there already.")
        for sentence in done.left_out:
            tell(printable(f"Left out: {sentence}", 300), err)
    if done.left_out:
        raise typer.Exit(3)


@app.command()
@shared
def remove(run: Run, day: Annotated[str, typer.Argument(metavar="DAY", help="The day, or the holiday's id.")]) -> None:
    """Remove a holiday: people are expected on this day as on others."""
    from monitor.desk.calendar.holidays import find_holiday, remove_holiday

    engine, _, today = open_site(run)
    done = remove_holiday(engine, find_holiday(engine, day, today).id, **run.stamp)
    run.say(f"Removed: {done.name} on {date_text(done.day)}.", {"removed": done})


def _cells(one: "Holiday") -> list[str]:
    return [date_text(one.day), one.name, one.half or ""]
