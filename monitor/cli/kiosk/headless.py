"""A kiosk without a terminal app: it prints what happens until its source ends or somebody stops it."""

import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import tzinfo
from typing import Any, TypeAlias

from monitor.cli.events import as_json, as_line
from monitor.cli.options import emit, out
from monitor.domain import EventKind, KioskEvent, Scene
from monitor.pipeline.kiosk import Kiosk, KioskSummary

_POLL = 0.1

OnScene: TypeAlias = Callable[[Scene], None]
OnEvent: TypeAlias = Callable[[KioskEvent], None]
MakeKiosk: TypeAlias = Callable[[OnScene, OnEvent], Kiosk]


def run_headless(
    make_kiosk: MakeKiosk,
    *,
    as_json_lines: bool,
    zone: tzinfo,
    seconds: float | None = None,
    on_scene: OnScene = lambda scene: None,
    on_event: OnEvent = lambda event: None,
) -> tuple[KioskSummary, int]:
    """Run a kiosk and print its events as they come.

    Args:
        seconds: of the source's clock after which to stop; None for its end.
        on_scene: called from the vision thread.
        on_event: called from this thread.

    Returns:
        The run in numbers, and how many checked in.

    Raises:
        MusterError: the source cannot be opened or read.
    """
    events: queue.SimpleQueue[KioskEvent] = queue.SimpleQueue()
    enough = threading.Event()

    def look(scene: Scene) -> None:
        on_scene(scene)
        if seconds is not None and scene.frame.seconds >= seconds:
            enough.set()

    check_ins = 0
    kiosk = make_kiosk(look, events.put)
    with _stops_on_signals(enough):
        kiosk.start()
        try:
            while not kiosk.wait(_POLL) and not enough.is_set():
                check_ins += _print(events, on_event, as_json_lines=as_json_lines, zone=zone)
        finally:
            kiosk.stop()
            check_ins += _print(events, on_event, as_json_lines=as_json_lines, zone=zone)
    return kiosk.summary(), check_ins


def print_summary(summary: KioskSummary, check_ins: int, *, as_json_lines: bool, **more: Any) -> None:
    """The last line of a run."""
    if as_json_lines:
        emit(
            {
                "event": "summary",
                "frames": summary.frames,
                "dropped": summary.dropped,
                "seconds": round(summary.seconds, 3),
                "fps": round(summary.fps, 2),
                "check_ins": check_ins,
                **more,
            }
        )
        return
    out.print(
        f"{summary.frames} frames in {summary.seconds:.1f} s ({summary.fps:.0f} a second), "
        f"{summary.dropped} dropped; check-ins: {check_ins}.",
        soft_wrap=True,
    )


def _print(
    events: "queue.SimpleQueue[KioskEvent]",
    on_event: OnEvent,
    *,
    as_json_lines: bool,
    zone: tzinfo,
) -> int:
    """Print what waits; returns how many check-ins were among it."""
    check_ins = 0
    for event in _waiting(events):
        on_event(event)
        check_ins += event.kind is EventKind.CHECK_IN
        if as_json_lines:
            emit(as_json(event))
        elif event.kind is not EventKind.SIGHTING:
            out.print(as_line(event, zone), markup=False, soft_wrap=True)
    sys.stdout.flush()
    return check_ins


def _waiting(events: "queue.SimpleQueue[KioskEvent]") -> Iterator[KioskEvent]:
    while not events.empty():
        yield events.get_nowait()


@contextmanager
def _stops_on_signals(enough: threading.Event) -> Iterator[None]:
    """Ctrl+C and SIGTERM end the run in order: camera closed, every fact written."""
    before = {number: signal.signal(number, lambda *_: enough.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
