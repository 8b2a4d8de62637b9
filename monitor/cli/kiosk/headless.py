"""A kiosk without a terminal app: it prints what happens until its source ends or somebody stops it."""

import logging
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from typing import Any, TypeAlias

from sqlalchemy import Engine

from db.crypto import TemplateCipher
from monitor.cli.events import as_json, as_line
from monitor.cli.options import emit, err, tell
from monitor.config import Settings
from monitor.desk.maintenance.gallery_check import examine_when_due
from monitor.desk.maintenance.upkeep import FIRST_LOOK, LOOK_EVERY, look_after
from monitor.domain import EventKind, KioskEvent, Scene
from monitor.errors import MusterError
from monitor.pipeline.frame_counts import KioskSummary
from monitor.pipeline.kiosk import Kiosk
from monitor.service import notify
from monitor.text import plural, printable

_POLL = 0.1

log = logging.getLogger(__name__)

OnScene: TypeAlias = Callable[[Scene], None]
OnEvent: TypeAlias = Callable[[KioskEvent], None]
MakeKiosk: TypeAlias = Callable[[OnScene, OnEvent], Kiosk]


def run_headless(
    make_kiosk: MakeKiosk,
    *,
    as_json_lines: bool,
    zone: tzinfo,
    on_scene: OnScene = lambda scene: None,
    on_event: OnEvent = lambda event: None,
) -> tuple[KioskSummary, int]:
    """Run a kiosk and print its events as they come.

    Args:
        on_scene: called from the vision thread.
        on_event: called from this thread.

    Returns:
        Frames, drops and rate of the run, and the number of check-ins.

    Raises:
        MusterError: the source cannot be opened or read.
    """
    events: queue.SimpleQueue[KioskEvent] = queue.SimpleQueue()
    enough = threading.Event()
    check_ins = 0
    kiosk = make_kiosk(on_scene, events.put)
    with _stops_on_signals(enough):
        kiosk.start()
        notify("READY=1")
        trouble: str | None = None
        try:
            while not kiosk.wait(_POLL) and not enough.is_set():
                notify("WATCHDOG=1")
                trouble = _tell_trouble(kiosk.trouble, trouble)
                check_ins += _print(events, on_event, as_json_lines=as_json_lines, zone=zone)
        finally:
            kiosk.stop()
            check_ins += _print(events, on_event, as_json_lines=as_json_lines, zone=zone)
    return kiosk.summary(), check_ins


@contextmanager
def looked_after(engine: Engine, cipher: TemplateCipher, settings: Settings) -> Iterator[None]:
    """Makes the backups, purges and examinations of the gallery that become due meanwhile, in a thread of its own."""
    ended = threading.Event()

    def look() -> None:
        pause = FIRST_LOOK
        while not ended.wait(pause):
            pause = LOOK_EVERY
            try:
                look_after(engine, settings, datetime.now(UTC))
                examine_when_due(engine, cipher, settings, datetime.now(UTC))
            except MusterError as error:
                tell(f"muster: {printable(str(error), 1200)}", err)
            except Exception:  # an unforeseen error must not end the backups for good
                log.exception("Backup, purge or the check of the gallery failed")

    thread = threading.Thread(target=look, name="upkeep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def print_summary(summary: KioskSummary, check_ins: int, *, as_json_lines: bool, **more: Any) -> None:
    """Print the last line of a run; `more` stands in JSON only."""
    if as_json_lines:
        counts = {"event": "summary", "frames": summary.frames, "dropped": summary.dropped}
        rates = {"seconds": round(summary.seconds, 3), "fps": round(summary.fps, 2)}
        emit(counts | rates | {"check_ins": check_ins, **more})
        return
    tell(
        f"{plural(summary.frames, 'frame')} in {summary.seconds:.1f} s ({summary.fps:.0f} per second), "
        f"{summary.dropped:,} dropped; check-ins: {check_ins}."
    )


def _tell_trouble(trouble: str | None, told: str | None) -> str | None:
    """Says on standard error what keeps the kiosk from its work, once, and that it is over; returns what was said."""
    if trouble is None and told is not None:
        tell("muster: The kiosk works again.", err)
    elif trouble is not None and told is None:
        tell(f"muster: {printable(trouble, 1200)}", err)
    return trouble


def _print(events: "queue.SimpleQueue[KioskEvent]", on_event: OnEvent, *, as_json_lines: bool, zone: tzinfo) -> int:
    """Print the events that wait; returns how many of them are check-ins."""
    check_ins = 0
    while not events.empty():
        event = events.get_nowait()
        on_event(event)
        check_ins += event.kind is EventKind.CHECK_IN
        if as_json_lines:
            emit(as_json(event))
        elif event.kind is not EventKind.SIGHTING:
            tell(as_line(event, zone))
    sys.stdout.flush()
    return check_ins


@contextmanager
def _stops_on_signals(enough: threading.Event) -> Iterator[None]:
    """Ctrl+C and SIGTERM end the run in order: the camera is closed, and everything is written."""
    before = {number: signal.signal(number, lambda *_: enough.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
