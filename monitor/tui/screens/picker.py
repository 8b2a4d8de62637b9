"""Finds one of any number of people: type a part of the name, choose with enter."""

from functools import partial
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Footer, Input, Static

from db.pages import Page
from db.records import Person
from monitor.tui import people_queries as queries
from monitor.tui.paged import PagedTable
from monitor.tui.table import Column, Row, Table
from monitor.tui.text import clean

if TYPE_CHECKING:
    from monitor.tui.app import MusterApp

COLUMNS = (Column("name", "Name"), Column("number", "Number", 12, rank=1), Column("group", "Group", 16, rank=2))
SETTLE = 0.15
"""Seconds after the last letter before the database is asked."""


class PersonPicker(ModalScreen[Person | None]):
    """Gives the person who was chosen, or None."""

    CSS_PATH = "picker.tcss"
    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "list", "To the list", show=False),
        Binding("escape", "leave", "Cancel"),
    ]
    app: "MusterApp"

    def __init__(self, title: str, text: str, *, but: UUID | None = None) -> None:
        """
        Args:
            title: what the person is chosen for.
            text: a sentence; may hold names.
            but: somebody who cannot be chosen.
        """
        super().__init__()
        self._title = title
        self._text = text
        self._but = but
        self._asked = self._shown = 0
        self._eager = False
        self._settle: Timer | None = None
        self._people: dict[str, Person] = {}

    def compose(self) -> ComposeResult:
        with Vertical(id="picker"):
            yield Static(Text(self._title), id="title")
            yield Static(Text(self._text), id="text")
            yield Input(id="search", placeholder="name, number or group", compact=True)
            yield PagedTable(COLUMNS, empty="Loading", id="found")
            yield Footer(compact=True)

    def on_mount(self) -> None:
        self._load(fresh=True)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._eager = False
        if self._settle is not None:
            self._settle.stop()
        self._settle = self.set_timer(SETTLE, self._search)

    def _search(self) -> None:
        self._settle = None
        self.query_one(PagedTable).restart()
        self._load(fresh=True)

    @on(PagedTable.Wanted)
    def _missing(self) -> None:
        if self._people:
            self._load(fresh=False)

    def _load(self, *, fresh: bool) -> None:
        self._asked += 1
        want = self.query_one(PagedTable).want(fresh=fresh)
        search = self.query_one(Input).value.strip()
        job = partial(queries.choice_of_people, self.app.engine, search, self._but, want)
        self.app.in_background(job, partial(self._show, self._asked))

    def _show(self, asked: int, found: Page[Person]) -> None:
        if asked != self._asked or not self.is_attached:
            return
        self._people = {str(one.id): one for one in found.items}
        rows = [
            Row(key, (clean(one.name), clean(one.number), clean(one.group)), () if one.active else ("faint",))
            for key, one in self._people.items()
        ]
        self.query_one(PagedTable).show_page(found.first, found.total, rows, empty="Nobody matches.")
        self._shown = asked
        self._choose_when_found()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._eager = True
        self._choose_when_found()

    def _choose_when_found(self) -> None:
        """Enter may come before the database has answered the last letter."""
        if self._eager and self._settle is None and self._shown == self._asked:
            self._eager = False
            self._choose(self.query_one(PagedTable).selected_key)

    @on(Table.Selected)
    def _selected(self, message: Table.Selected) -> None:
        self._choose(message.key)

    def _choose(self, key: str | None) -> None:
        if key in self._people:
            self.dismiss(self._people[key])

    def action_list(self) -> None:
        self.query_one(PagedTable).focus()

    def action_leave(self) -> None:
        self.dismiss(None)
