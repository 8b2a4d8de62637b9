"""A ZIP archive of pictures. Nothing is unpacked but one picture at a time, under a name of our own."""

import shutil
import stat
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePath, PurePosixPath
from typing import Final

from enroll.faces.acceptance import Rejection
from enroll.imports.batch import Entry, ImportBatch, Picture, group_by_person, is_hidden, is_picture
from monitor.errors import ImageError, UsageError

MOST_ENTRIES: Final = 1_000_000

LARGEST: Final = 256 * 2**20
"""Bytes that one picture may unpack to."""

WORST_RATIO: Final = 200
"""An entry's largest ratio of unpacked to packed size: pictures hardly shrink, ZIP bombs shrink 1,000 times."""

_IS_UTF8: Final = 0x800
"""The flag of an entry whose name is declared to be UTF-8; the standard's other encoding is code page 437."""

_SMALL: Final = 2**20
"""Bytes up to which an entry is harmless, whatever its ratio."""


def read_archive(path: Path, closing: ExitStack, *, group: str | None = None, only: str | None = None) -> ImportBatch:
    """The people in an archive; folders in it count as folders on the disk do.

    Args:
        closing: closes the archive when the pictures are no longer needed.

    Raises:
        UsageError: the file is not a ZIP archive, is damaged, or has too many entries.
    """
    try:
        archive = closing.enter_context(zipfile.ZipFile(path))
    except OSError as error:
        raise UsageError(f"The archive {path} cannot be read: {error.strerror}.") from None
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        raise UsageError(f"{path} is not a ZIP archive, or is damaged; pack the pictures again.") from None
    if len(archive.infolist()) > MOST_ENTRIES:
        raise UsageError(f"{path} has more than {MOST_ENTRIES} entries; import it in parts.")
    skipped: Counter[str] = Counter()
    return ImportBatch(group_by_person(_entries(archive, path, skipped), group, only, path.stem), skipped)


def _entries(archive: zipfile.ZipFile, path: Path, skipped: Counter[str]) -> Iterator[Entry]:
    for info in archive.infolist():
        name = _name(info)
        inside = PurePosixPath(name.replace("\\", "/"))
        if info.is_dir():
            continue
        if is_hidden(inside) and ".." not in inside.parts:
            skipped["hidden"] += 1
        elif not is_picture(inside):
            skipped["foreign"] += 1
        else:
            label = f"{path}/{name}"
            flaw = _flaw(info, inside)
            harmless = PurePosixPath(*(part for part in inside.parts if part not in ("/", "..")))
            yield harmless, _member(archive, info, label) if flaw is None else Rejection(label, flaw)


def _name(info: zipfile.ZipInfo) -> str:
    """The entry's name; some programs, such as the Finder, write UTF-8 without saying so."""
    if info.flag_bits & _IS_UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _flaw(info: zipfile.ZipInfo, inside: PurePath) -> str | None:
    if inside.is_absolute() or ".." in inside.parts or ":" in inside.parts[0]:
        return "This entry's path leads out of the archive; pack the pictures again from inside their folder."
    if stat.S_ISLNK(info.external_attr >> 16):
        return "This entry is a link; pack the picture itself."
    if info.flag_bits & 1:
        return "This entry is encrypted; pack the pictures without a password."
    if info.file_size > LARGEST or (
        info.file_size > _SMALL and info.file_size > WORST_RATIO * max(info.compress_size, 1)
    ):
        return f"This entry would unpack to {info.file_size / 2**20:.0f} MB, too much for a picture; pack it again."
    return None


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, label: str) -> Picture:
    @contextmanager
    def at_hand() -> Iterator[Path]:
        with tempfile.NamedTemporaryFile(prefix="muster-", suffix=PurePosixPath(info.filename).suffix) as file:
            try:
                with archive.open(info) as packed:
                    # zipfile stops at the declared size, which was checked.
                    shutil.copyfileobj(packed, file)
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
                raise ImageError("The file is damaged in the archive; pack it again.") from None
            file.flush()
            yield Path(file.name)

    return Picture(label, at_hand)
