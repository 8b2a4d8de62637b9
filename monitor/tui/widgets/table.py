"""A table for live data: rows are replaced as a whole, selection and scroll position stay with their row."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from textwrap import wrap
from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from monitor.tui.style.text import apportion


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    key: str
    title: str
    width: int | None = None
    """Cells; None: the rest of the width."""
    right: bool = False
    rank: int = 0
    """On narrow screens columns with the highest rank hide first; 0 never hides."""
    least: int = 14
    """Cells that a column without a width gets at least; where they are not there, other columns hide."""
    most: int = 10_000
    """Cells that a column without a width gets at most."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar."""

    sign: str
    """One cell, repeated."""
    colour: str
    share: float
    """From 0 to 1; those of a bar sum to 1."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: plain texts (never markup), by column."""

    key: str
    cells: tuple[str, ...]
    tones: tuple[str | None, ...] = field(default=())
    """Component class of each cell, such as "good"; colour is only ever an addition to the text."""
    bar: tuple["Part", ...] = ()
    """What the column `bar` shows as one bar of its full width, in place of its text."""


class Table(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows with a cursor. Cells are plain text, so that no name can change the screen."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"table--{part}" for part in ("header", "row", "cursor", "good", "warn", "bad", "faint")
    }
    DEFAULT_CSS = """
    Table {
        height: 1fr; background: $surface; color: $foreground;
        scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; overflow-x: hidden;
        & .table--header { text-style: bold; color: $text-muted; background: $surface; }
        & .table--row { color: $foreground; background: $surface; }
        & .table--cursor { color: $foreground; background: $panel; }
        &:focus .table--cursor {
            color: $block-cursor-foreground; background: $block-cursor-background; text-style: bold;
        }
        & .table--good { color: $text-success; }
        & .table--warn { color: $text-warning; }
        & .table--bad { color: $text-error; }
        & .table--faint { color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "end(-1)", "First", show=False),
        Binding("end", "end(1)", "Last", show=False),
        Binding("enter", "select", "Select", show=False),
    ]

    @dataclass
    class TableMessage(Message):
        """A message about a table."""

        table: "Table"

        @property
        def control(self) -> "Table":
            return self.table

    @dataclass
    class Highlighted(TableMessage):
        """The cursor is on another row."""

        key: str | None

    @dataclass
    class Selected(TableMessage):
        """A row was chosen with Enter or a click."""

        key: str

    @dataclass
    class HeaderClicked(TableMessage):
        """A column's title was clicked."""

        column: str

    cursor: reactive[int] = reactive(0)

    def __init__(
        self, columns: Sequence[Column], *, empty: str = "", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._columns = tuple(columns)
        self._rows: tuple[Row, ...] = ()
        self._empty = empty
        self._styles: dict[str, Style] = {}
        self._columns_shown: list[tuple[int, Column, int]] = []
        self._was_tall = 0

    @property
    def rows(self) -> tuple[Row, ...]:
        return self._rows

    @property
    def count(self) -> int:
        """Rows of the whole list."""
        return len(self._rows)

    def row_at(self, index: int) -> Row | None:
        """The row of this number; None where there is none."""
        return self._rows[index] if 0 <= index < len(self._rows) else None

    @property
    def is_bare(self) -> bool:
        """Whether the list has no row, and none is to come."""
        return self.count == 0

    @property
    def selected_key(self) -> str | None:
        """The key of the row under the cursor."""
        row = self.row_at(self.cursor)
        return row.key if row else None

    def show(self, rows: Sequence[Row], *, empty: str | None = None) -> None:
        """Replace all rows; the cursor stays on its row and that row stays where it is on the screen."""
        if empty is not None:
            self._empty = empty
        elif tuple(rows) == self._rows:
            return
        before, at = self.selected_key, self.cursor
        self._rows = tuple(rows)
        self._resize(len(rows))
        places = {row.key: index for index, row in enumerate(self._rows)}
        now = places.get(before, min(at, max(0, len(rows) - 1))) if before else 0
        if self.has_focus and before in places and self.scroll_offset.y:
            self.scroll_to(y=self.scroll_offset.y + now - at, animate=False)
        self.set_reactive(Table.cursor, now)
        if self.selected_key != before:
            self.post_message(self.Highlighted(self, self.selected_key))
        self.refresh()

    def _resize(self, rows: int) -> None:
        """The list has so many rows now; the screen is laid out again only when the scroll bar comes or goes."""
        size, before = Size(0, rows + 1), self.virtual_size
        barred = size.height > self.container_size.height
        if barred != self.show_vertical_scrollbar or size.height < before.height:
            self.virtual_size = size
        elif size != before:
            self.set_reactive(Table.virtual_size, size)
            if barred:
                self.vertical_scrollbar.window_virtual_size = size.height

    def explain(self, empty: str) -> None:
        """Set the text that the table shows while it has no rows."""
        self._empty = empty
        self.refresh()

    def retitle(self, columns: Sequence[Column]) -> None:
        """Replace the columns' titles and widths; the rows must fit them."""
        self._columns = tuple(columns)
        self.refresh()

    def move_to(self, key: str) -> None:
        """Put the cursor on the row of this key, if there is one."""
        for index, row in enumerate(self._rows):
            if row.key == key:
                self.cursor = index
                self._keep_in_view()

    def watch_cursor(self) -> None:
        self.post_message(self.Highlighted(self, self.selected_key))

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.count - 1))

    def action_move(self, by: int) -> None:
        self.cursor += by
        self._keep_in_view()

    def action_page(self, by: int) -> None:
        self.action_move(by * max(1, self.size.height - 2))

    def action_end(self, by: int) -> None:
        self.action_move(by * self.count)

    def action_select(self) -> None:
        if self.selected_key is not None:
            self.post_message(self.Selected(self, self.selected_key))

    def _keep_in_view(self) -> None:
        self.scroll_to_region(Region(0, self.cursor, 1, 2), animate=False, force=True)

    def on_resize(self, event: events.Resize) -> None:
        """A row under the cursor that was in view stays in view in a smaller window."""
        if 0 <= self.cursor - self.scroll_offset.y < self._was_tall - 1:
            self.call_after_refresh(self._keep_in_view)
        self._was_tall = event.size.height

    def on_click(self, event: events.Click) -> None:
        if event.y == 0:
            shown = self._shown(self.size.width)
            ends = accumulate(width + 1 for _, _, width in shown)
            hit = next((column for (_, column, _), end in zip(shown, ends, strict=True) if event.x < end), None)
            if hit is not None:
                self.post_message(self.HeaderClicked(self, hit.key))
            return
        row = event.y - 1 + self.scroll_offset.y
        if row < self.count:
            self.cursor = row
            self.action_select()

    def render_lines(self, crop: Region) -> list[Strip]:
        # All lines share styles and columns, and finding those costs more than drawing a line.
        self._styles.clear()
        self._columns_shown = self._shown(self.size.width)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            style = self._style("header")
            heads = self._line(tuple(column.title for column in self._columns), (), style, width)
            if len(self._columns_shown) == len(self._columns):
                return heads
            return Strip([*heads.crop(0, width - 1), Segment("…", style)])  # some columns need a wider screen
        index = y - 1 + self.scroll_offset.y
        row = self.row_at(index)
        if row is None:
            text = self.absent_text(index) if self.count else self._empty_text(y - 2)
            return Strip([Segment(set_cell_size(f" {text}", width), self._style("faint" if text else ""))], width)
        on = index == self.cursor and self.can_focus
        style = self._style("cursor" if on else "row")
        return self._line(row.cells, () if on and self.has_focus else row.tones, style, width, row.bar)

    def _empty_text(self, line: int) -> str:
        """A line of what the table says while it has no rows."""
        lines = wrap(self._empty, max(10, self.size.width - 2))
        return lines[line] if 0 <= line < len(lines) else ""

    def absent_text(self, index: int) -> str:
        """The text in place of a row that is not loaded."""
        return ""

    def _style(self, part: str) -> Style:
        """The style of a component; without a name that of the table."""
        if part not in self._styles:
            self._styles[part] = self.get_component_rich_style(f"table--{part}") if part else self.rich_style
        return self._styles[part]

    def _line(
        self,
        cells: tuple[str, ...],
        tones: tuple[str | None, ...],
        style: Style,
        width: int,
        bar: tuple[Part, ...] = (),
    ) -> Strip:
        segments, used = [], 0
        for index, column, cells_wide in self._columns_shown:
            used += cells_wide + 1
            if bar and column.key == "bar":
                segments += [*_drawn(bar, cells_wide, style), Segment(" ", style)]
                continue
            tone = tones[index] if index < len(tones) else None
            coloured = style + Style(color=self._style(tone).color) if tone else style
            segments.append(Segment(_fitted(cells[index], cells_wide, column.right) + " ", coloured))
        return Strip([*segments, Segment(" " * max(0, width - used), style)]).adjust_cell_length(width, style)

    def _shown(self, width: int) -> list[tuple[int, Column, int]]:
        """The columns that fit as (index, column, cells)."""
        shown = list(enumerate(self._columns))
        while True:
            fixed = sum((column.width or column.least) + 1 for _, column in shown)
            hideable = max((column.rank for _, column in shown), default=0)
            if fixed <= width or not hideable:
                break
            shown = [(index, column) for index, column in shown if column.rank != hideable]
        spare = shown[-1][1].right and len(shown) < len(self._columns)  # between a head at the edge and the "…"
        left, wide = max(0, width - fixed - spare), {index: column.width or column.least for index, column in shown}
        flexible = sorted((column.most, index) for index, column in shown if column.width is None)
        for place, (most, index) in enumerate(flexible):  # what a narrow one does not take goes to the others
            extra = min(max(0, most - wide[index]), left // (len(flexible) - place))
            wide[index], left = wide[index] + extra, left - extra
        return [(index, column, wide[index]) for index, column in shown]


def _drawn(bar: tuple[Part, ...], width: int, style: Style) -> list[Segment]:
    """A bar of so many cells."""
    cells = zip(bar, apportion([part.share for part in bar], width), strict=True)
    return [Segment(part.sign * count, style + Style(color=part.colour)) for part, count in cells]


def _fitted(text: str, width: int, right: bool) -> str:
    fitted = set_cell_size(text, width)
    if fitted.rstrip() == text.rstrip() or width < 2:
        return fitted.rstrip().rjust(width) if right else fitted
    return set_cell_size(text, width - 1) + "…"
