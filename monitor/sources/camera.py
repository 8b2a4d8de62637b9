"""Reads cameras attached to this machine, and lists them."""

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2

from monitor.errors import SourceError
from monitor.sources.live import LiveSource
from monitor.sources.opencv import VideoCapture, open_capture

WIDTH, HEIGHT, FPS = 640, 480, 30

_SYSFS = Path("/sys/class/video4linux")
_PROBED_ELSEWHERE = 4
"""Camera numbers that are tried on systems that do not list their cameras."""


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera of this machine."""

    index: int
    name: str


def open_camera(index: int) -> VideoCapture:
    """OpenCV's capture of the camera, set to 640x480 at 30 frames a second where it can do that.

    The format asked for is uncompressed YUYV: at this size it fits USB 2 and needs no decoding (OpenCV's JPEG decoder
    writes to the terminal when a frame is damaged). A camera that knows only MJPG sends that.
    """
    capture = open_capture(index, cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY)
    if capture.isOpened():
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"YUYV"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, WIDTH)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT)
        capture.set(cv2.CAP_PROP_FPS, FPS)
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return capture


def list_cameras() -> tuple[CameraInfo, ...]:
    """The cameras of this machine: from the list of Linux; elsewhere the first few numbers are tried."""
    if sys.platform == "linux":
        return cameras_in(_SYSFS)
    found = []
    for index in range(_PROBED_ELSEWHERE):
        capture = open_capture(index, cv2.CAP_ANY)
        if capture.isOpened():
            found.append(CameraInfo(index, f"Camera {index}"))
        capture.release()
    return tuple(found)


def cameras_in(sysfs: Path) -> tuple[CameraInfo, ...]:
    """The cameras below /sys/class/video4linux, without the metadata nodes that newer drivers add."""
    found = []
    for node in sysfs.glob("video*"):
        number = re.fullmatch(r"video(\d+)", node.name)
        if number and _text(node / "index", "0") == "0":
            found.append(CameraInfo(int(number[1]), _text(node / "name", node.name)))
    return tuple(sorted(found, key=lambda camera: camera.index))


class CameraSource(LiveSource):
    """A camera by its number."""

    def __init__(
        self,
        index: int,
        *,
        opener: Callable[[int], VideoCapture] = open_camera,
        cameras: Callable[[], tuple[CameraInfo, ...]] = list_cameras,
    ) -> None:
        super().__init__(f"Camera {index}")
        self._index = index
        self._opener = opener
        self._cameras = cameras

    def connect(self) -> VideoCapture:
        capture = self._opener(self._index)
        if not capture.isOpened():
            capture.release()
            raise SourceError(self._why_not())
        return capture

    def _why_not(self) -> str:
        device = Path(f"/dev/video{self._index}")
        if device.exists() and not os.access(device, os.R_OK | os.W_OK):
            return f"{self.name} may not be used by this account; add it to the group that owns {device}."
        others = [str(camera.index) for camera in self._cameras()]
        if str(self._index) in others:
            return f"{self.name} does not open; close the program that uses it, or plug it in again."
        if others:
            return f"{self.name} does not exist; use one of the cameras of this machine: {', '.join(others)}."
        return f"{self.name} does not exist: this machine has no camera; connect one or name a file with --source."


def _text(path: Path, otherwise: str) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or otherwise
    except OSError:
        return otherwise
