"""The terminal survives: libraries that print, signals, errors. Run in a real pseudo-terminal."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

SERVER = """
import json, os, sys
sys.path.insert(0, {tests!r})
import monitor.tui.run, tests.monitor.world

for line in sys.stdin:
    terminal, program = json.loads(line)
    child = os.fork()
    if child == 0:
        os.setsid()
        end = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
        for standard in (0, 1, 2):
            os.dup2(end, standard)
        os.close(end)
        exec(program, {{"__name__": "__main__"}})
        sys.exit()
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Imports everything once, then runs each program it is given in a process and a session of its own."""
PROGRAM = """
import ctypes, fcntl, os, termios, threading, time
from pathlib import Path
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

Run = Callable[..., tuple[bytes, int]]


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[bytes]]:
    """Its pipes have no buffers, so that `select` sees each line that is not yet read."""
    program = SERVER.format(tests=str(Path(__file__).parents[3]))
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0, env=environment
    ) as process:
        yield process


@pytest.fixture
def run(server: subprocess.Popen[bytes], tmp_path: Path) -> Run:
    """Runs a program and gives what it wrote to its terminal, and its exit code."""

    def run(then: str, *, close: bool = False, told: bool = True) -> tuple[bytes, int]:
        """
        Args:
            then: what the program does when the kiosk runs.
            close: close the terminal when the file `ready` is there.
            told: the program gets a SIGHUP when its terminal is closed.
        """
        assert server.stdin is not None
        assert server.stdout is not None
        ours, theirs = pty.openpty()
        program = PROGRAM.format(folder=str(tmp_path), then=then, told=told)
        server.stdin.write(json.dumps([os.ttyname(theirs), program]).encode() + b"\n")
        child, said = int(server.stdout.readline()), server.stdout.fileno()
        written, ended = b"", False
        deadline = time.monotonic() + 200
        while not ended and time.monotonic() < deadline and not (close and (tmp_path / "ready").exists()):
            ready, _, _ = select.select([ours, said], [], [], 0.1)
            if ours in ready:
                written += os.read(ours, 65536)
            ended = ready == [said]
        os.close(theirs)
        os.close(ours)
        if not ended and not select.select([said], [], [], 200)[0]:
            os.kill(child, signal.SIGKILL)
        return written, int(server.stdout.readline())

    return run


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
def test_the_terminal_is_left_as_it_was_and_the_kiosk_is_stopped(
    run: Run, tmp_path: Path, then: str, code: int
) -> None:
    written, exit_code = run(then)
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
def test_a_closed_terminal_ends_the_app_and_stops_the_kiosk(run: Run, tmp_path: Path, told: bool) -> None:
    busy = "[(app.show_later(app.refresh), time.sleep(0.02)) for _ in range(2000)]"
    _, exit_code = run(f"(folder / 'ready').touch(); {busy}", close=True, told=told)
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
def test_a_hang_up_that_wakes_the_process_leaves_no_thread_behind(run: Run, tmp_path: Path, order: str) -> None:
    """The kernel sends SIGHUP and SIGCONT to who loses their terminal."""
    _, exit_code = run(f"import signal; {order}")
    assert (exit_code, (tmp_path / "end").read_text(encoding="utf-8")) == (0, "0 True ['MainThread']")


def test_a_thread_that_fails_is_on_the_screen_and_once_in_a_log_that_does_not_grow_for_ever(
    run: Run, tmp_path: Path
) -> None:
    (tmp_path / "muster.log").write_bytes(bytes(5_000_001))
    fails = "threading.Thread(target=lambda: 1 / 0, name='picture').start()"
    told = "[time.sleep(0.02) for _ in iter(lambda: len(app._notifications), 1)]"
    written, _ = run(f"{fails}; {told}; os.kill(os.getpid(), {int(signal.SIGTERM)})")
    assert b"Traceback" not in written
    log = (tmp_path / "muster.log").read_text(encoding="utf-8")
    assert log.count("The thread picture failed") == log.count("ZeroDivisionError") == 1
    assert "\0" not in log
    assert (tmp_path / "muster.log.old").stat().st_size == 5_000_001
