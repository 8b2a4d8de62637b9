"""Keeps facts that wait for the database in a file beside it, so that a kiosk that is killed loses none.

A line is the first 16 hexadecimal digits of its SHA-256 and the fact as JSON, sealed with the template key: names,
faces and portraits are never readable in it. A line `written` names the hash of a fact that is in the database, so that
a damaged line does not hide another. Once all facts are written the file is emptied. A file beside it keeps some room
on the disk, which the journal takes where the disk is full.
"""

import base64
import binascii
import errno
import hashlib
import json
import os
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, Final, TypeAlias
from urllib.parse import quote
from uuid import UUID

import numpy as np
from pydantic import ConfigDict, TypeAdapter

from db.crypto import TemplateCipher
from db.errors import DatabaseError
from monitor.domain import Sighting

SYNC_EVERY: Final = 0.02
"""Seconds between two syncs while facts wait; each takes some milliseconds, in which nothing else is taken."""

RESERVE: Final = 4_000_000
"""Bytes of the disk that are kept for facts while it is full: some 4,000 of known people, 30 of unknown ones."""

_BELONGS_TO: Final = "journal"
_WRITTEN: Final = b"written"
_ARRAY: Final = "array"
"""Key of a JSON object that stands for an array: its dtype, its shape and its bytes in base64."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A phase of a sighting, with the id for what is made of it, so that a second try writes the same rows."""

    sighting: Sighting
    event: UUID
    clock_off: timedelta = timedelta()
    """How far the clock was off when it was taken; 0 where it had not jumped."""


@dataclass(frozen=True, slots=True)
class PinGiven:
    """Somebody gave number and PIN, with the id for the attendance event."""

    person: UUID
    at: datetime
    event: UUID
    clock_off: timedelta = timedelta()
    """How far the clock was off then; 0 where it had not jumped."""


Fact: TypeAlias = Seen | PinGiven
_FACT: Final[TypeAdapter[Fact]] = TypeAdapter(Fact, config=ConfigDict(arbitrary_types_allowed=True))


def journal_file(folder: Path, database: str, kiosk: str) -> Path:
    """Where a kiosk keeps the facts that wait for a database: one file for each pair of the two.

    Args:
        database: without a password; only its hash is in the name.
    """
    return folder / f"{quote(kiosk, safe='')}.{hashlib.sha256(database.encode()).hexdigest()[:8]}.journal"


