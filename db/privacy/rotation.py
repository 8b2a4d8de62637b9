"""A new template key: everything that is sealed is opened with the old key and sealed with the new one.

The new key is on the disk before the database uses it. After a crash in between, rotating again finishes the work.
"""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db import audit
from db.crypto import TemplateCipher, bind_key, bound_key
from db.engine import reading, writing
from db.errors import DatabaseError
from db.key_store import (
    KEY_FILE,
    KEY_VARIABLE,
    cipher_of,
    decode_key,
    key_place,
    load_key,
    retired_ciphers,
    store_key,
    write_key_file,
)
from db.privacy.sealed_columns import sealed_columns
from db.proof.heads import open_with
from db.proof.key import retire
from db.schema.audit import UndoRow
from db.schema.faces import TemplateKeyRow
from db.schema.moods import CrowdSecretRow

NEW_KEY_VARIABLE: Final = "MUSTER_NEW_KEY"
PENDING_FILE: Final = "template.key.next"


@dataclass(frozen=True, slots=True)
class Rotated:
    sealed: int
    """Values that were encrypted anew."""
    key_id: str
    place: str
    """Where the new key is, for people."""
    before: Path | None = None
    """Where the old one is kept, for backups and other databases that need it."""


def rotate(engine: Engine, folder: Path, *, at: datetime, actor: str) -> Rotated:
    """Changes the key of the database and of the installation.

    A database that still has a key of before a rotation, as when another one beside it was rotated, gets the present
    key of the installation, which stays. Else the new key is MUSTER_NEW_KEY where it is set (it has to be when the old
    one is in MUSTER_KEY), else a fresh one.

    Args:
        folder: where the key file is, if the key is in a file.

    Raises:
        DatabaseError: the old key is not the database's, or the new one cannot be kept.
    """
    old, old_key = cipher_of(engine, folder), load_key(folder)
    with reading(engine) as session:
        bound = bound_key(session)
    for behind in retired_ciphers(folder):
        if behind.key_id == bound != old.key_id:
            return Rotated(_seal_anew(engine, behind, old, folder, at, actor), old.key_id, str(key_place(folder)))
    from_variable = bool(os.environ.get(KEY_VARIABLE))
    key = _new_key(folder, from_variable=from_variable)
    new = TemplateCipher(key)
    sealed = 0 if bound == new.key_id else _seal_anew(engine, old, new, folder, at, actor)
    if from_variable:
        return Rotated(sealed, new.key_id, f"{NEW_KEY_VARIABLE}; set {KEY_VARIABLE} to it")
    before = None
    if old_key != key:  # they are one where a crash came after the new one was stored
        before = folder / f"{KEY_FILE}.{old.key_id}"
        write_key_file(before, old_key, replace=True)
    place = store_key(key, folder)
    (folder / PENDING_FILE).unlink(missing_ok=True)
    return Rotated(sealed, new.key_id, place, before)


def _seal_anew(engine: Engine, old: TemplateCipher, new: TemplateCipher, folder: Path, at: datetime, actor: str) -> int:
    open_with(engine, old, folder)
    with writing(engine) as session:
        return reencrypt(session, old, new, at=at, actor=actor)


def reencrypt(session: Session, old: TemplateCipher, new: TemplateCipher, *, at: datetime, actor: str) -> int:
    """Seals every template and picture anew, in the caller's one transaction.

    Returns:
        How many values were sealed.

    Raises:
        WrongKey: the old key is not the database's.
        DatabaseDamaged: a value was changed outside Muster; nothing is changed then.
    """
    bind_key(session, old, at)
    sealed = 0
    for column, bound_to in sealed_columns():
        for row in _rows(session, column):
            value = old.open(getattr(row, column.key), bound_to(row))
            setattr(row, column.key, new.seal(value, bound_to(row)))
            sealed += 1
    session.execute(delete(UndoRow).where(UndoRow.until.is_not(None)))  # faces under the old key
    session.execute(delete(CrowdSecretRow))  # the next token makes a new one
    retire(session, old, new)
    session.execute(delete(TemplateKeyRow))
    bind_key(session, new, at)
    audit.note(session, "rotate key", at=at, actor=actor, detail={"before": old.key_id, "after": new.key_id})
    session.flush()
    return sealed


def _new_key(folder: Path, *, from_variable: bool) -> bytes:
    given = os.environ.get(NEW_KEY_VARIABLE)
    if given:
        return decode_key(given, NEW_KEY_VARIABLE)
    if from_variable:
        raise DatabaseError(f"The key comes from {KEY_VARIABLE}, so put the new one into {NEW_KEY_VARIABLE} first.")
    pending = folder / PENDING_FILE
    if pending.exists():
        return decode_key(pending.read_text(encoding="ascii"), str(pending))
    key = secrets.token_bytes(32)
    write_key_file(pending, key, replace=True)
    return key


def _rows(session: Session, column: InstrumentedAttribute[Any]) -> Iterator[Any]:
    """Rows with a value in the column; written back and let go of in parts, so that memory stays small."""
    table = column.class_
    query = select(table).where(column.is_not(None)).order_by(*table.__table__.primary_key.columns)
    start = 0
    while True:
        some = session.scalars(query.limit(1000).offset(start)).all()
        yield from some
        session.flush()
        session.expunge_all()
        if len(some) < 1000:
            return
        start += 1000
