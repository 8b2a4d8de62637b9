"""Reads video files: every frame, at the time that the file gives it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import cv2

from monitor.domain import Frame, RgbImage
from monitor.errors import SourceError
from monitor.sources.live import now_utc
from monitor.sources.opencv import VideoCapture, next_picture, open_capture

_DECODING_THREADS = 2
_FALLBACK_FPS = 25.0
_NOTABLY_SHORT = 0.9
"""Share of the promised frames below which a file was cut off; containers only estimate their number of frames."""


def open_file(path: Path) -> VideoCapture:
    """OpenCV's capture of the file. The path is made absolute, so that FFmpeg never takes it for an address."""
    return open_capture(str(path.resolve()), cv2.CAP_FFMPEG, (cv2.CAP_PROP_N_THREADS, _DECODING_THREADS))


class FileSource:
    """The frames of a video file, from `started_at` on (the moment of opening, if not given)."""

    live = False

    def __init__(
        self, path: Path, *, started_at: datetime | None = None, opener: Callable[[Path], VideoCapture] = open_file
    ) -> None:
        self.name = path.name
        self.warning: str | None = None
        self._path = path
        self._given_start = started_at
        self._opener = opener
        self._capture: VideoCapture | None = None

    def open(self) -> None:
        """Open the file and decode its first frame.

        Raises:
            SourceError: missing, empty, cut off, not a video, or without frames.
        """
        self._require_content()
        capture = self._opener(self._path)
        first = next_picture(capture) if capture.isOpened() else None
        if first is None:
            opened = capture.isOpened()
            capture.release()
            raise SourceError(self._why_not(opened))
        self._capture = capture
        self._ahead: RgbImage | None = first
        self._index = 0
        self._start = self._given_start or now_utc()
        self._origin = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        self._seconds = 0.0
        self.warning = None

    def read(self) -> Frame | None:
        """The next frame; None after the last that can be decoded."""
        capture = self._capture
        if capture is None:
            return None
        rgb, self._ahead = self._ahead, None
        if rgb is None:
            rgb = next_picture(capture)
            if rgb is None:
                self._note_cut_off(capture)
                return None
            self._seconds = self._time_of_frame(capture)
        at = self._start + timedelta(seconds=self._seconds)
        frame = Frame(index=self._index, at=at, seconds=self._seconds, rgb=rgb)
        self._index += 1
        return frame

    def close(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()

    def _time_of_frame(self, capture: VideoCapture) -> float:
        """The presentation time; one frame after the last where a broken file's times stand still or jump back."""
        seconds = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 - self._origin
        if seconds > self._seconds:
            return seconds
        fps = capture.get(cv2.CAP_PROP_FPS)
        return self._seconds + 1 / (fps if 1 <= fps <= 240 else _FALLBACK_FPS)

    def _note_cut_off(self, capture: VideoCapture) -> None:
        promised = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        if self._index < promised * _NOTABLY_SHORT:
            self.warning = f"{self.name} is cut off: {self._index} of about {promised} frames could be read."

    def _require_content(self) -> None:
        try:
            with self._path.open("rb") as file:
                empty = not file.read(1)
        except OSError as error:
            raise SourceError(f"{self._path} cannot be read: {error.strerror}; check the path.") from None
        if empty:
            raise SourceError(f"{self._path} is empty; record or copy it again.")

    def _why_not(self, opened: bool) -> str:
        if opened:
            return f"{self._path} has no frames that can be decoded; record or copy it again."
        with self._path.open("rb") as file:
            head = file.read(12)
        if head[4:8] == b"ftyp" or head[:4] in (b"RIFF", b"\x1aE\xdf\xa3"):
            return f"{self._path} is a damaged or cut off video; record or copy it again."
        return f"{self._path} is not a video that can be read; use MP4, MKV, AVI, MOV or WebM."
