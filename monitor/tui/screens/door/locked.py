"""What a review shows while the desk is locked: no picture, and nobody's name."""

from typing import ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.runtime.textual_internals import keep_style_sheets
from monitor.tui.widgets.header import TopBar
from monitor.tui.widgets.key_bar import KeyBar


class LockedScreen(Screen[None]):
    """A sentence, over which the question for the PIN stands."""

    HELP = """\
# Locked

The screens of the desk open with the admin PIN, or with one's own for the desk.
"""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "app.open('today')", "Unlock")]
    app = getters.app(DeskApp)

    def __init__(self) -> None:
        super().__init__()
        keep_style_sheets(self)

    def compose(self) -> ComposeResult:
        yield TopBar("locked")
        yield Static("The desk is locked.\nPress Enter and type the PIN.", id="locked")
        yield KeyBar()
