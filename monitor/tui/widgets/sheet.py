"""The base of what lies over a screen in a frame, with a line of keys, and is loaded in a thread."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar, TypeVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.widgets.key_bar import KeyBar
from monitor.tui.widgets.table import Table

Given = TypeVar("Given")
T = TypeVar("T")


class Sheet(ModalScreen[Given]):
    """A framed sheet. Subclasses say what is in the frame, and load it when they are mounted."""

    AUTO_FOCUS = "Table"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss", "Close")]
    app = getters.app(DeskApp)

    def compose(self) -> ComposeResult:
        with Vertical(id="sheet"):
            yield from self.body()
            yield KeyBar()

    def body(self) -> ComposeResult:
        """The widgets in the frame, above the line of keys."""
        raise NotImplementedError

    def load(self, job: Callable[[], T], show: Callable[[T], object]) -> None:
        """Run a job in a thread, and show what it returns unless the sheet was closed meanwhile."""
        self.app.in_background(job, partial(self._loaded, show), self._not_loaded)

    def _loaded(self, show: Callable[[T], object], loaded: T) -> None:
        if self.is_attached:
            show(loaded)
            self.refresh_bindings()

    def _not_loaded(self, sentence: str) -> None:
        """Say so; a sheet without a list has nothing to show, and closes."""
        self.app.toast_problem(sentence)
        if self.is_attached and not self.query(Table):
            self.dismiss(None)
        for table in self.query(Table):
            table.explain("Not loaded. Close this and open it again.")
