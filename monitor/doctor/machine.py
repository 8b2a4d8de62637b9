"""Python, cameras, the terminal, the disk and the clock."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.console import Console

from monitor.config import DATA_FOLDER, Settings
from monitor.doctor.check import Check, fail, ok, warn
from monitor.doctor.storage import database_file, latest_write
from monitor.domain import RgbImage
from monitor.errors import SourceError
from monitor.text import local_time, plural

_MOST_PICTURES = 6
_EVERY = 5
"""Of the source's frames, every fifth one is looked at."""
_LOOKS_FOR = 5.0
"""Most seconds that pictures are waited for."""
_OLDEST, _NEWEST = (3, 11), (3, 13)
_BUILT = datetime(2026, 11, 1, tzinfo=UTC)
"""A correct clock shows a later time."""
_CLOCK_SLACK = timedelta(minutes=5)
_LITTLE, _TOO_LITTLE = 2e9, 2e8
"""Bytes of free disk."""
_SMALLEST = 80, 24


def check_python() -> Iterator[Check]:
    """The interpreter, and Muster's own version."""
    try:
        muster = version("muster")
    except PackageNotFoundError:
        muster = "of unknown version"
    sentence = f"Muster {muster} on Python {platform.python_version()}, {platform.system()} {platform.machine()}."
    if _OLDEST <= sys.version_info[:2] <= _NEWEST:
        yield ok("python", sentence)
    else:
        yield warn("python", sentence, "Install Python 3.11, 3.12 or 3.13; Muster is tested with these.")


def check_cameras(settings: Settings) -> Iterator[Check]:
    """The cameras that are connected, and whether the one in the settings is among them. None is opened."""
    from monitor.sources.camera import list_cameras

    cameras = list_cameras()
    wanted = settings.source if settings.source.isdecimal() else None
    found = ", ".join(f"{camera.index} ({camera.name})" for camera in cameras)
    if not cameras:
        yield warn(
            "camera",
            "No camera is connected.",
            "Connect a camera, or give 'muster kiosk' a file or a stream with --source; 'muster demo' needs no camera.",
        )
        return
    denied = [f"/dev/video{camera.index}" for camera in cameras if not _may_use(camera.index)]
    if denied:
        advice = "Add this account to the group that owns the device, often 'video', and log in again."
        yield fail("camera", f"This account may not use {', '.join(denied)}.", advice)
    elif wanted and int(wanted) not in {camera.index for camera in cameras}:
        advice = "Set 'source' to one of the connected cameras, or use --source."
        yield warn("camera", f"The settings name camera {wanted}, which is not connected. Connected: {found}.", advice)
    else:
        yield ok("camera", f"Connected: {found}.")


def check_picture(settings: Settings) -> Iterator[Check]:
    """Whether people stand upright on the source's pictures. A source that does not open is another check's matter."""
    from monitor.sources.source import open_source
    from monitor.vision.detection.turns import turn_of_camera, turned_picture
    from monitor.vision.detector import FaceDetector

    pictures: list[RgbImage] = []
    try:
        source = open_source(settings.source)
        source.open()
        try:
            until = monotonic() + _LOOKS_FOR
            while len(pictures) < _MOST_PICTURES and monotonic() < until and (frame := source.read()) is not None:
                if frame.index % _EVERY == 0:
                    pictures.append(turned_picture(frame.rgb, settings.rotate))
        finally:
            source.close()
    except SourceError:
        return
    needed = turn_of_camera(FaceDetector().glance, pictures)
    if needed:
        rotate = (settings.rotate + needed) % 360
        yield warn(
            "picture",
            f"Faces are found only when the picture is turned by {needed} degrees.",
            f"Set rotate = {rotate} in the configuration file, or start 'muster kiosk --rotate {rotate}'.",
        )
    else:
        yield ok("picture", f"No face on {plural(len(pictures), 'picture')} of {source.name} needs turning.")


