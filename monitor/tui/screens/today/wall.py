"""A wall of who is in now: a portrait, a name and since when of each."""

from collections.abc import Mapping
from typing import ClassVar, Final
from uuid import UUID

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ItemGrid, Vertical, VerticalScroll
from textual.widgets import Static

from monitor.desk.people.people import portraits
from monitor.desk.programs.roll_call import Missing, inside_now
from monitor.domain import RgbImage
from monitor.text import plural
from monitor.tui.runtime.key_bindings import bindings, of_the_app
from monitor.tui.style.text import at_clock, clean
from monitor.tui.widgets.sheet import Sheet
from monitor.tui.widgets.thumbnail import Thumbnail

MOST: Final = 60
"""So many people are shown; the roll call lists everybody."""
TILE: Final = 18
"""Cells of width of a tile, at least."""


class Tile(Vertical):
    """One person."""

    DEFAULT_CSS = """
    Tile { height: 11; width: 1fr; padding: 0 1; }
    Tile Static { height: 2; }
    """

    def __init__(self, person: Missing, portrait: RgbImage | None, since: str) -> None:
        super().__init__()
        self._name, self._portrait, self._since = clean(person.name, 40), portrait, since
        self._picture = Thumbnail(keeps_room=True)

    def compose(self) -> ComposeResult:
        yield self._picture
        yield Static(Text(f"{self._name}\n{self._since}", no_wrap=True, overflow="ellipsis"))

    def on_mount(self) -> None:
        self._picture.show(self._portrait)


class Wall(Sheet[None]):
    """Who is in now, by their faces."""

    AUTO_FOCUS = "#tiles"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("wall"),
        *of_the_app("help"),
        Binding("escape", "dismiss", "Back"),
    ]
    HELP = """\
# Who is in now

Portrait, name and since when of everybody inside. F9, the roll call, lists them by name.
"""

    def body(self) -> ComposeResult:
        yield Static("Loading", id="title", markup=False)
        yield VerticalScroll(id="tiles")

    def on_mount(self) -> None:
        app = self.app

        def job() -> tuple[tuple[Missing, ...], Mapping[UUID, RgbImage]]:
            inside = inside_now(app.engine, app.settings, app.clock())
            return inside, portraits(app.engine, app.cipher, [one.person for one in inside[:MOST]])

        self.load(job, self._show)

    def _show(self, found: tuple[tuple[Missing, ...], Mapping[UUID, RgbImage]]) -> None:
        inside, faces = found
        more = f", of whom {MOST} are shown" if len(inside) > MOST else ""
        self.query_one("#title", Static).update(f"{plural(len(inside), 'person is', 'people are')} in now{more}")
        tiles = [Tile(one, faces.get(one.person), at_clock(one.since, self.app.settings.zone)) for one in inside[:MOST]]
        self.query_one("#tiles").mount(ItemGrid(*tiles, min_column_width=TILE))

    def action_back(self) -> None:
        self.dismiss(None)
