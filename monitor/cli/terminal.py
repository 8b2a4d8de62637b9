"""The terminal app, from its start to its end."""

from pathlib import Path
from typing import TYPE_CHECKING

from monitor.errors import MusterError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from db.crypto import TemplateCipher
    from monitor.config import Settings
    from monitor.tui.runtime.kiosk_controller import KioskFactory


def run_app(
    settings: "Settings",
    engine: "Engine",
    cipher: "TemplateCipher",
    kiosk_factory: "KioskFactory | None" = None,
    *,
    ascii_only: bool = False,
    config: Path | None = None,
) -> bool:
    """Shows the app until it is left; the kiosk is stopped and every fact written when this returns.

    Args:
        kiosk_factory: makes the kiosk from `(on_scene, on_event)`; None for no camera.
        ascii_only: draw with plain letters only.
        config: the configuration file, which the admin PIN and the theme are written to; None for the user's own.

    Returns:
        Whether the user asked for the demo in the first steps.

    Raises:
        MusterError: the app ended with an error, which is in the log.
    """
    from monitor.config import CONFIG_FILE, LOG_FILE
    from monitor.tui.app import MusterApp
    from monitor.tui.picture.graphics import Graphics, has_few_colours, terminal_graphics
    from monitor.tui.run import run_to_end

    graphics = Graphics.BLOCKS if ascii_only or settings.pictures == "blocks" else terminal_graphics()
    app = MusterApp(
        settings,
        engine,
        cipher,
        kiosk_factory,
        ascii_only=ascii_only,
        graphics=graphics,
        few_colours=has_few_colours(),
        config_file=config or CONFIG_FILE,
        first_steps=True,
    )
    if run_to_end(app) != 0:
        raise MusterError(f"The app ended with an error; {LOG_FILE} says which.")
    return app.wants_demo
