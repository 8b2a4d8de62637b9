"""`muster review` and `muster web`: the terminal app, here or in a browser. `run_app` is what the kiosk shows."""

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.options import AsciiOption, ConfigOption, DbOption, open_store, settings_from
from monitor.errors import MusterError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from db.crypto import TemplateCipher
    from monitor.config import Settings
    from monitor.tui.runtime.running_kiosk import KioskFactory


def run_app(
    settings: "Settings",
    engine: "Engine",
    cipher: "TemplateCipher",
    kiosk_factory: "KioskFactory | None" = None,
    *,
    ascii_only: bool = False,
    config: "Path | None" = None,
) -> None:
    """Shows the app until it is left; the kiosk is stopped and every fact written when this returns.

    Args:
        kiosk_factory: makes the kiosk from `(on_scene, on_event)`; None for no camera.
        ascii_only: draw with plain letters only.
        config: the configuration file, which the admin PIN and the theme are written to; None for the user's own.

    Raises:
        MusterError: the app ended with an error, which is in the log.
    """
    from monitor.config import CONFIG_FILE, LOG_FILE
    from monitor.desk.store import Store
    from monitor.tui.app import MusterApp
    from monitor.tui.picture.graphics import Graphics, has_few_colours, terminal_graphics
    from monitor.tui.run import run_to_end
    from monitor.tui.runtime.desk_app import Display

    graphics = Graphics.BLOCKS if ascii_only or settings.pictures == "blocks" else terminal_graphics()
    app = MusterApp(
        settings,
        Store(engine, cipher),
        kiosk_factory,
        Display(ascii_only, graphics, has_few_colours()),
        config_file=config or CONFIG_FILE,
        first_steps=True,
    )
    if run_to_end(app) != 0:
        raise MusterError(f"The app ended with an error; {LOG_FILE} says which.")
    if app.wants_demo:
        from monitor.cli.demo import demo

        engine.dispose()
        demo(ascii_only=ascii_only)


def review(db: DbOption = None, config: ConfigOption = None, ascii_only: AsciiOption = False) -> None:
    """The app without a camera: the day board, moods, people, visitors."""
    import os
    import sys

    if not (sys.stdin.isatty() and sys.stdout.isatty()) and "TEXTUAL_DRIVER" not in os.environ:  # 'muster web' sets it
        raise UsageError("The app needs a terminal; for files see 'muster attendance' and 'muster mood'.")
    settings = settings_from(db, config)
    engine, cipher = open_store(settings, config, create=True)
    run_app(settings, engine, cipher, ascii_only=ascii_only, config=config)


def web(
    db: DbOption = None,
    config: ConfigOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on; the default is this machine only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """The app in a browser. It has no password of its own but the admin PIN: keep it on this machine or behind one."""
    import shlex
    import sys

    from textual_serve.server import Server

    command = [sys.executable, "-m", "monitor.cli", "review"]
    for option, value in (("--db", db), ("--config", config)):
        command += [option, str(value)] if value is not None else []
    settings_from(db, config)  # what is wrong with them is said here, and not in the browser
    try:
        Server(shlex.join(command), host=host, port=port, title="Muster").serve()
    except OSError as error:
        reason = error.strerror or str(error)
        raise MusterError(f"{host}:{port} cannot be listened on ({reason}); give another --host or --port.") from None
