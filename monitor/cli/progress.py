"""The one bar that shows how far a long command is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from monitor.cli.options import err, out

if TYPE_CHECKING:
    from rich.console import Console

Show: TypeAlias = Callable[[str, float, float | None], None]
"""Called with a title, how much is done and how much there is; None while nobody knows how much."""


@contextmanager
def progress_bar(console: "Console" = err, *, hidden: bool = False) -> Iterator[Show]:
    """A bar with the time that passed and the time left, which vanishes at the end.

    Args:
        console: where to; what is not a terminal gets no bar. What is printed to it meanwhile stands above the bar.
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
    """The bar of a command that looks at pictures: called with how many are done and how many there are."""
    with progress_bar(out if out.is_terminal and not as_json else err) as show:
        yield lambda done, total: show(f"{done:,} of {total:,} pictures", done, total)
