"""Who works at the desk: a name, which the ledger and the audit log then say, and the hash of a PIN."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit
from db.errors import InvalidRecord
from db.ids import new_id
from db.names import clean
from db.records.people import DeskUser
from db.schema.folding import folded
from db.schema.people import DeskUserRow

ADDED: Final = "add desk user"
REMOVED: Final = "remove desk user"


def all_users(session: Session) -> list[DeskUser]:
    """Everybody who works at the desk, by name."""
    rows = session.scalars(select(DeskUserRow))
    return sorted((_record(row) for row in rows), key=lambda one: folded(one.name))


def add(session: Session, name: str, pin_hash: str, *, at: datetime, actor: str) -> DeskUser:
    """Adds somebody. Raises: InvalidRecord, if the name is empty or somebody has it."""
    name = clean(name)
    if any(folded(one.name) == folded(name) for one in all_users(session)):
        raise InvalidRecord(f"{name} works at the desk already; give another name, or remove that entry first.")
    row = DeskUserRow(id=new_id(), name=name, pin_hash=pin_hash, created_at=at)
    session.add(row)
    audit.note(session, ADDED, at=at, actor=actor, detail={"user": str(row.id), "name": name})
    session.flush()
    return _record(row)


def remove(session: Session, user: UUID, *, at: datetime, actor: str) -> DeskUser:
    """Removes somebody; what they did keeps their name. Raises: InvalidRecord, if they are gone."""
    row = session.get(DeskUserRow, user)
    if row is None:
        raise InvalidRecord("This entry of the desk is removed already.")
    removed = _record(row)
    entry = audit.note(session, REMOVED, at=at, actor=actor, detail={"user": str(row.id), "name": row.name})
    audit.keep(session, entry, {"name": row.name, "pin_hash": row.pin_hash})
    session.delete(row)
    session.flush()
    return removed


def _record(row: DeskUserRow) -> DeskUser:
    return DeskUser(row.id, row.name, row.pin_hash, row.created_at)
