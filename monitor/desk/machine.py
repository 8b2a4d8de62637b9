"""This machine as the System screen sees it: what works here, and which cameras there are."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from monitor.config import Settings
from monitor.doctor.check import Check, Status
from monitor.doctor.run import check_window, run_checks
from monitor.sources.camera import CameraInfo, list_cameras
from monitor.sources.source import FrameSource, open_source

__all__ = ("Check", "Machine", "Status")


@dataclass(frozen=True, slots=True)
class Machine:
    """What is asked of a machine; everything may block."""

    checks: Callable[[Settings, Path | None], Iterator[Check]] = run_checks
    cameras: Callable[[], tuple[CameraInfo, ...]] = list_cameras
    open_source: Callable[[str], FrameSource] = open_source
    terminal: Callable[[], Iterator[Check]] = check_window
    """What of the checks changes with the window."""
