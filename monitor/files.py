"""Atomic writing of files: new content replaces a file only once all of it is on the disk."""

import glob
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from monitor.errors import MusterError

ABANDONED = 60.0
"""Seconds since the last write to an unfinished file after which its program counts as killed."""


@contextmanager
def unfinished(path: Path, *, private: bool = False, replace: bool = True) -> Iterator[Path]:
    """An empty file beside `path` to write to. It takes the place of `path` when the block ends without an error.

    A link stays a link to the replaced file. A pipe or a device is yielded itself.

    Args:
        path: in a folder that exists.
        private: only the owner can read the file (0600); else a replaced file keeps its rights.
        replace: whether an existing file is replaced.

    Raises:
        FileExistsError: `path` exists and `replace` is false.
        OSError: it cannot be written. After any error in the block, `path` is as before and nothing lies beside it.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    target = path.resolve()
    _remove_leftovers(target)
    part = target.with_name(f".{target.name[:40]}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666))
        if not private and target.exists():
            shutil.copymode(target, part)
        with part.open("rb") as lock:
            _hold(lock)
            yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        if replace:
            part.replace(target)
        else:
            _put_in_place(part, target)
        _sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)


def _put_in_place(part: Path, target: Path) -> None:
    """Give a file its name where no file has it yet. File systems of memory sticks know no links. Raises: OSError."""
    try:
        os.link(part, target)
    except FileExistsError:
        raise
    except OSError:
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        part.replace(target)


def _remove_leftovers(target: Path) -> None:
    """What programs that were killed left of this file: nobody else would ever look for it, and it may hold faces."""
    for part in target.parent.glob(f".{glob.escape(target.name[:40])}.????????"):
        with suppress(OSError):
            if part.is_file() and time.time() - part.stat().st_mtime > ABANDONED and not _is_held(part):
                part.unlink()


def _hold(file: BinaryIO) -> None:
    """Marks an unfinished file as being written to, until it is closed; not where the file system knows no locks."""
    with suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)


def _is_held(part: Path) -> bool:
    """Whether a program that runs writes to it, however long it pauses."""
    with suppress(ImportError), part.open("rb") as file:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _sync_folder(folder: Path) -> None:
    """Has a file's new name on the disk, too. Windows cannot open a folder, and some file systems not sync one."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def write_atomically(path: Path, data: bytes | Callable[[BinaryIO], None], *, replace: bool = True) -> None:
    """Write a file whole or not at all; an existing file is replaced, unless `replace` is false.

    Raises:
        MusterError: it cannot be written; an existing file stays as it was.
    """
    try:
        with unfinished(path, replace=replace) as part:
            if callable(data):
                with part.open("wb") as file:
                    data(file)
            else:
                part.write_bytes(data)
    except OSError as error:
        raise MusterError(f"{path} cannot be written: {error.strerror or error}.") from None


def write_folder(folder: Path, files: Iterable[tuple[str, bytes]]) -> list[Path]:
    """Write files into a folder that only its owner can read, all of them or none; it is made where it is missing.

    Args:
        files: the name and the content of each.

    Returns:
        The files, by name.

    Raises:
        MusterError: the folder or a file cannot be written.
    """
    made, part = not folder.exists(), folder / ".unfinished"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(part, ignore_errors=True)  # of a run that was killed
        part.mkdir(mode=0o700)
        try:
            for name, content in files:
                (part / name).touch(mode=0o600)
                (part / name).write_bytes(content)
            return [file.replace(folder / file.name) for file in sorted(part.iterdir())]
        finally:
            shutil.rmtree(part, ignore_errors=True)
            if made:
                with suppress(OSError):  # it is not empty
                    folder.rmdir()
    except OSError as error:
        raise MusterError(f"{folder} cannot be written: {error.strerror or error}.") from None
