"""The base of the desk's screens: they load in a worker, show on the loop, and load again when facts change."""

import asyncio
import threading
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, Generic, TypeVar

from rich.text import Text
from textual import events, getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Input, Static

from monitor.tui.runtime.desk_app import DeskApp
from monitor.tui.runtime.key_bindings import bindings
from monitor.tui.runtime.textual_internals import keep_style_sheets
from monitor.tui.style.text import in_two_lines
from monitor.tui.widgets.dialogs import Answers, Dialog, ask
from monitor.tui.widgets.header import TopBar
from monitor.tui.widgets.key_bar import KeyBar
from monitor.tui.widgets.paged import PagedTable
from monitor.tui.widgets.table import Table

Loaded = TypeVar("Loaded")
T = TypeVar("T")
BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (150, "-roomy")]
"""Least width in columns, and the class of a screen that is at least so wide."""
LOW = 16
"""Rows below which a screen is `-low`: what is about one row of a list has no room of its own."""
HEIGHTS = [(0, "-low"), (LOW, "-high")]
"""Least height in rows, and the class of a screen that is at least so high."""
TINY = 60
"""Columns below which a narrow screen is `-tiny`, too: one pane has room."""
ABSTRACT = "__isabstractmethod__"
"""What `abstractmethod` leaves on a function."""
SETTLE = 0.05
"""Seconds that facts may gather before a screen loads again."""
LETTERS = 0.25
"""Seconds after the last letter of a filter before the database is asked."""
RETRY = 5.0
"""Seconds after which a load that failed is tried again."""


