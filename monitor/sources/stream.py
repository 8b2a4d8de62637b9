"""Reads network cameras and streams: RTSP, HTTP and the other protocols of FFmpeg."""

import os
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.errors import SourceError
from monitor.sources.live import LiveSource
from monitor.sources.opencv import VideoCapture, open_capture

TIMEOUT_MS = 4000
"""Milliseconds to connect, and between two frames, so that a lost stream is noticed within 5 seconds."""

_AS_SENT = -1
"""OpenCV's format of pictures that are not decoded: uint8 (1, bytes)."""
_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_LOW_LATENCY = "rtsp_transport;tcp|fflags;nobuffer|flags;low_delay"
"""TCP because lost UDP packets smear faces; no buffering because the newest frame is wanted."""


def open_stream(address: str) -> VideoCapture:
    """OpenCV's capture of the stream, by FFmpeg with time-outs; without buffering, except over HTTP."""
    timeouts = (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, TIMEOUT_MS)
    if address.lower().startswith("http") or _OPTIONS in os.environ:
        return _whole_pictures(open_capture(address, cv2.CAP_FFMPEG, timeouts))
    # OpenCV takes these options from the environment only, and files opened later must not see them.
    os.environ[_OPTIONS] = _LOW_LATENCY
    try:
        return _whole_pictures(open_capture(address, cv2.CAP_FFMPEG, timeouts))
    finally:
        del os.environ[_OPTIONS]


def _whole_pictures(capture: VideoCapture) -> VideoCapture:
    """The capture; of a stream in MJPEG one that lets damaged pictures go by."""
    jpegs = round(capture.get(cv2.CAP_PROP_FOURCC)) == cv2.VideoWriter.fourcc(*"MJPG")
    return JpegCapture(capture) if jpegs and capture.set(cv2.CAP_PROP_FORMAT, _AS_SENT) else capture


class JpegCapture:
    """A capture of JPEGs as they were sent: FFmpeg fills what is missing of one with the picture before."""

    def __init__(self, capture: VideoCapture) -> None:
        self._capture = capture
        self.isOpened, self.grab = capture.isOpened, capture.grab
        self.get, self.set, self.release = capture.get, capture.set, capture.release

    def read(self) -> tuple[bool, NDArray[np.uint8] | None]:
        """The next whole picture; none where all are damaged for `TIMEOUT_MS`."""
        until = time.monotonic() + TIMEOUT_MS / 1000
        while time.monotonic() < until:
            sent, jpeg = self._capture.read()
            if not sent or jpeg is None:
                break
            bgr = cv2.imdecode(jpeg.ravel(), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
            if bgr is not None:
                return True, np.asarray(bgr, np.uint8)
        return False, None


def without_password(address: str) -> str:
    """The address without user, password and query, as it is shown and logged."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
        host = parts.hostname or ""
    except ValueError:
        return address.partition("://")[0] + "://…"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}{parts.path}"


class StreamSource(LiveSource):
    """A stream by its address."""

    def __init__(self, address: str, *, opener: Callable[[str], VideoCapture] = open_stream) -> None:
        super().__init__(without_password(address))
        self._address = address
        self._opener = opener

    def connect(self) -> VideoCapture:
        capture = self._opener(self._address)
        if not capture.isOpened():
            capture.release()
            raise SourceError(
                f"{self.name} cannot be opened; check its address and password, and that it is reachable."
            )
        return capture
