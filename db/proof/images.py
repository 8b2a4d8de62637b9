"""Which picture a template was enrolled from, so that whoever steals the database cannot tell.

A picture is known by the HMAC-SHA-256 of its SHA-256 with a secret of this database. The secret is sealed with the
installation's key, and stays when that is rotated, so that a picture is known again for ever. The name of a picture's
file is kept as a short code of the same kind.
"""

import hashlib
import hmac
import re
import secrets
from pathlib import PurePosixPath
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.crypto import TemplateCipher
from db.proof.key import IMAGES, images_owner
from db.schema.audit import UndoRow
from db.schema.faces import TemplateRow
from db.schema.proof import RetiredKeyRow

_MARK: Final = "k"
"""What a keyed hash begins with, and no hexadecimal number."""
_HARMLESS: Final = re.compile(r"camera, [a-z ]+|door, [0-9: -]+ UTC|picture \d+|[0-9a-f]{8}(\.[a-z0-9]{1,5})?|visitor")
"""Sources that name no file."""


def secret(session: Session, cipher: TemplateCipher) -> bytes | None:
    """The secret of this database; None where no picture was enrolled yet. Raises: WrongKey, DatabaseDamaged."""
    kept = session.scalar(select(RetiredKeyRow.sealed).where(RetiredKeyRow.key_id == IMAGES))
    return None if kept is None else cipher.open(kept, images_owner())


def known_secret(session: Session, cipher: TemplateCipher) -> bytes:
    """The secret, made where there is none; the session must be able to write. Raises: as `secret`."""
    found = secret(session, cipher)
    if found is None:
        found = secrets.token_bytes(32)
        session.add(RetiredKeyRow(key_id=IMAGES, sealed=cipher.seal(found, images_owner())))
        session.flush()
    return found


def keyed(key: bytes, content_hash: str) -> str:
    """What stands in `TemplateRow.content_hash` for a picture, 64 characters; what is keyed already stays as it is."""
    if content_hash.startswith(_MARK):
        return content_hash
    return _MARK + hmac.digest(key, f"image {content_hash}".encode(), hashlib.sha256).hex()[:63]


def label(key: bytes, source: str) -> str:
    """What stands in `TemplateRow.source`: of a file's name only a code and the ending, of other sources all."""
    if _HARMLESS.fullmatch(source):
        return source
    ending = PurePosixPath(source.replace("\\", "/")).suffix.lower()
    code = hmac.digest(key, f"source {source}".encode(), hashlib.sha256).hex()[:8]
    return code + ending if re.fullmatch(r"\.[a-z0-9]{1,5}", ending) else code


def is_plain(session: Session) -> bool:
    """Whether an earlier Muster wrote a picture's hash as it is."""
    return session.scalar(select(TemplateRow.id).where(TemplateRow.content_hash < _MARK).limit(1)) is not None


def key_all(session: Session, key: bytes) -> int:
    """Keys the hashes and sources that an earlier Muster wrote as they are; gives their number."""
    count = 0
    while some := session.scalars(select(TemplateRow).where(TemplateRow.content_hash < _MARK).limit(1000)).all():
        for row in some:
            row.content_hash, row.source = keyed(key, row.content_hash), label(key, row.source)
        session.flush()
        session.expunge_all()
        count += len(some)
    for kept in session.scalars(select(UndoRow)) if count else ():
        if twins := kept.content.get("twins"):
            kept.content = {**kept.content, "twins": [keyed(key, one) for one in twins]}
    session.flush()
    return count
