"""The secret of a day from which the tokens of its moods are made, in aggregate mode."""

import hashlib
import hmac
import secrets
from datetime import date
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.records.moods import STRANGER
from db.schema.moods import CrowdSecretRow


def token(session: Session, cipher: TemplateCipher, who: UUID, day: date, *, known: bool) -> str:
    """16 characters that tell the people of one day apart, but not who they are.

    All kiosks that write into this database give a person one token for the day, also after a restart. The secret is
    sealed, and deleted with the first token of a later day; from then on nobody can compute a token again.

    Args:
        who: a person, or the sighting of somebody unknown.
    """
    made = hmac.digest(_secret(session, cipher, day), who.bytes, hashlib.sha256)[:8].hex()
    return made if known else STRANGER + made[1:]


def _secret(session: Session, cipher: TemplateCipher, day: date) -> bytes:
    of_day = select(CrowdSecretRow.sealed).where(CrowdSecretRow.day == day)
    sealed = session.scalar(of_day)
    if sealed is None:
        session.execute(delete(CrowdSecretRow).where(CrowdSecretRow.day < day))
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        new = {"day": day, "sealed": cipher.seal(secrets.token_bytes(32), _owner(day))}
        # Another kiosk may make it at the same moment; the first one counts.
        session.execute(insert(CrowdSecretRow).values(new).on_conflict_do_nothing())
        sealed = session.scalars(of_day).one()
    return cipher.open(sealed, _owner(day))


def _owner(day: date) -> str:
    return f"crowd secret {day}"
