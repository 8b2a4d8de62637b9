"""What the commands about shifts, holidays and leave share: the database, the site's day, and what an import says."""

from datetime import date
from typing import TYPE_CHECKING

import typer

from monitor.cli.options import Run, emit, err, tell
from monitor.text import plural, printable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from monitor.config import Settings
    from monitor.desk.calendar.lists import Imported


def open_site(run: Run, *, read_only: bool = False) -> "tuple[Engine, Settings, date]":
    """The database, which is made where something is entered, the settings, and the site's day."""
    settings = run.settings()
    engine = run.database(settings) if read_only else run.open_store(settings, create=True)[0]
    return engine, settings, run.at.astimezone(settings.zone).date()


def parsed_day(text: str | None, today: date) -> date | None:
    """A day as it was typed; None where none was. Raises: UsageError."""
    from monitor.calendar_text import parse_day

    return parse_day(text, today) if text else None


def tell_import(run: Run, done: "Imported", what: str) -> None:
    """Say what an import did; exit with 3 where rows were left out."""
    if run.as_json:
        emit({"added": done.added, "unchanged": done.unchanged, "problems": list(done.problems)})
    else:
        tell(f"{plural(done.added, what)} added, {done.unchanged:,} there already, {len(done.problems):,} left out.")
        for problem in done.problems:
            tell(printable(problem, 500), err)
    if done.problems:
        raise typer.Exit(3)
