"""Keys of the HTTP interface: made, listed, revoked and checked. Every function blocks: call it in workers only."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Unpack

from sqlalchemy import Engine

from db.engine import reading, writing
from db.programs import keys
from db.programs.keys import ApiKey as ApiKey
from monitor.desk.actor import Actor
from monitor.errors import UsageError

RIGHTS: Final = ("people", "attendance", "moods", "events", "metrics")
"""What a key may allow to read."""


def add(
    engine: Engine, name: str, rights: Sequence[str], days: int | None, **stamp: Unpack[Actor]
) -> tuple[str, ApiKey]:
    """Makes a key; the key itself is given once and kept nowhere.

    Args:
        days: after which it ends by itself; None for never.

    Raises:
        UsageError: the name is empty, or a right does not exist.
        InvalidRecord: the name is taken.
    """
    unknown = [one for one in rights if one not in RIGHTS]
    if unknown or not rights:
        said = f"There is no right {unknown[0]!r}" if unknown else "The key would allow nothing"
        raise UsageError(f"{said}; the rights are {', '.join(RIGHTS)}.")
    if not name.strip() or not name.isprintable() or len(name) > 80:
        raise UsageError("A key needs a name of at most 80 letters, by which it can be revoked.")
    secret = f"muster_{secrets.token_urlsafe(32)}"
    ends = stamp["at"] + timedelta(days=days) if days is not None else None
    with writing(engine) as session:
        made = keys.add(session, name.strip(), _hash(secret), tuple(dict.fromkeys(rights)), expires_at=ends, **stamp)
    return secret, made


def revoke(engine: Engine, name: str, **stamp: Unpack[Actor]) -> None:
    """Ends a key at once. Raises: InvalidRecord."""
    with writing(engine) as session:
        keys.revoke(session, name, **stamp)


def all_keys(engine: Engine) -> list[ApiKey]:
    """Every key, ended ones too."""
    with reading(engine) as session:
        return keys.all_keys(session)


def find(engine: Engine, secret: str) -> ApiKey | None:
    """The key that somebody showed; None for one that was never given."""
    with reading(engine) as session:
        return keys.find(session, _hash(secret))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
