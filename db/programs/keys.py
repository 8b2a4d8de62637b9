"""Keys of the HTTP interface. Only their hashes are kept."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import audit
from db.errors import InvalidRecord
from db.ids import new_id
from db.schema.programs import ApiKeyRow


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key without the key itself."""

    id: UUID
    name: str
    rights: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether it opens anything now."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def add(
    session: Session,
    name: str,
    hash: str,
    rights: tuple[str, ...],
    *,
    expires_at: datetime | None,
    at: datetime,
    actor: str,
) -> ApiKey:
    """Adds a key by its SHA-256 in hexadecimal.

    Raises:
        InvalidRecord: the name is taken.
    """
    if session.scalar(select(ApiKeyRow.id).where(ApiKeyRow.name == name)) is not None:
        raise InvalidRecord(f"There is a key {name!r} already, or there was one; give another name.")
    row = ApiKeyRow(id=new_id(), name=name, hash=hash, rights=",".join(rights), created_at=at, expires_at=expires_at)
    session.add(row)
    audit.note(session, "add key", at=at, actor=actor, detail={"key": name, "rights": list(rights)})
    session.flush()
    return _record(row)


def revoke(session: Session, name: str, *, at: datetime, actor: str) -> None:
    """Ends a key for good.

    Raises:
        InvalidRecord: there is none of this name, or it has ended already.
    """
    row = session.scalar(select(ApiKeyRow).where(ApiKeyRow.name == name))
    if row is None or row.revoked_at is not None:
        raise InvalidRecord(f"There is no key {name!r} to revoke; see 'muster keys list'.")
    row.revoked_at = at
    audit.note(session, "revoke key", at=at, actor=actor, detail={"key": name})


def find(session: Session, hash: str) -> ApiKey | None:
    """The key with this hash."""
    row = session.scalar(select(ApiKeyRow).where(ApiKeyRow.hash == hash))
    return _record(row) if row else None


def all_keys(session: Session) -> list[ApiKey]:
    """Every key, ended ones too."""
    return [_record(row) for row in session.scalars(select(ApiKeyRow).order_by(ApiKeyRow.name))]


def _record(row: ApiKeyRow) -> ApiKey:
    return ApiKey(row.id, row.name, tuple(row.rights.split(",")), row.created_at, row.expires_at, row.revoked_at)
