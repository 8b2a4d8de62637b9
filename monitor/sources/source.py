"""What a source of frames is, and which one a user's text names: camera, video file, folder of images or stream.

Nothing is opened before `FrameSource.open`, and importing this package does not import OpenCV.
"""

import re
from datetime import datetime
from pathlib import Path
from typing import Protocol

from monitor.domain import Frame
from monitor.errors import SourceError

STREAM_SCHEMES = frozenset({"rtsp", "rtsps", "http", "https", "rtmp", "udp"})


class FrameSource(Protocol):
    """Something that delivers frames in order. One thread at a time calls its methods.

    `open` may be called again after `close`, and also while an older `read` hangs in another thread:
    it starts afresh and never waits for that read. A live source may also have `skip() -> None`, which lets the next
    frame go by without decoding it, and `stamp`, the device's own time of the last frame in milliseconds.
    """

    name: str
    """Shown to people: "Camera 0", a file's name, a stream's address without its password."""
    live: bool
    """True: only the newest frame counts. False: every frame is processed, and times come from the source."""
    warning: str | None
    """One sentence about frames that were skipped or cut off, once that is known."""

    def open(self) -> None:
        """Make ready to read.

        Raises:
            SourceError: what is wrong and what to do, in one sentence.
        """

    def read(self) -> Frame | None:
        """The next frame; waits for it. None after the last one; live sources have no last one.

        Raises:
            SourceError: a live source was lost.
        """

    def close(self) -> None:
        """Let go of the device or file. May be called twice."""


def open_source(text: str, started_at: datetime | None = None) -> FrameSource:
    """The source that a user named; it is not opened yet.

    Args:
        text: a camera number ("0") or device ("/dev/video0"), the path of a video file or a folder of
            images, or the address of a stream (rtsp://, http://, ...).
        started_at: when the first frame of a file or folder was taken; the moment of opening, if not given.

    Raises:
        SourceError: the text cannot name a source, or a time is given for one that is live.
    """
    text = text.strip()
    source = _named(text, started_at)
    if source.live and started_at is not None:
        raise SourceError(f"{source.name} is live, so its frames are taken now; give a time for a file or folder only.")
    return source


def _named(text: str, started_at: datetime | None) -> FrameSource:
    if not text:
        raise SourceError("The source is empty; give a camera number, a file, a folder or a stream's address.")
    if re.fullmatch(r"[+-]?\d+", text):
        return _camera(text)
    scheme, separator, rest = text.partition("://")
    if separator and scheme.lower() == "file":
        return _path(Path(rest), started_at)
    if separator:
        return _stream(scheme.lower(), text)
    return _path(Path(text).expanduser(), started_at)


def _camera(digits: str) -> FrameSource:
    from monitor.sources.camera import CameraSource

    number = int(digits)
    if not 0 <= number < 1000:
        raise SourceError(f"{digits} is not a camera number; give 0 to 999.")
    return CameraSource(number)


def _stream(scheme: str, address: str) -> FrameSource:
    from monitor.sources.stream import StreamSource

    if scheme not in STREAM_SCHEMES:
        known = ", ".join(sorted(STREAM_SCHEMES))
        raise SourceError(f"Addresses that begin with {scheme}:// cannot be read; use one of {known}.")
    return StreamSource(address)


def _path(path: Path, started_at: datetime | None) -> FrameSource:
    device = re.fullmatch(r"/dev/video(\d+)", str(path.resolve()))
    if device:
        return _camera(device[1])
    from monitor.sources.folder import FolderSource
    from monitor.vision.images import is_image

    if path.is_dir() or is_image(path):
        return FolderSource(path, started_at=started_at)
    from monitor.sources.file import FileSource

    return FileSource(path, started_at=started_at)
