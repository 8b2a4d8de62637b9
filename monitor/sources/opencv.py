"""Opens OpenCV's captures and reads pictures from them, for all sources that use OpenCV."""

import os
from collections.abc import Sequence
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import RgbImage

# OpenCV reads these once, at its first capture; a user's own values are kept.
_ENVIRONMENT = {
    "OPENCV_FFMPEG_LOGLEVEL": "-8",  # AV_LOG_QUIET
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "3",  # seconds; the default of 10 notices a dead camera too late
}
for _name, _value in _ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)


class VideoCapture(Protocol):
    """The part of `cv2.VideoCapture` that sources use; tests bring their own."""

    def isOpened(self) -> bool: ...  # noqa: N802
    def read(self) -> tuple[bool, NDArray[np.uint8] | None]: ...
    def grab(self) -> bool: ...
    def get(self, propId: int) -> float: ...  # noqa: N803
    def set(self, propId: int, value: float) -> bool: ...  # noqa: N803
    def release(self) -> None: ...


def open_capture(target: int | str, backend: int, parameters: Sequence[int] = ()) -> VideoCapture:
    """A `cv2.VideoCapture` that never writes to the terminal, where the app draws its screen."""
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    capture: Any = cv2.VideoCapture(target, backend, list(parameters))
    opened: VideoCapture = capture
    return opened


def skip_picture(capture: VideoCapture) -> bool:
    """Let the next picture go by without decoding it; False when there is none."""
    try:
        return capture.grab()
    except cv2.error:
        return False


def device_time(capture: VideoCapture) -> float | None:
    """The device's own time of the last picture, in milliseconds; None where it gives none."""
    try:
        stamp = capture.get(cv2.CAP_PROP_POS_MSEC)
    except cv2.error:
        return None
    return stamp if stamp > 0 else None


def next_picture(capture: VideoCapture) -> RgbImage | None:
    """The next picture as uint8 (h, w, 3) RGB; None when there is none."""
    try:
        delivered, bgr = capture.read()
    except cv2.error:
        return None
    if not delivered or bgr is None or bgr.size == 0:
        return None
    code = cv2.COLOR_GRAY2RGB if bgr.ndim == 2 else cv2.COLOR_BGR2RGB
    return np.asarray(cv2.cvtColor(bgr, code), np.uint8)
