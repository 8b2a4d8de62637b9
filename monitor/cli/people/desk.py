"""`muster desk …`: who works at the desk, with a PIN of their own."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.groups import command_group
from monitor.cli.options import Run, shared
from monitor.cli.people.options import typed_pin

if TYPE_CHECKING:
    from db.records.people import DeskUser

app = command_group("Who works at the desk: names beside what is done there, by their PIN.")


@app.command("list")
@shared
def list_(run: Run) -> None:
    """Everybody who opens the desk with a PIN of their own."""
    from monitor.cli.table import show_list
    from monitor.desk.desk_users import all_users
    from monitor.text import local_time

    zone, found = run.settings().zone, all_users(run.database())

    def record(one: "DeskUser") -> dict[str, Any]:
        return {"name": one.name, "created_at": one.created_at}

    def cells(one: "DeskUser") -> list[str]:
        return [one.name, local_time(one.created_at, zone)]

    end = "" if found else "Nobody is entered yet; add somebody with 'muster desk add'."
    show_list(run, found, record, ("Name", "Since"), cells, end, fold=("Name",))


@app.command()
@shared
def add(run: Run, name: Annotated[str, typer.Argument(metavar="NAME", help="It will stand in the ledger.")]) -> None:
    """Let somebody open the desk's screens; what they do there is written down under their name, for good.

    The PIN is asked for twice; a script sends it as a line on standard input.
    """
    from monitor.desk.desk_users import add_user, need_admin_pin

    settings = run.settings()
    need_admin_pin(settings)
    engine, cipher = run.open_store(settings)
    pin = typed_pin(f"PIN, at least {settings.pin_digits} digits")
    made = add_user(engine, cipher, settings, name, pin, **run.stamp)
    run.say(f"{made.name} opens the desk with this PIN from now on.", {"name": made.name, "added": True})


@app.command("admin-pin")
@shared
def admin_pin(run: Run) -> None:
    """Set the PIN that opens the desk's screens and closes a kiosk.

    The present one is asked for first, the new one twice; a script sends both as lines on standard input. Running
    kiosks use it after a restart.
    """
    from monitor.desk.pin_entry import unlock, write_admin_pin
    from monitor.errors import UsageError

    settings = run.settings()
    engine, cipher = run.open_store(settings)
    kept = settings.admin_pin_hash
    if kept and not unlock(engine, cipher, typed_pin("Present admin PIN", again=False), kept, **run.stamp).right:
        raise UsageError(
            "This is not the present admin PIN, or it was wrong too often; the PIN is as it was. Whoever has forgotten "
            "it takes it out: 'muster config unset admin_pin_hash'."
        )
    pin = typed_pin(f"Admin PIN, at least {settings.pin_digits} digits")
    write_admin_pin(engine, cipher, run.config_file, pin, shortest=settings.pin_digits, **run.stamp)
    run.say(f"The admin PIN is set, in {run.config_file}.", {"admin_pin": True})


@app.command()
@shared
def remove(run: Run, name: Annotated[str, typer.Argument(metavar="NAME", help="Of somebody at the desk.")]) -> None:
    """Take the desk's PIN from somebody; what they did keeps their name."""
    from monitor.desk.desk_users import remove_user

    engine, _ = run.open_store()
    gone = remove_user(engine, name, **run.stamp)
    run.say(f"{gone.name} does not open the desk any more.", {"name": gone.name, "removed": True})
