"""`muster kiosks …`: the kiosks of a site, how far behind each is, and their keys."""

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.groups import command_group
from monitor.cli.options import Run, emit, shared, tell

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.forwarding.doors import Door

app = command_group("The kiosks of a site: how far behind each is, and their keys. Run it on the shared database.")


@app.command("list")
@shared
def list_(run: Run) -> None:
    """Every kiosk that sends to this database: what waits at it, since when, its version, and when it was heard of."""
    from dataclasses import asdict

    from monitor.cli.table import show_list
    from monitor.desk.doors import all_doors
    from monitor.text import local_time

    zone, found = run.settings().zone, all_doors(run.database())

    def cells(one: "Door") -> list[str]:
        key = "revoked" if one.revoked_at else one.key or "none of its own"
        times = (local_time(at, zone) if at else "" for at in (one.waiting_since, one.seen_at))
        return [one.kiosk or "not come yet", key, one.version, f"{one.waiting:,}" if one.seen_at else "", *times]

    heads = ("Kiosk", "Key", "Version", "Behind", "Since", "Heard of")
    none = "No kiosk has sent anything to this database; 'muster kiosks add NAME' makes a key for one."
    show_list(run, found, asdict, heads, cells, "" if found else none, fold=("Kiosk", "Key"))


@app.command()
@shared
def add(run: Run, name: Annotated[str, typer.Argument(metavar="NAME", help="Of the kiosk.")]) -> None:
    """Make a key for a kiosk, a user of the PostgreSQL server, and print the address with it, once."""
    from monitor.desk.doors import add_key

    engine = _centre(run)
    address = add_key(engine, run.settings().db, name, **run.stamp)
    if run.as_json:
        emit({"name": name, "forward": address})
        return
    tell("Put this address into the settings of that kiosk (forward = ...). It is shown only now:")
    tell(address)


@app.command()
@shared
def revoke(run: Run, name: Annotated[str, typer.Argument(metavar="NAME", help="Of a key.")]) -> None:
    """End a kiosk's key, at once and for good; what it sent stays."""
    from monitor.desk.doors import revoke_key

    engine = _centre(run)
    revoke_key(engine, name, **run.stamp)
    run.say(f"The key {name} is revoked: the server refuses it.", {"name": name, "revoked": True})


def _centre(run: Run) -> "Engine":
    """The shared database. What is written is proved with the key here, but faces stay those of the site key."""
    from db.engine import open_database
    from db.key_store import load_cipher
    from db.proof.heads import open_with

    engine = open_database(run.settings().db)
    open_with(engine, load_cipher(run.config_file.parent), None, own=False)
    return engine
