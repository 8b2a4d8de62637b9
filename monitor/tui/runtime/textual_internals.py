"""Every private name of Textual that Muster uses. A release of Textual may change each; the test says what breaks."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from textual.app import App
from textual.driver import Driver
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget


class CleanExit(App[None]):
    """An app that an error ends without a traceback, which would show variables, a PIN perhaps, at the door."""

    def log_fatal(self, error: Exception) -> None:
        """Log the error; it is not printed."""

    def _build_driver(self, headless: bool, inline: bool, mouse: bool, size: tuple[int, int] | None) -> Driver:
        driver = super()._build_driver(headless, inline, mouse, size)
        resume = getattr(driver, "_sigcont_application", None)
        if resume is not None:
            # A hang-up sends SIGCONT, too. Textual would start its threads a second time, and nothing would end them.
            signal.signal(
                signal.SIGCONT, lambda *_: resume() if getattr(driver, "_must_signal_resume", False) else None
            )
        return driver

    def _handle_exception(self, error: Exception) -> None:
        self.log_fatal(error)
        super()._handle_exception(error)
        self._exit_renderables.clear()

    def _fatal_error(self) -> None:
        """End the app. Textual would first draw the traceback with all variables, and the screen stands still for a
        minute."""
        self.panic()


def write(app: App[Any], text: str) -> None:
    """Write to the terminal past the compositor, where there is one."""
    if app._driver is not None and app.is_running:
        app._driver.write(text)


def is_behind(app: App[Any]) -> bool:
    """Whether the terminal has not yet taken all that was written to it."""
    writer = getattr(app._driver, "_writer_thread", None)
    return writer is not None and writer._queue.qsize() > 0


def has_terminal(app: App[Any]) -> bool:
    """Whether the app draws on the whole of a terminal."""
    return app._driver is not None and not app.is_inline and not app.is_headless


@contextmanager
def one_drawing(app: App[Any]) -> Iterator[None]:
    """Terminals that know synchronized updates show all that is written inside this context at once."""
    app._begin_update()
    try:
        yield
    finally:
        app._end_update()


def is_laid_out(screen: Screen[Any]) -> bool:
    """Whether every widget is where the next drawing will have it."""
    return not screen.app._batch_count and not screen._layout_required


def drawn_widgets(screen: Screen[Any]) -> Mapping[Widget, tuple[Region, Region]]:
    """The widgets as they were drawn last, from front to back: the region of each, and what it is clipped to."""
    return screen._compositor.visible_widgets


def keep_style_sheets(screen: Screen[Any]) -> None:
    """Tell Textual that the screen has no style sheets of its own. Else it parses all style sheets anew when the screen
    is first shown, which takes 0.1 s of the event loop."""
    screen._css_update_count = screen.app._css_update_count
