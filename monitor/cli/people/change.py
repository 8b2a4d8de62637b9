"""`muster people rename` and `change`: what is written down about a person beside their faces."""

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from monitor.cli.options import ConfigOption, DbOption, JsonOption, err
from monitor.cli.people.person import Who, find, say, store
from monitor.errors import UsageError


def rename(
    who: Who,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new name.")],
    db: DbOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a person another name."""
    from monitor.desk.people import changes

    engine, _ = store(db, config)
    before = find(engine, who)
    person, namesakes = changes.rename(engine, before.id, name, at=datetime.now(UTC), actor=getpass.getuser())
    say(f"{before.name} is now {person.name}.", {"renamed": person.name, "before": before.name}, as_json)
    if namesakes > 1:
        err.print(
            f"{namesakes} people have this name now; commands tell them apart by number or id, and "
            "'muster people merge' makes them one.",
            soft_wrap=True,
        )


def change(
    who: Who,
    number: Annotated[str | None, typer.Option(help="Their number, which nobody else has.")] = None,
    group: Annotated[str | None, typer.Option(help="Their group.")] = None,
    notes: Annotated[str | None, typer.Option(help="What the desk should know.")] = None,
    db: DbOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change a person's number, group or notes; an empty text ("") takes one away."""
    from monitor.desk.people import changes

    given = {"number": number, "group": group, "notes": notes}
    wanted = {name: text for name, text in given.items() if text is not None}
    if not wanted:
        raise UsageError("Nothing to change; give --number, --group or --notes.")
    engine, _ = store(db, config)
    now = changes.change(engine, find(engine, who).id, **wanted, at=datetime.now(UTC), actor=getpass.getuser())
    after = {"number": now.number or "", "group": now.group or "", "notes": now.notes}
    told = ", ".join(f"{name} {after[name]}" if after[name] else f"no {name}" for name in wanted)
    say(f"{now.name}: {told}.", {"person": now.name, **{name: after[name] or None for name in wanted}}, as_json)
