"""The secret of a day from which the tokens of its moods are made, in aggregate mode."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import date
from secrets import token_bytes
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.insertion import insert_new
from db.records.moods import STRANGER
from db.schema.moods import CrowdSecretRow


def token(session: Session, cipher: TemplateCipher, who: UUID, day: date, *, known: bool) -> str:
    """16 characters that tell the people of one day apart, but not who they are.

    All kiosks that write into this database, and all doors of its site (`db.forwarding.day_secrets`), give a person one
    token for the day, also after a restart. The secret is sealed, and deleted with the first token of a later day; from
    then on nobody can compute a token again.

    Args:
        who: a person, or the sighting of somebody unknown.
    """
    if session.scalar(select(CrowdSecretRow.day).where(CrowdSecretRow.day < day).limit(1)) is not None:
        session.execute(delete(CrowdSecretRow).where(CrowdSecretRow.day < day))
    made = hmac.digest(secret(session, cipher, day), who.bytes, hashlib.sha256)[:8].hex()
    return made if known else STRANGER + made[1:]


def secret(session: Session, cipher: TemplateCipher, day: date, given: bytes | None = None) -> bytes:
    """The secret of a day, 32 bytes; where there is none yet, the given one or a new one is kept."""
    of_day = select(CrowdSecretRow.sealed).where(CrowdSecretRow.day == day)
    sealed = session.scalar(of_day)
    if sealed is None:
        new = {"day": day, "sealed": cipher.seal(given or token_bytes(32), _owner(day))}
        # Another kiosk may make it at the same moment; the first one counts.
        session.execute(insert_new(CrowdSecretRow, session.get_bind().dialect.name), new)
        sealed = session.scalars(of_day).one()
    return cipher.open(sealed, _owner(day))


def secrets(session: Session, cipher: TemplateCipher, days: Sequence[date]) -> dict[date, bytes]:
    """The secrets of these days that are kept."""
    rows = session.scalars(select(CrowdSecretRow).where(CrowdSecretRow.day.in_(days)))
    return {row.day: cipher.open(row.sealed, _owner(row.day)) for row in rows}


def _owner(day: date) -> str:
    return f"crowd secret {day}"
