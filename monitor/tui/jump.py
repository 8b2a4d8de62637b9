"""Letters on the panes and rows of a screen; the next key goes to one of them."""

from collections.abc import Callable, Iterator
from functools import partial
from string import digits
from typing import Any, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.geometry import Offset
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Static

from monitor.tui.widgets.table import Table

LETTERS: Final = "asdfghjklqwertyuiopzxcvbnm"
"""In the order in which fingers find them."""


class Jump(ModalScreen[None]):
    """Letters over another screen: capitals on what can have the focus, small ones and digits on rows of a table."""

    DEFAULT_CSS: ClassVar[str] = """
    Jump {
        Static { position: absolute; width: auto; background: $warning; color: $background; text-style: bold; }
    }
    """

    def __init__(self, behind: Screen[Any]) -> None:
        """
        Args:
            behind: the screen before the user.
        """
        super().__init__()
        panes = [pane for pane in behind.focus_chain if pane.region]
        focused = behind.focused
        table = focused if isinstance(focused, Table) else next((one for one in panes if isinstance(one, Table)), None)
        named = list(zip(LETTERS.upper(), map(_pane, panes), strict=False))
        if table is not None:
            named += zip(LETTERS + digits, _rows(table), strict=False)
        self._targets: dict[str, tuple[Offset, Callable[[], object]]] = dict(named)

    def compose(self) -> ComposeResult:
        for letter, (place, _) in self._targets.items():
            label = Static(letter, markup=False)
            label.styles.offset = place
            yield label

    def on_key(self, event: events.Key) -> None:
        """Go there; any other key stays."""
        event.stop()
        event.prevent_default()
        target = self._targets.get(event.character or "")
        self.dismiss(None)
        if target:
            self.app.call_later(target[1])

    def on_click(self) -> None:
        self.dismiss(None)


def _pane(pane: Widget) -> tuple[Offset, Callable[[], object]]:
    """Where the letter of a pane stands, its upper right corner, and what goes there."""
    return Offset(max(pane.region.x, pane.region.right - 2), pane.region.y), pane.focus


def _rows(table: Table) -> Iterator[tuple[Offset, Callable[[], object]]]:
    """The place of each row in view, and what goes there."""
    first = table.scroll_offset.y
    for index in range(first, min(table.count, first + table.size.height - 1)):
        row = table.row_at(index)
        if row is not None:
            yield Offset(table.region.x, table.region.y + 1 + index - first), partial(_go_to, table, row.key)


def _go_to(table: Table, key: str) -> None:
    table.focus()
    table.move_to(key)
