"""Reads network cameras and streams: RTSP, HTTP and the other protocols of FFmpeg."""

import os
from collections.abc import Callable
from urllib.parse import urlsplit

import cv2

from monitor.errors import SourceError
from monitor.sources.live import LiveSource
from monitor.sources.opencv import VideoCapture, open_capture

TIMEOUT_MS = 4000
"""Milliseconds to connect, and between two frames, so that a lost stream is noticed within 5 seconds."""

_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_LOW_LATENCY = "rtsp_transport;tcp|fflags;nobuffer|flags;low_delay"
"""TCP because lost UDP packets smear faces; no buffering because the newest frame is wanted."""


def open_stream(address: str) -> VideoCapture:
    """OpenCV's capture of the stream, by FFmpeg with time-outs; without buffering, except over HTTP."""
    timeouts = (cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, TIMEOUT_MS)
    if address.lower().startswith("http") or _OPTIONS in os.environ:
        return open_capture(address, cv2.CAP_FFMPEG, timeouts)
    # OpenCV takes these options from the environment only, and files opened later must not see them.
    os.environ[_OPTIONS] = _LOW_LATENCY
    try:
        return open_capture(address, cv2.CAP_FFMPEG, timeouts)
    finally:
        del os.environ[_OPTIONS]


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
