"""The terminal survives: libraries that print, signals, errors. Run in a real pseudo-terminal."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import ctypes, fcntl, os, sys, termios, threading, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from tests.monitor.world import make_world
from monitor.tui.run import run_to_end

folder = Path({folder!r})
if {told}:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # as for a program that a shell started
world = make_world(folder)
app = world.app()

def noise():
    ctypes.CDLL(None).puts(b"NATIVE NOISE")
    ctypes.CDLL(None).fflush(None)
    os.write(2, b"NATIVE NOISE")

def then():
    while not world.kiosks:
        time.sleep(0.05)
    world.kiosk.started.wait()
    noise()
    {then}

threading.Thread(target=then, daemon=True).start()
code = run_to_end(app, folder / "muster.log")
left = sorted(thread.name for thread in threading.enumerate() if not thread.daemon)
(folder / "end").write_text(f"{{code}} {{world.kiosk.stopped.is_set()}} {{left}}")
"""
LEAVES_ALTERNATE_SCREEN = b"\x1b[?1049l"
SHOWS_CURSOR = b"\x1b[?25h"


def run(folder: Path, then: str, *, close: bool = False, told: bool = True) -> tuple[bytes, int]:
    """What the program wrote to its terminal, and its exit code.

    Args:
        then: what the program does when the kiosk runs.
        close: close the terminal when the file `ready` is there.
        told: the program gets a SIGHUP when its terminal is closed.
    """
    program = PROGRAM.format(tests=str(Path(__file__).parents[3]), folder=str(folder), then=then, told=told)
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment,
        close_fds=True,
        start_new_session=True,
    )
    os.close(theirs)
    written = b""
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and not (close and (folder / "ready").exists()):
        if select.select([ours], [], [], 0.1)[0]:
            try:
                written += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
        elif process.poll() is not None:
            break
    os.close(ours)
    return written, process.wait(200)


@pytest.mark.parametrize(
    ("then", "code"),
    [
        (f"os.kill(os.getpid(), {int(signal.SIGTERM)})", 0),
        (f"os.kill(os.getpid(), {int(signal.SIGHUP)})", 0),
        ("app.show_later(lambda: 1 / 0)", 1),
        ("app.show_later(lambda: app.run_worker(lambda: 1 / 0, thread=True))", 1),
    ],
    ids=["SIGTERM", "SIGHUP", "an error", "an error in a thread"],
)
def test_the_terminal_is_left_as_it_was_and_the_kiosk_is_stopped(tmp_path: Path, then: str, code: int) -> None:
    written, exit_code = run(tmp_path, then)
    assert LEAVES_ALTERNATE_SCREEN in written
    assert SHOWS_CURSOR in written.rpartition(LEAVES_ALTERNATE_SCREEN)[2] + written[-2000:]
    assert (tmp_path / "end").read_text(encoding="utf-8") == f"{code} True ['MainThread']"
    assert exit_code == 0
    assert b"NATIVE NOISE" not in written
    assert (tmp_path / "muster.log").read_text(encoding="utf-8").count("NATIVE NOISE") == 2
    assert b"Traceback" not in written, "it shows variables"
    log = (tmp_path / "muster.log").read_text(encoding="utf-8")
    assert ("ZeroDivisionError" in log) == (code == 1)


@pytest.mark.parametrize("told", [True, False], ids=["with SIGHUP", "without"])
def test_a_closed_terminal_ends_the_app_and_stops_the_kiosk(tmp_path: Path, told: bool) -> None:
    busy = "[(app.show_later(app.refresh), time.sleep(0.02)) for _ in range(2000)]"
    _, exit_code = run(tmp_path, f"(folder / 'ready').touch(); {busy}", close=True, told=told)
    assert exit_code == 0
    assert (tmp_path / "end").read_text(encoding="utf-8") == "0 True ['MainThread']"


@pytest.mark.parametrize(
    "order",
    [
        "os.kill(os.getpid(), signal.SIGCONT); time.sleep(0.5); app.show_later(app.exit)",
        "app.show_later(app.exit); [(os.kill(os.getpid(), signal.SIGCONT), time.sleep(0.02)) for _ in range(100)]",
    ],
    ids=["before the end", "during the end"],
)
def test_a_hang_up_that_wakes_the_process_leaves_no_thread_behind(tmp_path: Path, order: str) -> None:
    """The kernel sends SIGHUP and SIGCONT to who loses their terminal."""
    _, exit_code = run(tmp_path, f"import signal; {order}")
    assert (exit_code, (tmp_path / "end").read_text(encoding="utf-8")) == (0, "0 True ['MainThread']")


def test_a_thread_that_fails_is_on_the_screen_and_once_in_a_log_that_does_not_grow_for_ever(tmp_path: Path) -> None:
    (tmp_path / "muster.log").write_bytes(bytes(5_000_001))
    fails = "threading.Thread(target=lambda: 1 / 0, name='picture').start()"
    told = "[time.sleep(0.02) for _ in iter(lambda: len(app._notifications), 1)]"
    written, _ = run(tmp_path, f"{fails}; {told}; os.kill(os.getpid(), {int(signal.SIGTERM)})")
    assert b"Traceback" not in written
    log = (tmp_path / "muster.log").read_text(encoding="utf-8")
    assert log.count("The thread picture failed") == log.count("ZeroDivisionError") == 1
    assert "\0" not in log
    assert (tmp_path / "muster.log.old").stat().st_size == 5_000_001
