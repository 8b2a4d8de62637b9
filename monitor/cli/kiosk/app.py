"""`muster review`: the terminal app without a camera."""

from monitor.cli.options import AsciiOption, ConfigOption, DbOption, Run
from monitor.cli.progress import starting
from monitor.errors import UsageError


def review(db: DbOption = None, config: ConfigOption = None, ascii_only: AsciiOption = False) -> None:
    """The app without a camera: the day board, moods, people, visitors."""
    import os
    import sys

    if not (sys.stdin.isatty() and sys.stdout.isatty()) and "TEXTUAL_DRIVER" not in os.environ:  # 'muster web' sets it
        raise UsageError("The app needs a terminal; to write files, use 'muster attendance' and 'muster mood'.")
    run = Run(db, config)
    with starting():
        from monitor.cli.kiosk.demo import demo
        from monitor.desk.store import Store
        from monitor.tui.run import run_app

        settings = run.settings()
        engine, cipher = run.open_store(settings, create=True)
    afterwards = run_app(settings, Store(engine, cipher), ascii_only=ascii_only, config_file=config)
    run.note_head(engine)
    if afterwards == "demo":
        engine.dispose()
        demo(ascii_only=ascii_only)
