"""Runs the app: native libraries cannot print into the terminal, and every way out restores it."""

import asyncio
import gc
import io
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from monitor.config import CONFIG_FILE, LOG_FILE, Settings
from monitor.desk.store import Store
from monitor.errors import KioskHangs, MusterError
from monitor.tui.app import MusterApp
from monitor.tui.picture.graphics import Graphics, has_few_colours, terminal_graphics
from monitor.tui.runtime.desk_app import AfterApp, Display
from monitor.tui.runtime.running_kiosk import KioskFactory

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

SETTLED = (5.0, 30.0)
"""Seconds after the start at which `gc.freeze` exempts models, screens and caches from garbage collection."""
TAKES_OVER_AFTER = 0.001
"""Seconds after which a thread that computes lets the event loop go on (see `sys.setswitchinterval`). With Python's
5 ms a loop that draws, and lets the lock go several times, waits for the thread of the models each time."""
COLLECT_AFTER = (10_000, 20, 50)
"""Thresholds of the garbage collector's three generations (see `gc.set_threshold`)."""
MOST_LOG = 5_000_000
"""Bytes: a longer log is renamed to *.old at the next start."""
FAILURE_SHOWN = 3600.0
"""Seconds for which a toast says that a thread of the app failed."""
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_app(
    settings: Settings,
    store: Store,
    kiosk_factory: KioskFactory | None = None,
    *,
    ascii_only: bool,
    config_file: Path | None,
) -> AfterApp:
    """Shows the app until it is left; the kiosk is stopped and every fact written when this returns.

    Args:
        kiosk_factory: makes the kiosk from `(on_scene, on_event)`; None for no camera.
        ascii_only: draw with plain letters only.
        config_file: where the admin PIN and the theme are written to; None for the user's own.

    Returns:
        What the user left the app for.

    Raises:
        MusterError: the app ended with an error, which is in the log file.
    """
    graphics = Graphics.BLOCKS if ascii_only or settings.pictures == "blocks" else terminal_graphics()
    display = Display(ascii_only, graphics, has_few_colours())
    app = MusterApp(settings, store, kiosk_factory, display, config_file=config_file or CONFIG_FILE, first_steps=True)
    ended = run_to_end(app)
    if app.controller.hangs:
        raise KioskHangs(f"Face recognition does not answer any more; start Muster again. Details: {LOG_FILE}")
    if ended != 0:
        raise MusterError(f"The app ended with an error. Details: {LOG_FILE}")
    return app.afterwards


def run_to_end(app: MusterApp, log: Path = LOG_FILE) -> int:
    """Runs the app until it is left, by key, signal or error, then stops the kiosk.

    Args:
        app: not started yet.
        log: receives what libraries print meanwhile.

    Returns:
        The exit code: 0, or 1 after an error, which is in the log file.
    """
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    sys.setswitchinterval(TAKES_OVER_AFTER)
    hook, threading.excepthook = threading.excepthook, partial(_thread_failed, app)
    try:
        with only_the_app_writes(log, partial(app.show_later, app.exit)):
            asyncio.run(_run(app))
    finally:
        signal.signal(signal.SIGCONT, signal.SIG_DFL)  # no hang-up from here on wakes the terminal's threads again
        threading.excepthook = hook
        app.close()
    return app.return_code or 0


def _thread_failed(app: MusterApp, failure: threading.ExceptHookArgs) -> None:
    """Say that a thread of the app failed; without a word the screen would show its last state for ever."""
    name = failure.thread.name if failure.thread else "?"
    logging.getLogger(__name__).critical("The thread %s failed", name, exc_info=failure.exc_value)
    told = f"A part of the app ({name}) failed; see {LOG_FILE}. Quit with Ctrl+Q and start Muster again."
    app.show_later(partial(app.notify, told, severity="error", timeout=FAILURE_SHOWN, markup=False))


async def _run(app: MusterApp) -> None:
    """The event loop of the app.

    A full garbage collection walks a million objects of the libraries and stops every thread for some 200 ms.
    `gc.freeze` exempts the objects that exist soon after the start, which live as long as the app.
    """
    loop = asyncio.get_running_loop()
    for seconds in SETTLED:
        loop.call_later(seconds, gc.freeze)
    for number in ENDING_SIGNALS:
        loop.add_signal_handler(number, app.exit)
    await app.run_async()


class Terminal(io.FileIO):
    """The terminal as a file. Once it is gone, writing does nothing.

    An error would end Textual's writing thread, and the event loop would then wait for it for ever.

    Args:
        descriptor: is closed with the file.
        gone: called once, from whichever thread writes.
    """

    def __init__(self, descriptor: int, gone: Callable[[], object]) -> None:
        super().__init__(descriptor, "w")
        self._gone: Callable[[], object] | None = gone

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except OSError:
            gone, self._gone = self._gone, None
            if gone is not None:
                logging.getLogger(__name__).warning("The terminal is gone.")
                gone()
            return memoryview(data).nbytes


@contextmanager
def only_the_app_writes(log: Path, gone: Callable[[], object]) -> Iterator[None]:
    """Sends file descriptors 1 and 2 to a log file; Python's own streams, which Textual writes to, keep the terminal.

    OpenCV, FFmpeg, dlib and onnxruntime print with C's stdio, straight to the descriptors.

    Args:
        gone: called when the terminal was closed, from any thread.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    streams = sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__
    kept = os.dup(1), os.dup(2)
    drawn_on = 1 if os.isatty(1) else 2  # Textual draws on stderr, which may have been sent to a file
    terminal_out, terminal_err = (
        io.TextIOWrapper(io.BufferedWriter(Terminal(os.dup(number), gone)), encoding="utf-8")
        for number in (1, drawn_on)
    )
    root = logging.getLogger()
    others = root.handlers[:]  # the command line's own would write every line into the log a second time
    with _opened(log) as file, terminal_out, terminal_err:
        handler = logging.StreamHandler(file)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.handlers[:] = [handler]
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        sys.stdout = sys.__stdout__ = terminal_out  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = terminal_err  # type: ignore[misc]
        try:
            yield
        finally:
            sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__ = streams  # type: ignore[misc]
            for number, saved in enumerate(kept, start=1):
                os.dup2(saved, number)
                os.close(saved)
            root.handlers[:] = others


def _opened(log: Path) -> TextIO:
    """The log file, open for appending; /dev/null where no file can be made, as in a read-only home."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > MOST_LOG:
            log.replace(log.with_name(f"{log.name}.old"))
        log.touch(mode=0o600)
        log.chmod(0o600)
        return log.open("a", encoding="utf-8")
    except OSError:
        return Path(os.devnull).open("a", encoding="utf-8")
