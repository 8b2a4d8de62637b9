"""`muster review` and `muster web`: the terminal app, here or in a browser."""

from typing import Annotated

import typer

from monitor.cli.options import AsciiOption, ConfigOption, DbOption, Run, tell
from monitor.errors import MusterError, UsageError


def review(db: DbOption = None, config: ConfigOption = None, ascii_only: AsciiOption = False) -> None:
    """The app without a camera: the day board, moods, people, visitors."""
    import os
    import sys

    if not (sys.stdin.isatty() and sys.stdout.isatty()) and "TEXTUAL_DRIVER" not in os.environ:  # 'muster web' sets it
        raise UsageError("The app needs a terminal; to write files, use 'muster attendance' and 'muster mood'.")
    from monitor.cli.kiosk.demo import demo
    from monitor.desk.store import Store
    from monitor.tui.run import run_app

    run = Run(db, config)
    settings = run.settings()
    engine, cipher = run.open_store(settings, create=True)
    wants_demo = run_app(settings, Store(engine, cipher), ascii_only=ascii_only, config_file=config)
    run.note_head(engine)
    if wants_demo:
        engine.dispose()
        demo(ascii_only=ascii_only)


def web(
    db: DbOption = None,
    config: ConfigOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on; by default only this machine.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """The app in a browser. Only the admin PIN protects it: keep it on this machine, or behind a password."""
    import shlex
    import sys

    from textual_serve.server import Server

    class Greeting(Server):  # type: ignore[misc]  # the library has no types
        async def on_startup(self, app: object) -> None:
            tell(f"Muster is at {self.public_url}. Press Ctrl+C to stop.")

    command = [sys.executable, "-m", "monitor.cli", "review"]
    for option, value in (("--db", db), ("--config", config)):
        command += [option, str(value)] if value is not None else []
    Run(db, config).settings()  # an error in the settings is printed here, not in the browser
    try:
        Greeting(shlex.join(command), host=host, port=port, title="Muster").serve()
    except OSError as error:
        reason = error.strerror or str(error)
        raise MusterError(
            f"The app cannot listen on {host}:{port} ({reason}); give another --host or --port."
        ) from None