class Journal:
    """The file; used by one kiosk at a time. Not safe to share between threads."""

    def __init__(self, file: Path, cipher: TemplateCipher, older: Sequence[TemplateCipher] = ()) -> None:
        """Opens the file, or makes it, readable by its owner only.

        Args:
            older: of keys before this one, with which facts may be sealed that waited while the key was changed.

        Raises:
            OSError: it cannot be opened.
        """
        self.file = file
        self._cipher, self._older = cipher, older
        self._waiting: deque[bytes] = deque()
        """Hashes of the facts that are not written yet, oldest first."""
        self._synced, self._synced_at = True, -SYNC_EVERY
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self._reserve = file.with_suffix(".reserve")
        self._keep_reserve()

    def read(self) -> tuple[list[Fact], int]:
        """The facts that an earlier run did not get written, oldest first, and how many lines cannot be read.

        A file with lines that cannot be read (damaged, or sealed with another key) is kept beside the journal.

        Raises:
            OSError: the file cannot be read.
        """
        facts: dict[bytes, Fact] = {}
        unread: list[bytes] = []
        content = self.file.read_bytes()
        if content and not content.endswith(b"\n"):  # a power cut ended it in the middle of a line
            os.write(self._descriptor, b"\n")
        for line in content.splitlines():
            hashed, _, text = line.partition(b" ")
            if hashed == _WRITTEN:
                written = text or next(iter(facts), b"")  # without a hash: the oldest, as written before 0.9
                facts.pop(written, None)
                unread = [one for one in unread if one != written]
                continue
            try:
                facts[hashed] = self._opened(hashed, text)
            except (DatabaseError, ValueError):
                unread.append(hashed)
        if unread:
            self._keep_a_copy(content)
        self._waiting = deque(facts)
        return list(facts.values()), len(unread)

    def _keep_a_copy(self, content: bytes) -> None:
        """Beside the journal, under a name that no other copy has."""
        for number in count(1):
            copy = self.file.with_suffix(".unreadable" if number == 1 else f".unreadable-{number}")
            if not copy.exists():
                copy.write_bytes(content)
                return
            if copy.read_bytes() == content:
                return

    def append(self, fact: Fact, *, sync: bool) -> None:
        """Adds a fact; it outlives this process from now on.

        Args:
            sync: it may wait long, and is to outlive a power cut. Facts that come within `SYNC_EVERY` share one sync:
                the last of them has it with the next fact, or by `sync`.

        Raises:
            OSError: it cannot be written; the file is as before.
        """
        line = self._sealed(fact)
        try:
            self._write(line, sync=sync)
        except OSError as error:
            if error.errno != errno.ENOSPC or not self._reserve.exists():
                raise
            self._reserve.unlink()
            self._write(line, sync=sync)
        self._waiting.append(line.partition(b" ")[0])

    def _write(self, line: bytes, *, sync: bool) -> None:
        length = os.fstat(self._descriptor).st_size
        try:
            if os.write(self._descriptor, line) != len(line):
                raise OSError(errno.ENOSPC, "No space left on device")
            self._synced = False
            if sync and monotonic() - self._synced_at >= SYNC_EVERY:
                self.sync()
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, length)
            raise

    def _keep_reserve(self) -> None:
        """Takes the room on the disk, where there is so much and the system can do so."""
        if self._reserve.exists() or not hasattr(os, "posix_fallocate"):
            return
        try:
            with self._reserve.open("xb") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE)
        except OSError:
            self._reserve.unlink(missing_ok=True)

    def sync(self) -> None:
        """Has all facts outlive a power cut. Raises: OSError: the disk refuses it."""
        if not self._synced:
            os.fsync(self._descriptor)
            self._synced, self._synced_at = True, monotonic()

    def written(self) -> None:
        """Notes that the oldest fact is in the database.

        Raises:
            OSError: that cannot be noted; the fact would be written once more, which changes nothing.
        """
        written = self._waiting.popleft()
        if self._waiting:
            os.write(self._descriptor, _WRITTEN + b" " + written + b"\n")
        else:
            os.ftruncate(self._descriptor, 0)
            self._keep_reserve()

    def close(self) -> None:
        """Closes the file, and removes it and the reserve when no fact waits."""
        os.close(self._descriptor)
        if not self._waiting:
            self.file.unlink(missing_ok=True)
            self._reserve.unlink(missing_ok=True)

    def _sealed(self, fact: Fact) -> bytes:
        plain = json.dumps(_FACT.dump_python(fact), default=_plain).encode()
        text = base64.b64encode(self._cipher.seal(plain, _BELONGS_TO))
        return _hash(text) + b" " + text + b"\n"

    def _opened(self, hashed: bytes, text: bytes) -> Fact:
        if hashed != _hash(text):
            raise ValueError("the line is damaged")
        plain = self._unsealed(base64.b64decode(text))
        return _FACT.validate_python(json.loads(plain, object_hook=_restored))

    def _unsealed(self, sealed: bytes) -> bytes:
        for older in self._older:
            with suppress(DatabaseError):
                return older.open(sealed, _BELONGS_TO)
        return self._cipher.open(sealed, _BELONGS_TO)


def _hash(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:16].encode()


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return {_ARRAY: [value.dtype.str, value.shape, base64.b64encode(value.tobytes()).decode()]}
    if isinstance(value, UUID | datetime):
        return str(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"a {type(value).__name__} is not expected in a fact")


def _restored(found: dict[str, Any]) -> object:
    if found.keys() != {_ARRAY}:
        return found
    dtype, shape, data = found[_ARRAY]
    return np.frombuffer(binascii.a2b_base64(data), np.dtype(dtype)).reshape(shape)
