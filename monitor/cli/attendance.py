"""`muster attendance …`: the report, and attendance of before Muster or of another machine."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from monitor.cli.groups import Group, command_group
from monitor.cli.options import Run, emit, err, shared, tell
from monitor.cli.reports import attendance
from monitor.text import plural


class Reporting(Group):
    """A group whose first command is meant where none is given: `muster attendance --by event`."""

    default = "report"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help")):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


app = command_group("Who was here, from when to when; 'report' is meant where no command is given.", cls=Reporting)
app.command(Reporting.default)(attendance)


@app.command("import")
@shared
def import_(
    run: Run,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="CSV or XLSX with columns number or name, time, and kind (in or out); or attlog.dat."
        ),
    ],
    direction: Annotated[
        Literal["file", "rules"] | None,
        typer.Option(
            "--direction",
            help="In or out as the file says, or as the rules of the site decide; by default as the file says where "
            "it has both.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be added.")] = False,
) -> None:
    """Add attendance of before Muster, or of another machine: a list, or a ZKTeco export (attlog.dat).

    What is there already is not added again. Each entry says which file it is from; 'take-back' voids them all.
    """
    from monitor.desk.repairs.past_import import import_past

    engine, _ = run.open_store()
    done = import_past(engine, run.settings(), file, direction, dry_run=dry_run, **run.stamp)
    if run.as_json:
        emit(done)
    else:
        verb = "Would add" if dry_run else "Added"
        decides = "the rules decide" if done.by_rules else "the file says"
        tell(
            f"{verb} {plural(done.added, 'entry', 'entries')} of {plural(done.people, 'person', 'people')}; "
            f"{done.same:,} were there already. In and out are as {decides}."
        )
        for problem in done.problems:
            tell(problem, err)
        if done.id:
            tell(f"Take it back with: muster attendance take-back {done.id}")
    if done.problems:
        raise typer.Exit(3)


@app.command("take-back")
@shared
def take_back(
    run: Run, id: Annotated[str, typer.Argument(metavar="ID", help="Of the import, as it printed it.")]
) -> None:
    """Void all entries that an import added; they stay in the ledger, and count no more."""
    from monitor.desk.repairs import past_import

    engine, _ = run.open_store()
    count = past_import.take_back(engine, run.settings(), id, **run.stamp)
    run.say(f"{plural(count, 'entry', 'entries')} of the import {id} count no more.", {"import": id, "voided": count})
