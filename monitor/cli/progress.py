"""The progress bar of long commands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from monitor.cli.options import err, out

if TYPE_CHECKING:
    from rich.console import Console

Show: TypeAlias = Callable[[str, float, float | None], None]
"""Called with a title, the amount done and the total amount (None while the total is unknown)."""


@contextmanager
def progress_bar(console: "Console" = err, *, hidden: bool = False) -> Iterator[Show]:
    """A bar with the elapsed and the remaining time, which disappears at the end.

    Args:
        console: gets the bar if it is a terminal. Text printed to it meanwhile stands above the bar.
        hidden: draw nothing.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        *(TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:>3.0f} %")),
        *(TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn()),
    )
    off = hidden or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=off, speed_estimate_period=600) as bar:
        task = bar.add_task("", total=None)
        yield lambda title, done, total: bar.update(task, description=title, completed=done, total=total)


@contextmanager
def picture_progress(*, as_json: bool) -> Iterator[Callable[[int, int], None]]:
    """The bar of a command that works on pictures: called with the number done and the number of all."""
    with progress_bar(out if out.is_terminal and not as_json else err) as show:
        yield lambda done, total: show(f"{done:,} of {total:,} pictures", done, total)
