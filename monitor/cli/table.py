"""The one style of the tables that commands print."""

from collections.abc import Container, Iterable, Sequence

from rich import box
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
