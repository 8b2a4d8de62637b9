"""The doors of a site, as the centre knows them: how far each is, and as which user of the server it comes.

A kiosk's key is a user of the PostgreSQL server with a password of its own, so the server itself refuses a key that was
revoked, whatever a program says of itself.
"""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final
from uuid import UUID

from sqlalchemy import func, quoted_name, select, text
from sqlalchemy.orm import Session

from db import audit
from db.errors import InvalidRecord
from db.forwarding import received
from db.names import clean
from db.proof import chains
from db.schema.attendance import EventRow, KioskRow
from db.schema.doors import DoorKeyRow, DoorRow
from db.schema.folding import folded

NO_SERVER: Final = (
    "Keys of kiosks are users of a PostgreSQL server, and this database is a file; give the site's with "
    "--db postgresql://..."
)
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""When a door was heard of that has not been in touch yet."""


@dataclass(frozen=True, slots=True)
class Door:
    """A kiosk of the site."""

    kiosk: str
    """Its name; empty for a key with which none has come yet."""
    key: str | None
    """The name of its key; None where it comes as a user that 'muster kiosks add' did not make."""
    revoked_at: datetime | None
    version: str
    waiting: int
    """Events that it had still to send when it was heard of last; what it has written since, nobody here knows."""
    waiting_since: datetime | None
    seen_at: datetime | None
    """When it was heard of last."""
    trouble: str | None = None
    """At the door itself: why it does not reach the centre."""


def report(here: Session, there: Session, chain: UUID, now: datetime) -> int:
    """Notes at the centre how far this door is, and gives how many events it has to send; the caller holds the lock."""
    seq, _ = received.head(there, chain)
    last = here.scalar(select(func.max(EventRow.seq))) or 0
    first = here.scalar(select(EventRow.recorded_at).where(EventRow.seq == seq + 1))
    row = there.get(DoorRow, chain) or DoorRow(chain=chain)
    row.kiosk = here.scalar(select(KioskRow.name).order_by(KioskRow.seen_at.desc()).limit(1)) or "no kiosk"
    row.version, row.login = version("muster"), _login(there)
    row.waiting, row.waiting_since, row.seen_at = last - seq, first, now
    there.add(row)
    there.flush()
    return row.waiting


def reached(there: Session, chain: UUID, now: datetime) -> None:
    """Notes at the centre that this door has sent all that it has."""
    row = there.get(DoorRow, chain)
    if row is not None:
        row.waiting, row.waiting_since, row.seen_at = 0, None, now
        there.flush()


def note_here(here: Session, *, now: datetime, trouble: str | None) -> None:
    """Notes at the door itself that a round went through, or why it did not."""
    chain = chains.known(here)
    if chain is None:
        return
    row = here.get(DoorRow, chain)
    if row is None:
        row = DoorRow(chain=chain, kiosk="", version=version("muster"), waiting=0, seen_at=_NEVER)
        here.add(row)
    row.trouble = trouble
    row.seen_at = row.seen_at if trouble else now
    here.flush()


def here(session: Session) -> Door | None:
    """The door's own row; None where it never followed a site."""
    row = session.get(DoorRow, chains.known(session) or UUID(int=0))
    return None if row is None else _record(row, None)


def all_doors(session: Session) -> list[Door]:
    """Every kiosk that was here and every key, those that have waited longest first."""
    keys = {row.login: row for row in session.scalars(select(DoorKeyRow))}
    rows = session.scalars(select(DoorRow).order_by(DoorRow.waiting_since, DoorRow.seen_at, DoorRow.kiosk)).all()
    unused = [row for login, row in keys.items() if login not in {one.login for one in rows}]
    never = [Door("", row.name, row.revoked_at, "", 0, None, None) for row in unused]
    return [*(_record(row, keys.get(row.login or "")) for row in rows), *sorted(never, key=lambda one: one.key or "")]


def add(session: Session, name: str, *, at: datetime, actor: str) -> tuple[str, str]:
    """Makes a key for a kiosk: a user of the server who may read and write the tables.

    Returns:
        The user's name and password; the password is kept nowhere.

    Raises:
        InvalidRecord: the name is taken, or the database is not on a server.
        DatabaseUnavailable: the user of this session may not make users.
    """
    _require_server(session)
    name = clean(name, "name")
    if session.get(DoorKeyRow, name) is not None:
        raise InvalidRecord(f"There is a key {name} already; revoke it, or give the new one another name.")
    login = f"muster_{re.sub('[^a-z0-9]+', '_', folded(name)).strip('_')[:30]}_{secrets.token_hex(3)}"
    password = secrets.token_urlsafe(32)
    # Neither can be a parameter of this statement; both have letters, digits, "_" and "-" only.
    session.execute(text(f"CREATE ROLE {_quoted(session, login)} LOGIN PASSWORD '{password}'"))
    for what in ("USAGE ON SCHEMA public", "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public"):
        session.execute(text(f"GRANT {what} TO {_quoted(session, login)}"))
    for table in ("door_key", "api_key", "alembic_version"):
        session.execute(text(f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {_quoted(session, login)}"))
    session.add(DoorKeyRow(name=name, login=login, created_at=at))
    audit.note(session, "add kiosk key", at=at, actor=actor, detail={"key": name})
    return login, password


def revoke(session: Session, name: str, *, at: datetime, actor: str) -> None:
    """Ends a key for good, and the connections that are open with it. Raises: InvalidRecord."""
    _require_server(session)
    row = session.get(DoorKeyRow, name)
    if row is None or row.revoked_at is not None:
        raise InvalidRecord(f"There is no key {name} in force; 'muster kiosks list' shows all.")
    row.revoked_at = at
    session.execute(text(f"ALTER ROLE {_quoted(session, row.login)} NOLOGIN PASSWORD NULL"))
    session.execute(
        text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = :login"), {"login": row.login}
    )
    audit.note(session, "revoke kiosk key", at=at, actor=actor, detail={"key": name})


def _record(row: DoorRow, key: DoorKeyRow | None) -> Door:
    name, revoked = (key.name, key.revoked_at) if key else (None, None)
    seen = None if row.seen_at == _NEVER else row.seen_at
    return Door(row.kiosk, name, revoked, row.version, row.waiting, row.waiting_since, seen, row.trouble)


def _login(session: Session) -> str | None:
    if session.get_bind().dialect.name == "sqlite":
        return None
    return str(session.scalar(text("SELECT current_user")))


def _quoted(session: Session, login: str) -> str:
    return session.get_bind().dialect.identifier_preparer.quote(quoted_name(login, quote=True))


def _require_server(session: Session) -> None:
    if session.get_bind().dialect.name == "sqlite":
        raise InvalidRecord(NO_SERVER)
