"""Unpacks a ZIP or TAR archive of training data: its tables and pictures, within bounds, under names of our own."""

import lzma
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final, TypeAlias

from monitor.errors import DataError

PICTURES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".pgm"})
_WANTED: Final = PICTURES | {".csv"}
_MOST: Final = 2**31
"""Bytes to which all entries together may unpack: seven times FER2013's table."""
_MOST_ENTRIES: Final = 500_000
_WORST_RATIO: Final = 100
"""Largest ratio of unpacked to packed size of the whole archive."""
_DAMAGED: Final = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, ValueError, NotImplementedError,
    RuntimeError, struct.error, OverflowError, IndexError, OSError,
)  # fmt: skip
"""What the readers of archives raise on damaged and wilfully wrong ones."""

_Entry: TypeAlias = tuple[str, int, IO[bytes]]
"""Name, size in bytes and content."""


def is_archive(path: Path) -> bool:
    """Whether a file is a ZIP or TAR archive, compressed or not."""
    try:
        return zipfile.is_zipfile(path) or tarfile.is_tarfile(path)
    except _DAMAGED:
        return False


def unpack(path: Path, folder: Path) -> None:
    """Write the tables and pictures of an archive below a folder; whatever leads out of it is left aside.

    Raises:
        DataError: the archive is damaged, or would unpack to far more than training data.
    """
    most = min(_MOST, max(2**20, _WORST_RATIO * path.stat().st_size))
    total = 0
    try:
        for number, (name, size, content) in enumerate(_entries(path)):
            inside = PurePosixPath(name.replace("\\", "/"))
            total += size
            if total > most or number > _MOST_ENTRIES:
                raise DataError(f"{path} would unpack to far more than training data; unpack it yourself.")
            if inside.suffix.lower() not in _WANTED or inside.is_absolute() or ".." in inside.parts:
                continue
            file = folder / inside
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as out:
                shutil.copyfileobj(content, out)
    except _DAMAGED as error:
        raise DataError(f"The archive {path} cannot be unpacked ({error}); copy it again.") from None


def _entries(path: Path) -> Iterator[_Entry]:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.filename and not info.filename.endswith("/") and not stat.S_ISLNK(info.external_attr >> 16):
                    with archive.open(info) as content:
                        yield info.filename, info.file_size, content
        return
    # A stream is read once from front to back: headers of entries that are skipped count, too.
    with tarfile.open(path) as tar:
        for member in tar:
            if member.isfile() and (packed := tar.extractfile(member)) is not None:
                yield member.name, member.size, packed
