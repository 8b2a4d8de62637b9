"""Keeps facts that wait for the database in a file beside it, so that a kiosk that is killed loses none.

A line is the first 16 hexadecimal digits of its SHA-256 and the fact as JSON, sealed with the template key: names,
faces and portraits are never readable in it. A line `written` ends the oldest fact before it. Once all facts are
written the file is emptied.
"""

import base64
import binascii
import hashlib
import json
import os
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import quote
from uuid import UUID

import numpy as np
from pydantic import ConfigDict, TypeAdapter

from db.crypto import TemplateCipher
from db.errors import DatabaseError
from monitor.domain import Sighting

_BELONGS_TO: Final = "journal"
_WRITTEN: Final = b"written\n"
_ARRAY: Final = "array"
"""Key of a JSON object that stands for an array: its dtype, its shape and its bytes in base64."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A phase of a sighting, with the id for what is made of it, so that a second try writes the same rows."""

    sighting: Sighting
    event: UUID


@dataclass(frozen=True, slots=True)
class PinGiven:
    """Somebody gave number and PIN, with the id for the attendance event."""

    person: UUID
    at: datetime
    event: UUID


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

    def __init__(self, file: Path, cipher: TemplateCipher) -> None:
        """Opens the file, or makes it, readable by its owner only.

        Raises:
            OSError: it cannot be opened.
        """
        self.file = file
        self._cipher = cipher
        self._waiting = 0
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)

    def read(self) -> tuple[list[Fact], int]:
        """The facts that an earlier run did not get written, oldest first, and how many lines cannot be read.

        A file with lines that cannot be read (damaged, or sealed with another key) is kept beside the journal.

        Raises:
            OSError: the file cannot be read.
        """
        facts: deque[Fact] = deque()
        unread = 0
        content = self.file.read_bytes()
        if content and not content.endswith(b"\n"):  # a power cut ended it in the middle of a line
            os.write(self._descriptor, b"\n")
        for line in content.splitlines(keepends=True):
            if line == _WRITTEN:
                if facts:
                    facts.popleft()
                continue
            try:
                facts.append(self._opened(line))
            except (DatabaseError, ValueError):
                unread += 1
        if unread:
            self.file.with_suffix(".unreadable").write_bytes(content)
        self._waiting = len(facts)
        return list(facts), unread

    def append(self, fact: Fact, *, sync: bool) -> None:
        """Adds a fact; it outlives this process from now on, and a power cut too where `sync` is set.

        Raises:
            OSError: it cannot be written; the file is as before.
        """
        length = os.fstat(self._descriptor).st_size
        line = self._sealed(fact)
        try:
            if os.write(self._descriptor, line) != len(line):
                raise OSError(28, "No space left on device")
            if sync:
                os.fsync(self._descriptor)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, length)
            raise
        self._waiting += 1

    def written(self) -> None:
        """Notes that the oldest fact is in the database.

        Raises:
            OSError: that cannot be noted; the fact would be written once more, which changes nothing.
        """
        self._waiting -= 1
        if self._waiting > 0:
            os.write(self._descriptor, _WRITTEN)
        else:
            os.ftruncate(self._descriptor, 0)

    def close(self) -> None:
        """Closes the file, and removes it when no fact waits."""
        os.close(self._descriptor)
        if self._waiting <= 0:
            self.file.unlink(missing_ok=True)

    def _sealed(self, fact: Fact) -> bytes:
        plain = json.dumps(_FACT.dump_python(fact), default=_plain).encode()
        text = base64.b64encode(self._cipher.seal(plain, _BELONGS_TO))
        return _hash(text) + b" " + text + b"\n"

    def _opened(self, line: bytes) -> Fact:
        hashed, _, text = line.rstrip(b"\n").partition(b" ")
        if hashed != _hash(text):
            raise ValueError("the line is damaged")
        plain = self._cipher.open(base64.b64decode(text), _BELONGS_TO)
        return _FACT.validate_python(json.loads(plain, object_hook=_restored))


def _hash(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:16].encode()


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray):
        return {_ARRAY: [value.dtype.str, value.shape, base64.b64encode(value.tobytes()).decode()]}
    if isinstance(value, UUID | datetime):
        return str(value)
    raise TypeError(f"a {type(value).__name__} is not expected in a fact")


def _restored(found: dict[str, Any]) -> object:
    if found.keys() != {_ARRAY}:
        return found
    dtype, shape, data = found[_ARRAY]
    return np.frombuffer(binascii.a2b_base64(data), np.dtype(dtype)).reshape(shape)