class Filter(Input):
    """The filter of a list; while it has the focus, the footer shows its keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "To the list"),
        Binding("escape", "screen.clear_filter", "Clear"),
    ]

    def __init__(self, placeholder: str) -> None:
        super().__init__(id="filter", placeholder=placeholder, compact=True)


class DeskScreen(Screen[None], Generic[Loaded]):
    """A screen over the database. Subclasses say what to load, how to show it, and what is in the body.

    When it comes to the front, and when facts change, `query_job` runs in a thread, and `show` gets its result.
    """

    HORIZONTAL_BREAKPOINTS = BREAKPOINTS
    AUTO_FOCUS = "Table"
    mode: ClassVar[str]
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("desk"),
        Binding("escape", "clear_filter", "Clear filter", show=False),
    ]
    app = getters.app(DeskApp)

    def __init__(self) -> None:
        super().__init__()
        self.loaded: Loaded | None = None
        self._said = ""
        keep_style_sheets(self)
        self.stop = threading.Event()
        """Set when the running load is no longer wanted; for `query_job`."""
        self._loading = self._once_more = False
        self._settle: Timer | None = None
        self._stale = self._anew = True
        self.failed = False
        """Whether the last load failed."""
        self._search_shown = asyncio.Event()
        self._search_shown.set()

    def __init_subclass__(cls, **options: Any) -> None:
        """Textual has a metaclass of its own, so this cannot be an `ABC` too; a missing method shows at import."""
        super().__init_subclass__(**options)
        abstract = [name for name in ("body", "query_job", "show") if hasattr(getattr(cls, name), ABSTRACT)]
        if abstract:
            raise TypeError(f"{cls.__name__} must define {', '.join(abstract)}.")

    # For subclasses

    @abstractmethod
    def body(self) -> ComposeResult:
        """The widgets between the bar and the footer."""

    @abstractmethod
    def query_job(self) -> Callable[[], Loaded]:
        """The job that loads, with all arguments bound now; it runs in a worker."""

    @abstractmethod
    def show(self, loaded: Loaded) -> None:
        """Show what was loaded."""

    # For all screens

    def compose(self) -> ComposeResult:
        yield TopBar(self.mode)
        yield from self.body()
        yield KeyBar()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _: self.reload())

    def on_resize(self, _: events.Resize) -> None:
        self.set_class(self.size.width < TINY, "-tiny")
        if self._said:
            self.say(self._said)

    def on_screen_resume(self) -> None:
        if self.loaded is not None or not self._loading:  # a new screen is told twice
            self.reload()

    def facts_changed(self) -> None:
        """Something was written; load again soon."""
        if self._settle is None:
            self._settle = self.set_timer(SETTLE, self._settled)

    def ask_anew(self) -> None:
        """The filter changed: drop the running load, and load again when no more letters come."""
        self.stop.set()
        self._loading = False
        if self._settle is not None:
            self._settle.stop()
        self._settle = self.set_timer(LETTERS, self._settled)

    def _settled(self) -> None:
        self._settle = None
        if self.app.is_running:
            self._stale = True
            self.load_page()

    def reload(self) -> None:
        """Load anew and show. While a load runs, further wishes become one more load after it."""
        self._stale = self._anew = True
        self.load_page()

    def load_page(self) -> None:
        """Load the rows that are missing on the screen, without asking whether facts changed."""
        if self._loading:
            self._once_more = True
        elif self.is_attached:
            self._loading, self._once_more = True, False
            self.stop.set()
            self.stop = threading.Event()
            job = self.query_job()
            self._stale = self._anew = False
            self.app.in_background(job, partial(self._arrived, self.stop), partial(self._failed, self.stop))

    def redraw(self) -> None:
        """Show what was loaded once more: it is drawn for another width, or another part of it is chosen."""
        if self.loaded is not None:
            self.show(self.loaded)

    def can_load_rows(self) -> bool:
        """Whether the length of the list is known, so that rows can be loaded by number."""
        return self.loaded is not None

    @on(PagedTable.Wanted)
    def _rows_missing(self) -> None:
        if self.can_load_rows():
            self.load_page()

    @property
    def stale(self) -> bool:
        """Whether facts may have changed since the last load; for `query_job`."""
        return self._stale or self.loaded is None

    @property
    def before(self) -> Loaded | None:
        """The last load, to which changes may be added; None when everything is loaded anew; for `query_job`."""
        return None if self._anew else self.loaded

    def _arrived(self, stop: threading.Event, loaded: Loaded) -> None:
        if stop.is_set() or not self.is_attached:  # it was left meanwhile
            return
        self._loading = False
        self.loaded = loaded
        self.show(loaded)
        self.failed = False
        self._search_shown.set()
        if self._once_more:
            self.load_page()

    def _failed(self, stop: threading.Event, sentence: str) -> None:
        if stop.is_set() or not self.is_attached:
            return
        self._loading = False
        self._stale = self._anew = self.failed = True
        self._search_shown.set()
        self.show_failure("Not loaded.")
        self.set_timer(RETRY, self._try_again)
        self.say(f"{self.app.signs.lost} {sentence}")

    def show_failure(self, text: str) -> None:
        """Show this text in the empty tables."""
        for table in self.query(Table):
            table.explain(text)

    def _try_again(self) -> None:
        if self.failed and self.is_current:
            self.reload()

    def say(self, text: str) -> None:
        """The line above the table; where it is too long, the empty line above it is taken, too."""
        self._said = text
        shown, summary = in_two_lines(text, self.size.width - 2), self.query_one("#summary", Static)
        summary.set_class("\n" in shown, "-two")
        summary.update(Text(shown, no_wrap=True, overflow="ellipsis"))

    def ask(self, dialog: Dialog, job: Callable[[Answers], Callable[[], T]], done: str | Callable[[T], str]) -> None:
        """Ask, change people in a worker as the answers say, then say so and load again.

        Args:
            done: the closing sentence, or a function that makes it from the job's result.
        """

        def begin(answers: Answers) -> Callable[[], T]:
            work = job(answers)
            self.say("Working")
            return work

        def then(result: T) -> None:
            self.changed(done if isinstance(done, str) else done(result))

        ask(self.app, dialog, begin, then, self.refused)

    def refused(self, sentence: str) -> None:
        """A change was not made, perhaps because others changed the facts: say so, and show what is there now."""
        self.app.toast_problem(sentence)
        self.reload()

    def changed(self, done: str) -> None:
        """People were changed: say so, let the kiosk know, load again."""
        self.app.notify(done)
        self.app.controller.people_changed()
        self.reload()

    @property
    def needle(self) -> str:
        """The text of the filter."""
        return self.query_one("#filter", Input).value.strip()

    @on(Input.Changed, "#filter")
    def _filter_changed(self) -> None:
        table = self.query_one(PagedTable)
        if self.needle or table.selected_key is None:
            table.restart()
        else:
            table.widen()
        self.ask_anew()

    @on(Input.Submitted, "#filter")
    def _filter_done(self) -> None:
        """To the list; what was typed is looked for at once."""
        self.query_one(Table).focus()
        if self._settle is not None or self._loading:
            self._search_shown.clear()
        if self._settle is not None:
            self._settle.stop()
            self._settled()

    async def found(self) -> None:
        """Return when the list shows what was asked for with Enter."""
        await self._search_shown.wait()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "clear_filter" and self.app.leads_back == self.mode:
            return True
        if action in {"filter", "clear_filter"}:
            return bool(self.query("#filter")) and not (action == "filter" and isinstance(self.focused, Filter))
        return True

    def action_filter(self) -> None:
        box = self.query_one("#filter", Input)
        box.display = True
        box.focus()

    def action_clear_filter(self) -> None:
        """Show the whole list again, or where a first step led here, go back to the first steps."""
        if self.app.leads_back == self.mode and not any(box.display for box in self.query("#filter")):
            self.app.call_next(self.app.run_action, "app.first_steps")
            return
        box = self.query_one("#filter", Input)
        box.value = ""
        box.display = False
        self.query_one(Table).focus()
