"""The lists that commands print: a table in one style, or JSON."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.table import Table
from rich.text import Text

from monitor.cli.options import Run, emit, out, tell
from monitor.text import printable

T = TypeVar("T")

MOST_CELLS: Final = 60
"""Of a column that may give way, in a pipe too, which has no width. A longer text is not cut there: its line is longer
than the others."""
_NONE: Final[Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Listing:
    """A table that is made when the width is known into which it is printed."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    fold: Container[str]
    right: Container[str]
    least: Mapping[str, int]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table | Text]:
        wide, heads, rows = _fitted(self.heads, self.rows, options.max_width, self.least, self.fold)
        if any(_cells(cell) > MOST_CELLS == cells for row in rows for cell, cells in zip(row, wide, strict=True)):
            lines = _lines(heads, rows, wide, self.right)
            yield Text("\n".join(lines), no_wrap=True, overflow="ignore")
            return
        grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
        for name, head, cells in zip(self.heads, heads, wide, strict=True):
            folded = name in self.fold
            justify: Literal["left", "right"] = "right" if name in self.right else "left"
            width = cells if folded and name in self.least else None
            overflow: Literal["fold", "ellipsis"] = "fold" if folded else "ellipsis"
            grid.add_column(head, overflow=overflow, no_wrap=not folded, justify=justify, width=width)
        for row in rows:
            grid.add_row(*map(Text, row))
        yield grid


def show_list(
    run: Run,
    found: Sequence[T],
    record: Callable[[T], Mapping[str, Any]],
    heads: Sequence[str],
    cells: Callable[[T], Iterable[str]],
    end: str = "",
    *,
    fold: Container[str] = (),
    right: Container[str] = (),
    least: Mapping[str, int] = _NONE,
) -> None:
    """Print what a command found: a table with a sentence below it, or with --json an object each.

    Args:
        record: one of them as JSON.
        cells: one of them as a row of the table, whatever is in the texts; a line break begins a line in the cell.
        end: the sentence, said also where nothing was found; empty for none.
        fold, right, least: as in `table`.
    """
    if run.as_json:
        for one in found:
            emit(record(one))
        return
    if found:
        rows = ([printable(cell) if "\n" not in cell else _of_lines(cell) for cell in cells(one)] for one in found)
        out.print(table(heads, rows, fold=fold, right=right, least=least))
    if end:
        tell(end)


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    fold: Container[str] = (),
    right: Container[str] = (),
    least: Mapping[str, int] = _NONE,
) -> _Listing:
    """A table of plain texts under capitalised heads.

    Args:
        fold: heads of the columns whose texts may take several lines; the others are never broken, only cut.
        right: heads of the columns that are aligned on the right.
        least: the columns that give way where the terminal is too narrow, the widest first, and how many cells each
            keeps. Their texts are cut and end in an ellipsis, unless `fold` has the column.
    """
    return _Listing(heads, list(rows), fold, right, least)


def _of_lines(cell: str) -> str:
    return "\n".join(map(printable, cell.split("\n")))


def plain_table(
    heads: Sequence[str], rows: Sequence[Sequence[str]], width: int, least: Mapping[str, int] = _NONE
) -> list[str] | None:
    """The lines of `table`, in a tenth of its time; None where they do not fit into this width.

    Args:
        width: cells of the terminal.
        least: as in `table`.
    """
    wide, heads, rows = _fitted(heads, rows, width, least)
    if sum(wide) + len(wide) - 1 > width or any("\n" in cell for row in rows for cell in row):
        return None
    return _lines(heads, rows, wide)


def _lines(
    heads: Sequence[str], rows: Sequence[Sequence[str]], wide: Sequence[int], right: Container[str] = ()
) -> list[str]:
    """The lines of a table; only a text that is wider than its column makes its own line longer."""
    head, *lines = [
        " ".join(
            " " * (cells - cell_len(text)) + text if name in right else text + " " * (cells - cell_len(text))
            for name, text, cells in zip(heads, parts, wide, strict=True)
        )
        for row in (heads, *rows)
        for parts in zip_longest(*(cell.split("\n") for cell in row), fillvalue="")
    ]
    return [head, "\u2500" * (sum(wide) + len(wide) - 1), *lines]


def _fitted(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    least: Mapping[str, int],
    fold: Container[str] = (),
) -> tuple[list[int], Sequence[str], Sequence[Sequence[str]]]:
    """The cells of each column, so that all fit into the width if `least` allows; heads and rows cut to them."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(heads)
    wide = [max(map(_cells, (head, *column))) for head, column in zip(heads, columns, strict=True)]
    over = sum(wide) + len(wide) - 1 - width
    if over <= 0 or not least:
        capped = [min(cells, MOST_CELLS) if head in least else cells for head, cells in zip(heads, wide, strict=True)]
        return capped, heads, rows
    for _ in range(over):
        able = [index for index, head in enumerate(heads) if wide[index] > least.get(head, wide[index])]
        if not able:
            break
        wide[max(able, key=wide.__getitem__)] -= 1
    most = [None if head in fold else cells for head, cells in zip(heads, wide, strict=True)]
    head, *cut = [tuple(map(_shortened, line, most)) for line in (heads, *rows)]
    return wide, head, cut


def _cells(text: str) -> int:
    return max(map(cell_len, text.split("\n"))) if "\n" in text else cell_len(text)


def _shortened(text: str, cells: int | None) -> str:
    """Each line of the text in at most so many cells."""
    if cells is None or _cells(text) <= cells:
        return text
    return "\n".join(printable(line, cells) for line in text.split("\n"))
