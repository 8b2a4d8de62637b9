"""Chooses one of any number of people: type a part of the name, then press Enter."""

from functools import partial
from threading import Event
from typing import ClassVar
from uuid import UUID

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Input, Static

from db.records.pages import Page
from db.records.people import Person
from monitor.desk.people import people as queries
from monitor.tui.screens.desk import LETTERS
from monitor.tui.style.text import clean
from monitor.tui.widgets.paged import PagedTable
from monitor.tui.widgets.sheet import Sheet
from monitor.tui.widgets.table import Column, Row, Table

COLUMNS = (Column("name", "Name"), Column("number", "Number", 12, rank=1), Column("group", "Group", 16, rank=2))


class PersonPicker(Sheet[Person | None]):
    """Gives the person who was chosen, or None."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "list", "To the list", show=False),
        Binding("escape", "dismiss", "Cancel"),
    ]

    def __init__(self, title: str, text: str, *, but: UUID | None = None, search: str = "") -> None:
        """
        Args:
            title: what the person is chosen for.
            text: a sentence; may hold names.
            but: id of a person who cannot be chosen.
            search: what is searched for at first; the first letter typed replaces it.
        """
        super().__init__()
        self._title = title
        self._text = text
        self._but = but
        self._first_search = search
        self._stop = Event()
        self._counted = False
        """Whether the length of the list is known."""
        self._shown = False
        self._eager = False
        self._settle: Timer | None = None
        self._people: dict[str, Person] = {}

    def body(self) -> ComposeResult:
        yield Static(Text(self._title), id="title")
        yield Static(Text(self._text), id="text")
        yield Input(self._first_search, id="search", placeholder="name, number or group", compact=True)
        yield PagedTable(COLUMNS, empty="Loading", id="found")

    def on_mount(self) -> None:
        self._load(fresh=True)

    def on_unmount(self) -> None:
        self._stop.set()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._eager = False
        if self._settle is not None:
            self._settle.stop()
        self._stop.set()
        self._settle = self.set_timer(LETTERS, self._settled)

    @property
    def _search(self) -> str:
        return self.query_one(Input).value.strip()

    def _settled(self) -> None:
        self._settle = None
        self.query_one(PagedTable).restart()
        self._load(fresh=True)

    @on(PagedTable.Wanted)
    def _missing(self) -> None:
        if self._counted:
            self._load(fresh=False)

    def _load(self, *, fresh: bool) -> None:
        self._stop.set()
        self._stop = stop = Event()
        self._shown = False
        self._counted = self._counted and not fresh
        want = self.query_one(PagedTable).want(fresh=fresh, rough=True)
        job = partial(queries.choice_of_people, self.app.engine, self._search, self._but, want, stop)
        self.app.in_background(job, partial(self._show, stop), self._failed)

    def _show(self, stop: Event, found: Page[Person]) -> None:
        if stop.is_set() or not self.is_attached:
            return
        self._people = {str(one.id): one for one in found.items}
        rows = [
            Row(key, (clean(one.name), clean(one.number), clean(one.group)), () if one.active else ("faint",))
            for key, one in self._people.items()
        ]
        self.query_one(PagedTable).show_page(found.first, found.total, rows, empty="Nobody matches.")
        self._shown = True
        if found.counted:
            self._counted = True
        elif not self._counted:
            job = partial(queries.count_choice, self.app.engine, self._search, self._but, stop)
            self.app.in_background(job, partial(self._count, stop))
        self._choose_when_found()

    def _failed(self, sentence: str) -> None:
        self.app.toast_problem(sentence)
        if self.is_attached:
            self.query_one(PagedTable).explain("Not loaded. Type to try again.")

    def _count(self, stop: Event, found: int) -> None:
        if not stop.is_set() and self.is_attached:
            self._counted = True
            self.query_one(PagedTable).recount(found)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self._eager = True
        self._choose_when_found()

    def _choose_when_found(self) -> None:
        """Enter may come before the database has answered the last letter."""
        if self._eager and self._settle is None and self._shown:
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
