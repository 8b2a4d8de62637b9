"""The help panel: what the keys do here, and what the screen is for."""

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import HelpPanel, Markdown, Static

from monitor.tui.runtime.actions import ACTIONS
from monitor.tui.runtime.desk_app import DeskApp


class ScreenHelp(HelpPanel, can_focus=True):
    """The screen's keys and purpose, also where nothing has the focus, as at the door.

    The panel has the focus while it is shown: keys scroll it.
    """

    DEFAULT_CSS = """
    ScreenHelp {
        overflow-y: auto; scrollbar-size-vertical: 1;
        & #keys { margin-top: 1; }
        & #widget-help { max-height: 100vh; padding: 0; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False, system=True),
        Binding("down,j", "scroll_down", "Down", show=False, system=True),
        Binding("pageup", "page_up", "Page up", show=False, system=True),
        Binding("pagedown", "page_down", "Page down", show=False, system=True),
        Binding("escape", "app.hide_help_panel", "Close help"),
    ]
    app = getters.app(DeskApp)

    def __init__(self) -> None:
        super().__init__()
        self.came_from: Widget | None = None
        """The widget that had the focus before."""

    def compose(self) -> ComposeResult:
        yield Static(self._keys(), id="keys")
        yield Markdown(id="widget-help")

    def on_mount(self) -> None:
        self.came_from = self.screen.focused
        self.focus()

    def update_help(self, focused_widget: Widget | None) -> None:
        super().update_help(focused_widget or self.screen)

    def _keys(self) -> Table:
        """What the keys do: those of the screen first, then those that hold everywhere."""
        table, keys = Table.grid(padding=(0, 1)), self.app.settings.keys
        table.add_column(justify="right", no_wrap=True)
        bound = {one.binding.id for one in self.screen.active_bindings.values() if one.enabled}
        there = [action for action in ACTIONS.values() if action.name in bound]
        for head, of_app in (("Here (Esc closes the help)", False), ("Everywhere", True)):
            table.add_row("", Text(head, "bold underline"))
            for action in there:
                if (action.place == "app") == of_app:
                    told = Text.assemble(action.title, (f"  {action.sentence}", "dim"))
                    table.add_row(Text(keys.shown(action.key), "bold"), told)
        return table
