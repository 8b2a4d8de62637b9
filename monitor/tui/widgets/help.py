"""The help panel: what the screen is for, and what its keys do."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import HelpPanel


class ScreenHelp(HelpPanel, can_focus=True):
    """The screen's purpose and keys, also where nothing has the focus, as at the door.

    The panel has the focus while it is shown: keys scroll it, and it lists the screen's keys first.
    """

    DEFAULT_CSS = """
    ScreenHelp {
        overflow-y: auto; scrollbar-size-vertical: 1;
        & #widget-help { max-height: 100vh; margin-top: 0; padding: 0; }
        & KeyPanel#keys-help { height: auto; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False, system=True),
        Binding("down,j", "scroll_down", "Down", show=False, system=True),
        Binding("pageup", "page_up", "Page up", show=False, system=True),
        Binding("pagedown", "page_down", "Page down", show=False, system=True),
        Binding("escape", "app.hide_help_panel", "Close help", show=False, system=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.came_from: Widget | None = None
        """The widget that had the focus before."""

    def on_mount(self) -> None:
        self.came_from = self.screen.focused
        self.focus()

    def update_help(self, focused_widget: Widget | None) -> None:
        super().update_help(focused_widget or self.screen)
