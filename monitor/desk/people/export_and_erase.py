"""What people may ask for under GDPR: a file with everything about them (Art. 15), and their erasure (Art. 17)."""

import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Unpack

from sqlalchemy import Engine

from db import audit
from db.crypto import TemplateCipher
from db.engine import reading, scrub, writing
from db.privacy import erasure
from db.records.people import Person
from db.records.privacy import ErasureReceipt, PersonExport
from monitor.desk.actor import Actor
from monitor.errors import MusterError, UsageError
from monitor.files import unfinished

_CHUNK: Final = 2**22
_TRACE: Final = 40
"""Bytes of each sealed face that are looked for: key id, nonce and the first of the ciphertext."""

_ALIKE: Final = 9
"""Bytes with which all faces begin that one key sealed: version and key id."""

_ABOUT: Final = """Everything that Muster keeps about one person.

person.json   personal data, consents, face templates, sightings, attendance, moods, shifts, leave
images/       the faces that were enrolled, and those that wait for a review

Exported on {at}. Keep it safe: face templates are biometric data (GDPR Art. 9).
"""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was removed, and whether a search of the files found anything left."""

    receipt: ErasureReceipt
    files_searched: tuple[str, ...]
    """Database and write-ahead log; none with PostgreSQL, whose files only its server can read."""
    traces_left: int
    """How many of the person's ids and sealed faces the files still hold."""


def export_zip(
    engine: Engine, cipher: TemplateCipher, person: Person, file: Path, *, replace: bool = False, **by: Unpack[Actor]
) -> int:
    """Write everything about a person into a ZIP archive that only its owner can read; the audit log gets an entry.

    Args:
        replace: whether a file of that name may be replaced.

    Returns:
        How many images are in it.

    Raises:
        UsageError: the file exists and is not to be replaced.
        MusterError: the file cannot be written; what was there before is as it was.
        DatabaseError: the templates belong to another key, or the database cannot be read.
    """
    if file.exists() and not replace:
        raise UsageError(f"{file} is there already; give the name of a new file.")
    with reading(engine) as session:
        export = erasure.export_person(session, cipher, person.id)
    try:
        with unfinished(file, private=True, replace=replace) as part:
            _pack(export, part, by["at"])
    except OSError as error:
        raise MusterError(f"{file} cannot be written: {error.strerror}.") from None
    with writing(engine) as session:
        audit.note(session, "export", person=person.id, detail={"images": len(export.images)}, **by)
    return len(export.images)


def _pack(export: PersonExport, file: Path, at: datetime) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _ABOUT.format(at=at.isoformat(timespec="seconds")))
        archive.writestr("person.json", json.dumps(export.data, ensure_ascii=False, indent=2, default=str))
        for name, content in export.images.items():
            archive.writestr(f"images/{name}", content)


def export_name(person: Person) -> str:
    """A harmless file name for a person's export."""
    plain = re.sub(r"[^\w]+", "-", person.name).strip("-")[:60] or "person"
    return f"muster-{plain}.zip"


def erase(engine: Engine, person: Person, **by: Unpack[Actor]) -> Erasure:
    """Delete everything about a person, also from free pages and the write-ahead log, and search the files for traces.

    Attendance stays in the ledger under a pseudonym that leads nowhere, so that its chain still verifies.

    Raises:
        DatabaseError: the database cannot be written.
    """
    traces = _traces(engine, person)
    with writing(engine) as session:
        receipt = erasure.erase(session, person.id, **by)
    scrub(engine)
    files = _files(engine)
    left = len({trace for file in files for trace in _held(file, traces)})
    return Erasure(receipt, tuple(str(file) for file in files), left)


def _traces(engine: Engine, person: Person) -> Sequence[bytes]:
    """Byte strings that only this person's rows contain."""
    with reading(engine) as session:
        sealed = erasure.sealed_faces(session, person.id)
    return [person.id.hex.encode(), *(value[:_TRACE] for value in sealed)]


def _files(engine: Engine) -> list[Path]:
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return []
    database = Path(engine.url.database)
    return [file for file in (database, database.with_name(database.name + "-wal")) if file.exists()]


def _held(file: Path, traces: Sequence[bytes]) -> set[bytes]:
    """Which of the traces are in the file, which is read once. Sealed faces begin alike: only where that beginning is
    found are they compared."""
    beginnings: dict[bytes, list[bytes]] = {}
    for trace in traces:
        beginnings.setdefault(trace[:_ALIKE], []).append(trace)
    found: set[bytes] = set()
    for piece in _pieces(file, max(map(len, traces), default=0)):
        for shared, alike in beginnings.items():
            beginning = shared if len(alike) > 1 else alike[0]
            wanted, lengths = set(alike), {len(one) for one in alike}
            at = piece.find(beginning)
            while at >= 0:
                found |= wanted & {piece[at : at + length] for length in lengths}
                at = piece.find(beginning, at + 1)
    return found


def _pieces(file: Path, overlap: int) -> Iterator[bytes]:
    """The file in pieces that overlap, so that no trace is cut in two."""
    with file.open("rb") as content:
        tail = b""
        while piece := content.read(_CHUNK):
            yield tail + piece
            tail = piece[-overlap:]
