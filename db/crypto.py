"""Encryption of face templates and portraits: AES-256-GCM (NIST SP 800-38D), one key for a database.

A sealed value is `version (1) | key id (8) | nonce (12) | ciphertext and tag`. What a value belongs to
(table, person, row) is authenticated with it, so values cannot be moved between rows.
"""

import base64
import binascii
import hashlib
import hmac
import math
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.errors import DatabaseDamaged, DatabaseError, DatabaseUnavailable, InvalidRecord, WrongKey
from db.schema.faces import TemplateKeyRow
from monitor.files import unfinished

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KEY_VARIABLE: Final = "MUSTER_KEY"
KEY_FILE: Final = "template.key"
KEYRING_SERVICE: Final = "muster"
KEYRING_USER: Final = "template-key"
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
        return self.seal(first, belongs_to), self.seal(second, second_owner(belongs_to))

    def open_embedding(self, sealed: bytes, second: bytes | None, belongs_to: str) -> "NDArray[np.float32]":
        """The embedding back: float32 (128,), read-only, or (256,) where there is a second part."""
        import numpy as np

        first = np.frombuffer(self.open(sealed, belongs_to), dtype="<f4")
        if second is None:
            return first
        other = np.frombuffer(self.open(second, second_owner(belongs_to)), dtype="<f4")
        return halves_as_one(first, other)


def halves_as_one(first: "NDArray[np.float32]", second: "NDArray[np.float32]") -> "NDArray[np.float32]":
    """Embeddings of both encoders, float32 (..., 128) each, as one: float32 (..., 256), of the same length."""
    import numpy as np

    return np.asarray(_HALF * np.concatenate([first, second], axis=-1), np.float32)


def key_of(sealed: bytes) -> str:
    """The id of the key with which a value was sealed."""
    return sealed[1:_NONCE_AT].hex()


def second_owner(belongs_to: str) -> str:
    """What the second encoder's part of an embedding is bound to."""
    return f"{belongs_to} second"


def existing_cipher(folder: Path) -> TemplateCipher | None:
    """The cipher with the key of this installation; None where there is no key, and none is made."""
    if not os.environ.get(KEY_VARIABLE) and not (folder / KEY_FILE).exists():
        kept = _from_keyring()
        return TemplateCipher(decode_key(kept, "the system's keyring")) if kept else None
    return load_cipher(folder)


def load_cipher(folder: Path) -> TemplateCipher:
    """The cipher with the key of `load_key`."""
    return TemplateCipher(load_key(folder))


def retired_ciphers(folder: Path) -> list[TemplateCipher]:
    """Of keys that a rotation put aside in this folder, for what was sealed before."""
    kept = []
    for file in sorted(folder.glob(f"{KEY_FILE}.*")):
        with suppress(DatabaseError):
            cipher = TemplateCipher(_read_key_file(file))
            kept += [cipher] if file.suffix == f".{cipher.key_id}" else []
    return kept


def load_key(folder: Path) -> bytes:
    """The key of this installation, 32 bytes; makes one at the first use.

    The key comes from MUSTER_KEY (base64 of 32 bytes), else from the file `template.key` in the folder, which
    only its owner can read, else from the system's keyring. A new key goes to the keyring where there is one,
    else to the file.

    Raises:
        DatabaseError: the key is malformed, or its file cannot be read or made.
    """
    given = os.environ.get(KEY_VARIABLE)
    if given:
        return decode_key(given, KEY_VARIABLE)
    file = folder / KEY_FILE
    if file.exists():
        return _read_key_file(file)
    kept = _from_keyring()
    if kept:
        return decode_key(kept, "the system's keyring")
    key = secrets.token_bytes(32)
    if _to_keyring(encode_key(key)):
        return key
    try:
        write_key_file(file, key, replace=False)
    except FileExistsError:  # another program made one at the same moment
        return _read_key_file(file)
    return key


def key_place(folder: Path) -> str | None:
    """Where `load_key` finds the key, for people; None where there is no key yet.

    Raises:
        DatabaseUnavailable: the keyring does not answer.
    """
    if os.environ.get(KEY_VARIABLE):
        return f"the variable {KEY_VARIABLE}"
    file = folder / KEY_FILE
    if file.exists():
        return str(file)
    return "the system's keyring" if _from_keyring() else None


def store_key(key: bytes, folder: Path) -> str:
    """Keeps a key in the system's keyring where there is one, else in the folder's key file.

    Returns:
        Where it is now, for people.
    """
    file = folder / KEY_FILE
    if not file.exists() and _to_keyring(encode_key(key)):
        return "the system's keyring"
    write_key_file(file, key, replace=True)
    return str(file)


def encode_key(key: bytes) -> str:
    """The key as text, as MUSTER_KEY takes it."""
    return base64.b64encode(key).decode()


def decode_key(text: str, where: str) -> bytes:
    """The key from its text.

    Raises:
        DatabaseError: the text is not 32 bytes in base64.
    """
    try:
        key = base64.b64decode(text.strip(), altchars=b"-_" if {"-", "_"} & set(text) else None, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise DatabaseError(f"The template key in {where} is not 32 bytes in base64; put the right one there.")
    return key


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


def _read_key_file(file: Path) -> bytes:
    try:
        return decode_key(file.read_text(encoding="ascii"), str(file))
    except UnicodeDecodeError:
        raise DatabaseError(f"The template key in {file} is not 32 bytes in base64; put the right one there.") from None
    except OSError as error:
        raise DatabaseUnavailable(f"The key file {file} cannot be read: {error.strerror}.") from None


def write_key_file(file: Path, key: bytes, *, replace: bool) -> None:
    """Writes a key so that only its owner can read it, whole or not at all.

    Raises:
        FileExistsError: the file is there already and is not to be replaced.
        DatabaseUnavailable: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with unfinished(file, private=True, replace=replace) as part:
            part.write_text(encode_key(key) + "\n", encoding="ascii")
    except FileExistsError:
        raise
    except OSError as error:
        raise DatabaseUnavailable(f"The key file {file} cannot be written: {error.strerror}.") from None


def _from_keyring() -> str | None:
    import keyring
    from keyring.errors import KeyringError

    if not _has_keyring():
        return None
    try:
        return keyring.get_password(KEYRING_SERVICE, KEYRING_USER)
    except KeyringError as error:
        raise DatabaseUnavailable(f"The system's keyring does not answer ({error}); unlock it.") from None


def _to_keyring(text: str) -> bool:
    import keyring
    from keyring.errors import KeyringError

    if not _has_keyring():
        return False
    try:
        keyring.set_password(KEYRING_SERVICE, KEYRING_USER, text)
    except KeyringError:
        # A locked or refused keyring is no reason not to start: the key file is as good.
        return False
    return True


def _has_keyring() -> bool:
    """Whether a real keyring answers here; on servers there is often none."""
    import keyring

    # keyring's own stand-ins for "none" have priority 0 and below.
    return float(getattr(keyring.get_keyring(), "priority", 0)) > 0
