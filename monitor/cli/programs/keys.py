"""`muster keys …`: who may ask `muster serve`, and for what."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.groups import command_group
from monitor.cli.options import Run, emit, shared, tell

if TYPE_CHECKING:
    from monitor.desk.programs.keys import ApiKey

app = command_group("Keys with which other programs ask 'muster serve'.")


@app.command()
@shared
def add(
    run: Run,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which program uses it.")],
    right: Annotated[
        list[str],
        typer.Option("--right", help="people, attendance, moods, events or metrics; may be repeated."),
    ],
    days: Annotated[int | None, typer.Option(min=1, max=36_500, help="Days after which it ends by itself.")] = None,
) -> None:
    """Make a key and print it, once; only its hash is kept."""
    from monitor.desk.programs import keys

    engine, _ = run.open_store()
    secret, made = keys.add(engine, name, right, days, **run.stamp)
    if run.as_json:
        emit({"name": made.name, "key": secret, "rights": list(made.rights), "expires_at": made.expires_at})
        return
    tell(f"The key {made.name} may read {', '.join(made.rights)}. It is shown only now:")
    tell(secret)


@app.command("list")
@shared
def list_(run: Run) -> None:
    """Every key: its rights, since when, until when."""
    from monitor.cli.table import show_list
    from monitor.desk.programs import keys
    from monitor.text import local_time

    zone, found = run.settings().zone, keys.all_keys(run.database())

    def record(one: "ApiKey") -> dict[str, Any]:
        times = {"created_at": one.created_at, "expires_at": one.expires_at, "revoked_at": one.revoked_at}
        return {"name": one.name, "rights": one.rights, "holds": one.holds(run.at), **times}

    def cells(one: "ApiKey") -> list[str]:
        until = local_time(one.expires_at, zone) if one.expires_at else ""
        state = "revoked" if one.revoked_at else "holds" if one.holds(run.at) else "over"
        return [one.name, ", ".join(one.rights), local_time(one.created_at, zone), until, state]

    end = "" if found else "There is no key yet; make one with 'muster keys add'."
    show_list(run, found, record, ("Name", "Rights", "Since", "Until", "State"), cells, end, fold=("Name", "Rights"))


@app.command()
@shared
def revoke(run: Run, name: Annotated[str, typer.Argument(metavar="NAME", help="Of a key.")]) -> None:
    """End a key, at once and for good."""
    from monitor.desk.programs import keys

    engine, _ = run.open_store()
    keys.revoke(engine, name, **run.stamp)
    run.say(f"The key {name} opens nothing any more.", {"name": name, "revoked": True})
