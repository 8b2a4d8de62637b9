"""Writes lines of the camera picture straight to the terminal, past Textual's compositor.

The compositor cuts and joins the lines of all widgets around a change. For fifteen pictures a second that takes a
tenth of the event loop's time, although the lines are finished already.
"""

from collections.abc import Sequence
from typing import Any

from rich.control import Control
from textual.app import App
from textual.strip import Strip
from textual.widget import Widget

from monitor.tui.runtime.textual_internals import drawn_widgets, has_terminal, is_laid_out, one_drawing, write


def paint(app: App[Any], widget: Widget, lines: Sequence[tuple[int, Strip]]) -> bool:
    """Write lines of a widget to the terminal, on the loop.

    Args:
        lines: as wide as the widget, each with its number in it.

    Returns:
        Whether that was possible; the compositor has to draw them where something lies over the widget, the screen is
        about to be laid out anew, or there is no terminal. Whatever it draws later includes them.
    """
    if not has_terminal(app) or not _lies_bare(app, widget):
        return False
    x, top = widget.region.offset
    written = [f"{_move(x, top + line)}{strip.render(app.console)}" for line, strip in lines]
    cursor = app.screen.outer_size.clamp_offset(app.cursor_position)
    with one_drawing(app):
        write(app, "".join([*written, _move(*cursor)]))
    return True


def _move(x: int, y: int) -> str:
    return Control.move_to(x, y).segment.text


def _lies_bare(app: App[Any], widget: Widget) -> bool:
    """Whether all of the widget is on the screen, where the compositor last drew it, with nothing over it."""
    screen = app.screen
    if not app.is_running or widget.screen is not screen or not is_laid_out(screen):
        return False
    drawn = drawn_widgets(screen)
    region, clip = drawn.get(widget, (widget.region, widget.region))
    if widget not in drawn or region != widget.region or not clip.contains_region(region) or region.size != widget.size:
        return False
    for other, (place, cut) in drawn.items():
        if other is widget:
            return True
        if place.intersection(cut).overlaps(region):
            return False
    return False
