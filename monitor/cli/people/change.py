"""`muster people rename`, `change`, `activate` and `deactivate`: what is known of a person beside their faces."""

from typing import Annotated

import typer

from monitor.cli.options import Run, err, id_of, shared, tell
from monitor.cli.people.options import Who, open_person
from monitor.errors import UsageError
from monitor.text import local_time


@shared
def rename(run: Run, who: Who, name: Annotated[str, typer.Argument(metavar="NAME", help="The new name.")]) -> None:
    """Give a person another name."""
    from monitor.desk.people import changes

    engine, _, person = open_person(run, who)
    renamed, namesakes = changes.change(engine, person.id, name=name, **run.stamp)
    run.say(f"{person.name} is now {renamed.name}.", {"renamed": renamed.name, "before": person.name})
    if namesakes > 1:
        tell(
            f"{namesakes} people have this name now. Name them by number or id in commands; "
            "if they are one person, use 'muster people merge'.",
            err,
        )


@shared
def change(
    run: Run,
    who: Who,
    number: Annotated[str | None, typer.Option(help="Their number, which nobody else has.")] = None,
    group: Annotated[str | None, typer.Option(help="Their group.")] = None,
    notes: Annotated[str | None, typer.Option(help="What the desk should know about them.")] = None,
) -> None:
    """Change a person's number, group or notes; an empty text ("") removes one."""
    from monitor.desk.people import changes

    given = {"number": number, "group": group, "notes": notes}
    wanted = {name: text for name, text in given.items() if text is not None}
    if not wanted:
        raise UsageError("Nothing to change; give --number, --group or --notes.")
    engine, _, person = open_person(run, who)
    now, _ = changes.change(engine, person.id, **(wanted | run.stamp))
    after = {"number": now.number or "", "group": now.group or "", "notes": now.notes}
    told = ", ".join(f"{name} {after[name]}" if after[name] else f"no {name}" for name in wanted)
    run.say(f"{now.name}: {told}.", {"person": now.name, **{name: after[name] or None for name in wanted}})


@shared
def deactivate(run: Run, who: Who) -> None:
    """Keep a person, but neither recognise nor expect them any more."""
    _set_active(run, who, active=False)


@shared
def activate(run: Run, who: Who) -> None:
    """Recognise a deactivated person again."""
    _set_active(run, who, active=True)


def _set_active(run: Run, who: str, *, active: bool) -> None:
    from monitor.desk.people import changes

    engine, _, person = open_person(run, who)
    changes.change(engine, person.id, active=active, **run.stamp)
    state = "is recognised again" if active else "is kept, but not recognised any more"
    run.say(f"{person.name} {state}.", {"person": person.name, "active": active})


@shared
def undo(
    run: Run,
    act: Annotated[
        str | None, typer.Argument(metavar="ACT", help="An act's id, from --list; the last one if not given.")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List the last acts, and change nothing.")] = False,
) -> None:
    """Take back what was done last: a merge, a new name, a consent, a correction, a discarded visitor."""
    from monitor.desk.people import undo as desk

    if listed:
        zone = run.settings().zone
        for one in desk.acts(run.database()):
            told = "" if one.can_be_undone else "  (cannot be taken back)"
            record = {"act": str(one.id), "at": one.at.isoformat(), "by": one.actor, "what": one.words}
            sentence = f"{one.id}  {local_time(one.at, zone)}  {one.actor}: {one.words}{told}"
            run.say(sentence, record | {"can_be_undone": one.can_be_undone})
        return
    wanted = None if act is None else id_of(act, "an act", "muster people undo --list")
    settings = run.settings()
    engine, cipher = run.open_store(settings)
    undone = desk.undo_last(engine, cipher, settings, wanted, **run.stamp)
    run.say(f"Taken back: {undone.words}.", {"undone": str(undone.id), "what": undone.words})
