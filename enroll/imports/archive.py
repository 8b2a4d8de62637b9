"""A ZIP archive of pictures. Nothing is unpacked but one picture at a time, under a name of our own."""

import lzma
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePath, PurePosixPath
from typing import Final

from enroll.faces.acceptance import Rejection
from enroll.imports.batch import (
    Entry,
    ImportBatch,
    Picture,
    examine_file,
    group_by_person,
    is_hidden,
    side_by_side,
)
from enroll.imports.exported import ABOUT, exported_batch, exported_identity
from enroll.imports.exported import LARGEST as MOST_ABOUT
from monitor.errors import ImageError, UsageError
from monitor.vision.images import SUFFIXES, is_image

MOST_ENTRIES: Final = 1_000_000

LARGEST: Final = 256 * 2**20
"""Bytes that one picture may unpack to."""

WORST_RATIO: Final = 200
"""An entry's largest ratio of unpacked to packed size: pictures hardly shrink, ZIP bombs shrink 1,000 times."""

DAMAGED: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError, NotImplementedError, RuntimeError,
    struct.error, OverflowError, IndexError, MemoryError,
)  # fmt: skip
"""What `zipfile` raises on damaged and wilfully wrong archives, beside OSError."""

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
        entries = archive.infolist()
    except OSError as error:
        raise UsageError(f"The archive {path} cannot be read: {error.strerror or 'it is damaged'}.") from None
    except DAMAGED:
        raise UsageError(f"{path} is not a ZIP archive, or is damaged; pack the pictures again.") from None
    if len(entries) > MOST_ENTRIES:
        raise UsageError(f"{path} has more than {MOST_ENTRIES} entries; import it in parts.")
    skipped: Counter[str] = Counter()
    found = list(_entries(archive, path, skipped))
    if only is None and (identity := exported_identity(_about(archive))):
        return exported_batch(identity, found)
    flat = side_by_side(found, path.stem) if only is None else None
    return ImportBatch(group_by_person(found, group, only, path.stem), skipped, side_by_side=flat)


def _about(archive: zipfile.ZipFile) -> bytes:
    try:
        info = archive.getinfo(ABOUT)
        if unpacks_too_far(info):
            return b""
        with archive.open(info) as content:
            return content.read(MOST_ABOUT)
    except (*DAMAGED, KeyError, OSError):
        return b""


def _entries(archive: zipfile.ZipFile, path: Path, skipped: Counter[str]) -> Iterator[Entry]:
    for info in archive.infolist():
        name = _name(info)
        inside = PurePosixPath(name.replace("\\", "/"))
        if name.endswith("/"):
            continue
        harmless = PurePosixPath(*[part for part in inside.parts if part not in ("/", "..")] or ["?"])
        if is_hidden(inside) and ".." not in inside.parts:
            skipped["hidden"] += 1
            continue
        found = _look_at(archive, info, inside, f"{path}/{name}")
        if found is None:
            skipped["foreign"] += 1
        else:
            yield harmless, found


def _look_at(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, inside: PurePosixPath, label: str
) -> Picture | Rejection | None:
    """The picture, or why an entry that may be one is not taken; None for an entry that is not a picture."""
    flaw = _flaw(info, inside)
    try:
        if not is_image(inside) and (flaw is not None or not examine_file(inside, lambda: archive.open(info))):
            return None
    except (*DAMAGED, OSError):
        return None
    except ImageError as error:
        return Rejection(label, str(error))
    return _member(archive, info, label) if flaw is None else Rejection(label, flaw)


def _name(info: zipfile.ZipInfo) -> str:
    """The entry's name; some programs, such as the Finder, write UTF-8 without saying so."""
    if info.flag_bits & _IS_UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def unpacks_too_far(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is larger than a picture or a list, or packed so tightly that it is a ZIP bomb."""
    return info.file_size > LARGEST or (
        info.file_size > _SMALL and info.file_size > WORST_RATIO * max(info.compress_size, 1)
    )


def _flaw(info: zipfile.ZipInfo, inside: PurePath) -> str | None:
    if inside.is_absolute() or ".." in inside.parts or ":" in (*inside.parts, "")[0]:
        return "This entry's path leads out of the archive; pack the pictures again from inside their folder."
    if stat.S_ISLNK(info.external_attr >> 16):
        return "This entry is a link; pack the picture itself."
    if info.flag_bits & 1:
        return "This entry is encrypted; pack the pictures without a password."
    if unpacks_too_far(info):
        return f"This entry would unpack to {info.file_size / 2**20:.0f} MB, too much for a picture; pack it again."
    return None


def _suffix(info: zipfile.ZipInfo) -> str:
    """The ending of an entry's name, where it is a picture's."""
    suffix = PurePosixPath(info.filename).suffix.strip().lower()
    return suffix if suffix in SUFFIXES else ""


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, label: str) -> Picture:
    @contextmanager
    def at_hand() -> Iterator[Path]:
        with tempfile.NamedTemporaryFile(prefix="muster-", suffix=_suffix(info)) as file:
            try:
                with archive.open(info) as packed:
                    # zipfile stops at the declared size, which was checked.
                    shutil.copyfileobj(packed, file)
            except (*DAMAGED, OSError):
                raise ImageError("The file is damaged in the archive; pack it again.") from None
            file.flush()
            yield Path(file.name)

    return Picture(label, at_hand)
