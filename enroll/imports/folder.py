"""A folder of pictures: one sub-folder a person, or files named after people, or both."""

import errno
import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath

from enroll.faces.acceptance import Rejection
from enroll.imports.batch import (
    Entry,
    ImportBatch,
    Picture,
    examine_file,
    group_by_person,
    is_hidden,
    readable,
    side_by_side,
)
from enroll.imports.exported import ABOUT, LARGEST, exported_batch, exported_identity
from monitor.errors import ImageError, UsageError
from monitor.vision.images import is_image


def read_folder(folder: Path, *, group: str | None = None, only: str | None = None) -> ImportBatch:
    """The people in a folder and everything below it.

    Links are followed to files inside the folder only; folders that are links are left aside.

    Raises:
        UsageError: the folder itself cannot be read.
    """
    skipped: Counter[str] = Counter()
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise UsageError(f"The folder {folder} cannot be read: {error.strerror}.") from None
    entries = list(_walk(folder, skipped))
    if only is None and (identity := exported_identity(_about(folder / ABOUT))):
        return exported_batch(identity, entries)
    flat = side_by_side(entries, folder.resolve().name) if only is None else None
    return ImportBatch(group_by_person(entries, group, only), skipped, side_by_side=flat)


def _about(file: Path) -> bytes:
    try:
        if not file.is_file() or file.is_symlink():
            return b""
        with file.open("rb") as content:
            return content.read(LARGEST)
    except OSError:
        return b""


def file_picture(path: Path) -> Picture:
    """A picture that is a file already."""

    @contextmanager
    def at_hand() -> Iterator[Path]:
        yield path

    return Picture(readable(str(path)), at_hand)


def leads_outside(path: Path, folder: Path) -> bool:
    """Whether the file behind a path, links followed, lies outside the folder. Raises: OSError."""
    try:
        return not path.resolve().is_relative_to(folder.resolve())
    except RuntimeError:  # so Python before 3.13 calls links in a circle
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path)) from None


def _walk(folder: Path, skipped: Counter[str]) -> Iterator[Entry]:
    unreadable: list[OSError] = []
    for base, folders, files in os.walk(folder, onerror=unreadable.append):
        inside = Path(base).relative_to(folder)
        hidden = [name for name in folders if is_hidden(PurePath(name))]
        links = [name for name in folders if name not in hidden and Path(base, name).is_symlink()]
        skipped.update(hidden=len(hidden), links=len(links))
        folders[:] = [name for name in folders if name not in hidden and name not in links]
        for name in files:
            if is_hidden(PurePath(name)):
                skipped["hidden"] += 1
            elif (found := _look_at(Path(base, name), folder)) is None:
                skipped["foreign"] += 1
            else:
                yield inside / name, found
    for error in unreadable:
        path = Path(error.filename)
        reason = f"The folder cannot be read ({error.strerror}); allow reading it."
        # As a file in that folder, so that it counts as the folder's person.
        yield path.relative_to(folder) / "?", Rejection(readable(str(path)), reason)


def _look_at(path: Path, folder: Path) -> Picture | Rejection | None:
    """The picture, or why a file that may be one is not taken; None for a file that is not a picture."""
    flaw = None
    try:
        if path.is_symlink() and leads_outside(path, folder):
            flaw = "The link leads out of the folder; copy the picture itself here."
        elif not stat.S_ISREG(path.stat().st_mode):
            flaw = "This is a pipe or a device, not a file; copy the picture itself here."
        elif not examine_file(path, lambda: path.open("rb")):
            return None
    except OSError as error:
        flaw = f"The file cannot be read: {error.strerror}."
    except ImageError as error:
        return Rejection(readable(str(path)), str(error))
    if flaw is None:
        return file_picture(path)
    return Rejection(readable(str(path)), flaw) if is_image(path) else None
