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
import ctypes, os, sys, threading, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from conftest_tui import make_world
from monitor.tui.terminal import run_to_end

folder = Path({folder!r})
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
assert world.kiosk.stopped.is_set()
print("THE END", code)
"""
LEAVES_ALTERNATE_SCREEN = b"\x1b[?1049l"
SHOWS_CURSOR = b"\x1b[?25h"


def run(folder: Path, then: str) -> tuple[bytes, int]:
    """What the program wrote to its terminal, and its exit code."""
    program = PROGRAM.format(tests=str(Path(__file__).parent), folder=str(folder), then=then)
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, close_fds=True
    )
    os.close(theirs)
    written = b""
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                written += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
        elif process.poll() is not None:
            break
    os.close(ours)
    return written, process.wait(10)


@pytest.mark.parametrize(
    ("then", "code"),
    [
        (f"os.kill(os.getpid(), {int(signal.SIGTERM)})", 0),
        ("app.show_later(lambda: 1 / 0)", 1),
    ],
    ids=["SIGTERM", "an error"],
)
def test_the_terminal_is_left_as_it_was_and_the_kiosk_is_stopped(tmp_path: Path, then: str, code: int) -> None:
    written, exit_code = run(tmp_path, then)
    assert LEAVES_ALTERNATE_SCREEN in written
    assert SHOWS_CURSOR in written.rpartition(LEAVES_ALTERNATE_SCREEN)[2] + written[-2000:]
    assert f"THE END {code}".encode() in written, "the kiosk was stopped before the program ended"
    assert exit_code == 0
    assert b"NATIVE NOISE" not in written
    assert (tmp_path / "muster.log").read_text(encoding="utf-8").count("NATIVE NOISE") == 2
    assert (b"ZeroDivisionError" in written) == (code == 1)
