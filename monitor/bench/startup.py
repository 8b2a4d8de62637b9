"""How long a kiosk takes from the start of its process to its first frame, and how much memory it needs."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from monitor.bench.classic import START
from monitor.bench.clips import Clip, write_clip
from monitor.bench.flow import Door
from monitor.bench.measure import Measure
from monitor.domain import RgbImage
from monitor.errors import MusterError

_CLASSIC_FRAMES = 5
_PATIENCE = 120.0

_LAUNCHER = """
import json, subprocess, sys, time
began = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
seconds = None
for line in child.stdout:
    seconds = time.perf_counter() - began
code = child.wait()
try:
    import resource
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
except ImportError:
    peak = None
print(json.dumps({"code": code, "seconds": seconds, "peak": peak}))
"""
"""A small process in between: the peak memory of a child includes the memory of its parent at the start."""


@dataclass(frozen=True, slots=True)
class _Run:
    seconds: float
    """From the start of the process to the last line it printed."""
    peak: int | None
    """Bytes of resident memory; None where the system does not tell."""


def measure_startup(door: Door, clip: Clip, first: RgbImage, rounds: int) -> Iterator[Measure]:
    """Seconds until a clip of one frame is done, database closed, and peak memory over the whole clip.

    The first start is not counted: it may build the model cache.

    Args:
        first: the clip's first frame, uint8 (h, w, 3).
    """
    short = door.config.with_name("one-frame.mp4")
    write_clip(short, [first])
    whole = _run(_kiosk(door, clip.file))
    ours, classic = [], []
    for _ in range(rounds):
        ours.append(_run(_kiosk(door, short)).seconds)
        classic.append(_run(_classic(short, 1)).seconds)
    yield Measure(f"start-up to the end of the first frame, {clip.name}", median(ours), median(classic), "s")
    classic_peak = _run(_classic(clip.file, _CLASSIC_FRAMES)).peak
    if whole.peak and classic_peak:
        yield Measure(f"peak memory, {clip.name}", whole.peak / 1e6, classic_peak / 1e6, "MB")


def _kiosk(door: Door, file: Path) -> Sequence[str]:
    place = "--db", door.settings.db, "--config", str(door.config)
    return sys.executable, "-m", "monitor.cli", "kiosk", "--source", str(file), "--headless", "--json", *place


def _classic(file: Path, frames: int) -> Sequence[str]:
    return sys.executable, "-c", START, str(file), str(frames)


def _run(command: Sequence[str]) -> _Run:
    launcher = sys.executable, "-I", "-S", "-c", _LAUNCHER
    try:
        done = subprocess.run([*launcher, *command], capture_output=True, check=True, timeout=_PATIENCE)  # noqa: S603
        told = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        told = {"code": -1}
    if told["code"] != 0 or told["seconds"] is None:
        raise MusterError(f"'{' '.join(command[1:4])} …' failed while it was measured; run it yourself to see why.")
    return _Run(told["seconds"], told["peak"])
