"""The one style of the tables that commands print."""

from collections.abc import Container, Iterable, Sequence

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.table import Table
from rich.text import Text


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, fold: Container[str] = (), right: Container[str] = ()
) -> Table:
    """A table of plain texts under capitalised heads.

    Args:
        fold: heads of the columns whose texts may take several lines; the others are never broken.
        right: heads of the columns that are aligned on the right.
    """
    grid = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=0)
    for head in heads:
        grid.add_column(head, overflow="fold", no_wrap=head not in fold, justify="right" if head in right else "left")
    for row in rows:
        grid.add_row(*map(Text, row))
    return grid


def plain_table(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str] | None:
    """The lines of `table`, in a tenth of its time; None where they do not fit into this width.

    Args:
        width: cells of the terminal.
    """
    each = zip(heads, zip(*rows, strict=True), strict=True)
    wide = [max(cell_len(head), *map(cell_len, column)) for head, column in each]
    total = sum(wide) + len(wide) - 1
    if total > width or any("\n" in cell for row in rows for cell in row):
        return None
    head, *lines = [" ".join(map(set_cell_size, line, wide)) for line in (heads, *rows)]
    return [head, "\u2500" * total, *lines]
