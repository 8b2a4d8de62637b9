"""What the command palette (Ctrl+P) offers: the screens, what the screen before the user can do, and the app's own."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from textual.app import SystemCommand
from textual.screen import Screen
from textual.widgets import HelpPanel

from monitor.tui.runtime.desk_app import DeskApp


def commands(app: DeskApp, screen: Screen[Any]) -> Iterable[SystemCommand]:
    """All commands, each with its name and a sentence.

    Args:
        screen: the screen behind the palette.
    """
    for mode, key, title in app.TABS:
        yield SystemCommand(title, f"Go to the screen ({key.upper()})", partial(app.run_action, f"open('{mode}')"))
    yield SystemCommand(
        "Roll call", "Who is inside, ticked off by hand (F9)", partial(app.run_action, "open('rollcall')")
    )
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if active.node is screen and active.enabled and binding.show:
            told = f"{active.tooltip or 'On this screen'} ({binding.key_display or key})"
            yield SystemCommand(binding.description, told, partial(screen.run_action, binding.action))
    shown = bool(screen.query(HelpPanel))
    yield SystemCommand(
        "Help", "Close it (?)" if shown else "What the keys do here (?)", partial(app.run_action, "toggle_help")
    )
    told = "Set up: people, shifts, moods, consent, admin PIN"
    yield SystemCommand("First steps", told, partial(app.run_action, "first_steps"))
    yield SystemCommand("Theme", "Choose the colours", app.action_change_theme)
    picture = partial(app.deliver_screenshot, path=str(Path.home()))
    yield SystemCommand(
        "Screenshot", "Save the screen as an SVG picture in your home folder", lambda: app.set_timer(0.1, picture)
    )
    if app.settings.admin_pin_hash:
        yield SystemCommand("Lock", "Ask for the PIN again", partial(app.run_action, "lock"))
    yield SystemCommand("Quit", "Close the camera and quit (Ctrl+Q)", app.action_quit)
