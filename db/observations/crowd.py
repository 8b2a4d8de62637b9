"""The secret of a day from which the tokens of its moods are made, in aggregate mode."""

import hashlib
import hmac
import secrets
from datetime import date
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from db.attendance import ledger
from db.crypto import TemplateCipher
from db.records import STRANGER
from db.schema import CrowdSecretRow


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
    row = session.get(CrowdSecretRow, day)
    if row is None:
        ledger.lock(session)  # another kiosk may make it at the same moment
        session.expire_all()
        row = session.get(CrowdSecretRow, day)
    if row is None:
        session.execute(delete(CrowdSecretRow).where(CrowdSecretRow.day < day))
        row = CrowdSecretRow(day=day, sealed=cipher.seal(secrets.token_bytes(32), _owner(day)))
        session.add(row)
        session.flush()
    return cipher.open(row.sealed, _owner(day))


def _owner(day: date) -> str:
    return f"crowd secret {day}"
