"""The progress bar of long commands."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Timer
from typing import TYPE_CHECKING, Final, TypeAlias

import typer

from monitor.cli.options import err, out

if TYPE_CHECKING:
    from rich.console import Console

SILENCE: Final = 0.8
"""Seconds for which a command may say nothing."""
_STARTS: Final = "Muster starts ..."
Show: TypeAlias = Callable[[str, float, float | None], None]
"""Called with a title, the amount done and the total amount (None while the total is unknown)."""


@contextmanager
def starting() -> Iterator[None]:
    """Say at once, where somebody looks, that Muster starts: it imports for a second. The line goes at the end."""
    if not err.is_terminal:
        yield
        return
    typer.echo(f"{_STARTS}\r", err=True, nl=False)
    try:
        yield
    finally:
        typer.echo(f"{' ' * len(_STARTS)}\r", err=True, nl=False)


@contextmanager
def progress_bar(title: str, console: "Console" = err, *, hidden: bool = False) -> Iterator[Show]:
    """A bar with the elapsed and the remaining time, which disappears at the end.

    Args:
        title: until the first call.
        console: gets the bar if it is a terminal. Text printed to it meanwhile stands above the bar.
        hidden: draw nothing.
    """
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        *(TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:>3.0f} %")),
        *(TimeElapsedColumn(), TextColumn("passed"), TimeRemainingColumn(), TextColumn("left")),
    )
    off = hidden or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=off, speed_estimate_period=600) as bar:
        task = bar.add_task(title, total=None)
        yield lambda title, done, total: bar.update(task, description=title, completed=done, total=total)


@contextmanager
def working(title: str, console: "Console" = err, *, after: float = SILENCE) -> Iterator[Callable[[int, int], None]]:
    """A bar for work that may take long: it appears once a second has passed, and quick commands show nothing.

    Nothing may be printed meanwhile. Called with the number done and the number of all, where that is known; else the
    bar only moves, with the time that has passed.

    Args:
        after: seconds without a bar.
    """
    latest: list[tuple[str, float, float | None]] = [(title, 0, None)]
    shows: list[Show] = []
    with ExitStack() as stack:

        def begin() -> None:
            show = stack.enter_context(progress_bar(title, console))
            show(*latest[-1])
            shows.append(show)

        def advance(done: int, total: int) -> None:
            latest[:] = [(f"{title}: {done:,} of {total:,}", done, total)]
            if shows:
                shows[-1](*latest[-1])

        timer = Timer(after, begin)
        timer.daemon = True
        if not after:
            begin()
        elif console.is_terminal:
            timer.start()
        try:
            yield advance
        finally:
            timer.cancel()
            if timer.is_alive():
                timer.join()


@contextmanager
def picture_progress(*, as_json: bool) -> Iterator[Callable[[int, int], None]]:
    """The bar of a command that works on pictures: called with the number done and the number of all."""
    with progress_bar("Looking for pictures", out if out.is_terminal and not as_json else err) as show:
        yield lambda done, total: show(f"{done:,} of {total:,} pictures", done, total)
