"""Encryption of face templates and portraits: AES-256-GCM (NIST SP 800-38D), one key for a database.

A sealed value is `version (1) | key id (8) | nonce (12) | ciphertext and tag`. What a value belongs to
(table, person, row) is authenticated with it, so values cannot be moved between rows.
"""

import hashlib
import hmac
import math
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from db.errors import DatabaseDamaged, DatabaseError, InvalidRecord, WrongKey
from db.schema.faces import TemplateKeyRow

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EMBEDDING_SIZE: Final = 128
_HALF: Final = math.sqrt(0.5)

_VERSION: Final = b"\x01"
_NONCE_AT: Final = 9
_TEXT_AT: Final = 21
_CHANGED: Final = "A face template in the database was changed or moved; restore the database from a backup."
_WRONG_KEY: Final = (
    "The face templates were encrypted with another key; give the right one in MUSTER_KEY or restore the key file. "
    "If 'muster db rotate-key' changed the key for another database, run it for this one, too."
)


class TemplateCipher:
    """Seals and opens values with one key of 32 bytes. Safe to use from several threads."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise DatabaseError(f"A template key has 32 bytes, not {len(key)}; make one with 'muster db rotate-key'.")
        self._gcm = AESGCM(key)
        self._key = key
        self._id = hmac.digest(key, b"muster template key id", hashlib.sha256)[:8]

    def __repr__(self) -> str:
        return f"TemplateCipher(key_id={self.key_id!r})"

    @property
    def key_id(self) -> str:
        """16 hexadecimal digits that tell keys apart and reveal nothing about them."""
        return self._id.hex()

    def derive(self, purpose: str) -> bytes:
        """Another key of 32 bytes for one purpose (HKDF, RFC 5869); it tells nothing about this one."""
        return HKDF(hashes.SHA256(), 32, salt=None, info=purpose.encode()).derive(self._key)

    def seal(self, value: bytes, belongs_to: str) -> bytes:
        """The value, encrypted and bound to what it belongs to."""
        nonce = secrets.token_bytes(12)
        return _VERSION + self._id + nonce + self._gcm.encrypt(nonce, value, belongs_to.encode())

    def open(self, sealed: bytes, belongs_to: str) -> bytes:
        """The value back.

        Raises:
            WrongKey: it was sealed with another key.
            DatabaseDamaged: it was changed, or belongs to another row.
        """
        if not sealed.startswith(_VERSION + self._id):
            raise self._not_ours(sealed)
        try:
            return self._gcm.decrypt(sealed[_NONCE_AT:_TEXT_AT], sealed[_TEXT_AT:], belongs_to.encode())
        except InvalidTag:
            raise DatabaseDamaged(_CHANGED) from None

    def open_embeddings(self, sealed: Sequence[bytes], owners: Sequence[bytes]) -> "NDArray[np.float32]":
        """Many embeddings of one encoder back, each in a microsecond: float32 (n, 128), read-only. Raises: as `open`.

        Args:
            owners: what each one is bound to, in UTF-8.
        """
        import numpy as np  # here, so that what reads no embedding does not wait for it

        head, decrypt = _VERSION + self._id, self._gcm.decrypt
        for one in sealed:
            if not one.startswith(head):
                raise self._not_ours(one)
        pairs = zip(sealed, owners, strict=True)
        try:
            opened = [decrypt(one[_NONCE_AT:_TEXT_AT], one[_TEXT_AT:], owner) for one, owner in pairs]
            return np.frombuffer(b"".join(opened), "<f4").reshape(len(sealed), EMBEDDING_SIZE)
        except (InvalidTag, ValueError):
            raise DatabaseDamaged(_CHANGED) from None

    @staticmethod
    def _not_ours(sealed: bytes) -> DatabaseError:
        """Why a value whose head is not this key's cannot be opened."""
        if sealed[:1] != _VERSION:
            return DatabaseDamaged("A face template in the database is damaged; restore the database from a backup.")
        return WrongKey(_WRONG_KEY)

    def seal_embedding(self, embedding: "NDArray[np.float32]", belongs_to: str) -> tuple[bytes, bytes | None]:
        """An embedding, sealed: the first encoder's part, and the second's where it has one.

        Args:
            embedding: float32 (128,), of the first encoder, or (256,), of both, each half divided by the root of 2.

        Raises:
            InvalidRecord: another shape or numbers that are not finite.
        """
        import numpy as np

        shape = embedding.shape
        if shape not in ((EMBEDDING_SIZE,), (2 * EMBEDDING_SIZE,)) or not np.isfinite(embedding).all():
            raise InvalidRecord(
                f"An embedding is {EMBEDDING_SIZE} or {2 * EMBEDDING_SIZE} finite numbers, not shape {shape}."
            )
        if shape == (EMBEDDING_SIZE,):
            return self.seal(embedding.astype("<f4").tobytes(), belongs_to), None
        first, second = ((half / _HALF).astype("<f4").tobytes() for half in np.split(embedding, 2))
        return self.seal(first, belongs_to), self.seal(second, _second_owner(belongs_to))

    def open_embedding(self, sealed: bytes, second: bytes | None, belongs_to: str) -> "NDArray[np.float32]":
        """The embedding back: float32 (128,), read-only, or (256,) where there is a second part."""
        import numpy as np

        first = np.frombuffer(self.open(sealed, belongs_to), dtype="<f4")
        if second is None:
            return first
        other = np.frombuffer(self.open(second, _second_owner(belongs_to)), dtype="<f4")
        return halves_as_one(first, other)


def halves_as_one(first: "NDArray[np.float32]", second: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Embeddings of both encoders, float32 (..., 128) each, as one: float32 (..., 256), of the same length."""
    import numpy as np

    return np.asarray(_HALF * np.concatenate([first, second], axis=-1), np.float32)


def key_of(sealed: bytes) -> str:
    """The id of the key with which a value was sealed."""
    return sealed[1:_NONCE_AT].hex()


def owner(column: InstrumentedAttribute[Any], *key: UUID | str) -> str:
    """What a sealed value is bound to: its column, and the ids of its person (or sighting) and of its row.

    What is sealed already can be opened only as long as table and column keep their names.
    """
    if column.key == "second":
        return _second_owner(owner(column.class_.embedding, *key))
    return " ".join((f"{column.class_.__tablename__}.{column.key}", *map(str, key)))


def _second_owner(belongs_to: str) -> str:
    """What the second encoder's part of an embedding is bound to."""
    return f"{belongs_to} second"


def bind_key(session: Session, cipher: TemplateCipher, at: datetime) -> None:
    """Notes the key's id in a new database, and refuses a key that is not the database's own.

    Raises:
        WrongKey: the database belongs to another key.
    """
    known = bound_key(session)
    if known is None:
        session.add(TemplateKeyRow(key_id=cipher.key_id, since=at))
        session.flush()
    elif known != cipher.key_id:
        raise WrongKey(_WRONG_KEY)


def bound_key(session: Session) -> str | None:
    """The id of the database's own key; None where no face was enrolled yet."""
    return session.scalar(select(TemplateKeyRow.key_id))
