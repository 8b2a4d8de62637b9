"""Reads a folder of images, one frame each, in the natural order of their names."""

from datetime import datetime, timedelta
from pathlib import Path

from monitor.domain import Frame
from monitor.errors import ImageError, SourceError
from monitor.sources.live import now_utc
from monitor.text import natural_order
from monitor.vision.images import READ, is_image, read_image


class FolderSource:
    """The images of one folder (not of folders inside it), or a single image."""

    live = False

    def __init__(self, path: Path, *, fps: float = 10.0, started_at: datetime | None = None) -> None:
        """
        Args:
            path: the folder, or one image.
            fps: images per second of the source's clock.
            started_at: the time of the first image (UTC); the moment of opening, if not given.
        """
        self.name = path.name or str(path)
        self.warning: str | None = None
        self._path = path
        self._fps = fps
        self._given_start = started_at
        self._waiting: list[Path] = []

    def open(self) -> None:
        """List the images.

        Raises:
            SourceError: the folder cannot be read or has no images.
        """
        try:
            files = (
                sorted(self._path.iterdir(), key=lambda file: natural_order(file.name))
                if self._path.is_dir()
                else [self._path]
            )
        except OSError as error:
            raise SourceError(f"{self._path} cannot be read: {error.strerror}.") from None
        images = [file for file in files if is_image(file) and not file.name.startswith(".")]
        if not images:
            within = " Images in its sub-folders are not read." if any(file.is_dir() for file in files) else ""
            raise SourceError(f"{self._path} has no images; use {READ}.{within}")
        if not self._path.is_dir() and not self._path.exists():
            raise SourceError(f"{self._path} does not exist; check the path.")
        self._waiting = images[::-1]
        self._total = len(images)
        self._index = 0
        self._skipped = 0
        self._start = self._given_start or now_utc()
        self.warning = None

    def read(self) -> Frame | None:
        """The next image that can be read; None after the last.

        Raises:
            SourceError: none of the images could be read.
        """
        while self._waiting:
            path = self._waiting.pop()
            try:
                rgb = read_image(path)
            except ImageError as error:
                self._note_skipped(error)
                continue
            seconds = self._index / self._fps
            at = self._start + timedelta(seconds=seconds)
            frame = Frame(index=self._index, at=at, seconds=seconds, rgb=rgb)
            self._index += 1
            return frame
        return None

    def close(self) -> None:
        self._waiting = []

    def _note_skipped(self, error: ImageError) -> None:
        self._skipped += 1
        if self._skipped == self._total:
            raise SourceError(
                str(error) if self._total == 1 else f"No image in {self._path} can be read; check the files."
            )
        self.warning = f"{self._skipped} of {self._total} images in {self._path} could not be read and were skipped."
