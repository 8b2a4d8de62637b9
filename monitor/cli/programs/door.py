"""`muster door …`: the opener of this kiosk's door."""

from monitor.cli.groups import command_group
from monitor.cli.options import Run, shared

app = command_group("Open this kiosk's door by hand.")


@app.callback()
def _door() -> None:
    """Without it the only command would be the group itself."""


@app.command("open")
@shared
def open_(run: Run) -> None:
    """Open the door now, by the opener of the settings; the audit log keeps who did."""
    from monitor.desk.programs import opener
    from monitor.errors import MusterError

    settings = run.settings()
    engine, _ = run.open_store(settings)
    fault = opener.open_by_hand(engine, settings, **run.stamp)
    if fault is not None:
        raise MusterError(f"The door stays shut. {fault}")
    run.say(f"The door {settings.kiosk} was opened.", {"door": settings.kiosk, "opened": True})
