"""Runs the app so that the terminal survives: native libraries cannot print into it, every way out restores it."""

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from monitor.tui.app import MusterApp

LOG_FILE = platformdirs.user_log_path("muster", appauthor=False) / "muster.log"
SETTLED = (5.0, 30.0)
"""Seconds after which models, screens and caches are there to stay."""
COLLECT_AFTER = (10_000, 20, 50)
"""Allocations before the garbage collector looks at the young, and rounds before it looks at the older objects."""
SWITCH_SECONDS = 0.001
"""How long a thread may keep the interpreter while another one waits; the default of 5 ms is felt on the screen."""
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_to_end(app: MusterApp, log: Path = LOG_FILE) -> int:
    """Runs the app until it is left, by key, signal or error, then stops the kiosk.

    Args:
        app: not started yet.
        log: receives what libraries print meanwhile.

    Returns:
        The exit code: 0, or 1 after an error, which was printed.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    try:
        with only_the_app_writes(log):
            asyncio.run(_run(app))
    finally:
        app.close()
    return app.return_code or 0


async def _run(app: MusterApp) -> None:
    """The event loop of the app.

    A full garbage collection walks a million objects of the libraries and stops every thread for some 200 ms. What
    is there after the start stays there: `gc.freeze` takes it out of later collections.
    """
    loop = asyncio.get_running_loop()
    for seconds in SETTLED:
        loop.call_later(seconds, gc.freeze)
    for number in ENDING_SIGNALS:
        loop.add_signal_handler(number, app.exit)
    await app.run_async()


@contextmanager
def only_the_app_writes(log: Path) -> Iterator[None]:
    """Sends file descriptors 1 and 2 to a log file; Python's own streams, which Textual writes to, keep the terminal.

    OpenCV, FFmpeg, dlib and onnxruntime print with C's stdio, straight to the descriptors.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    streams = sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__
    kept = os.dup(1), os.dup(2)
    terminal_out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    terminal_err = os.fdopen(os.dup(2), "w", encoding="utf-8")
    with log.open("a", encoding="utf-8") as file, terminal_out, terminal_err:
        handler = logging.StreamHandler(file)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logging.getLogger().addHandler(handler)
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
            logging.getLogger().removeHandler(handler)