def check_terminal(*, ask: bool) -> Iterator[Check]:
    """Size, colours, characters and graphics of the terminal on standard output.

    Args:
        ask: ask the terminal which graphics it shows; not while an app runs in it.
    """
    if not sys.__stdout__ or not sys.__stdout__.isatty():
        yield ok("terminal", "The output is not a terminal; the kiosk prints events instead of showing the app.")
        return
    console = Console(file=sys.__stdout__)
    width, height = shutil.get_terminal_size()
    colours = {
        "truecolor": "16 million colours",
        "256": "256 colours",
        "standard": "16 colours",
        "windows": "16 colours",
    }
    seen = colours.get(console.color_system or "", "no colours")
    graphics = f"; pictures as {_graphics()}" if ask else ""
    sentence = f"{width}x{height} cells, {seen}{graphics}."
    if "utf" not in (sys.__stdout__.encoding or "").lower():
        advice = "Set a UTF-8 locale, for example LANG=C.UTF-8."
        yield warn(
            "terminal", f"{sentence} It does not show Unicode; pictures are drawn with ASCII characters.", advice
        )
    elif width < _SMALLEST[0] or height < _SMALLEST[1]:
        yield warn("terminal", sentence, f"Make the window at least {_SMALLEST[0]}x{_SMALLEST[1]} cells.")
    elif console.color_system not in ("truecolor", "256"):
        advice = "Use a terminal with 256 colours or more, or set TERM=xterm-256color."
        yield warn("terminal", sentence, advice)
    else:
        yield ok("terminal", sentence)


def check_disk(settings: Settings) -> Iterator[Check]:
    """Free space on the disk of the database, or of the user's data folder."""
    place = database_file(settings) or DATA_FOLDER
    folder = next(parent for parent in place.absolute().parents if parent.is_dir())
    free = shutil.disk_usage(folder).free
    sentence = f"{free / 1e9:,.1f} GB are free on the disk of {folder}."
    if free < _TOO_LITTLE:
        yield fail("disk", sentence, "Free space now; soon no check-in can be written.")
    elif free < _LITTLE:
        yield warn("disk", sentence, "Free space, or run 'muster db purge'.")
    else:
        yield ok("disk", sentence)


def check_clock(settings: Settings, now: datetime) -> Iterator[Check]:
    """Whether the clock can be right, and the time zone in which days begin.

    Args:
        now: in UTC.
    """
    sentence = f"It is {local_time(now, settings.zone)} in {settings.time_zone}."
    latest = latest_write(settings)
    advice = "Set the clock, and let the system keep it right (NTP)."
    if now < _BUILT:
        yield fail("clock", f"{sentence} That is before this version of Muster was made.", advice)
    elif latest is not None and now < latest - _CLOCK_SLACK:
        yield fail(
            "clock", f"{sentence} The database was written later, at {local_time(latest, settings.zone)}.", advice
        )
    elif "time_zone" not in settings.model_fields_set and (told := os.environ.get("TZ")) and not _is_zone(told):
        advice = (
            "Set TZ or the setting time_zone to a name such as Europe/Berlin; until then days begin at midnight UTC."
        )
        yield warn("clock", f"{sentence} The variable TZ is not a time zone.", advice)
    else:
        yield ok("clock", sentence)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name.removeprefix(":"))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return Path(name.removeprefix(":")).is_absolute()  # the file of a zone is valid too
    return True


def _may_use(index: int) -> bool:
    device = Path(f"/dev/video{index}")
    return not device.exists() or os.access(device, os.R_OK | os.W_OK)


def _graphics() -> str:
    """How the terminal shows pictures; the library asks the terminal when it is imported."""
    from textual_image.renderable import Image

    kinds = {"sixel": "Sixel graphics", "tgp": "Kitty graphics", "halfcell": "half blocks"}
    return kinds.get(Image.__module__.rpartition(".")[2], "plain characters")
