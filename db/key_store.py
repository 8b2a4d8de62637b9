"""Where the installation's key is kept: in a variable, in the system's keyring, or in a file of its owner alone."""

import base64
import binascii
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from db.crypto import TemplateCipher, bound_key
from db.engine import reading
from db.errors import DatabaseError, DatabaseUnavailable, WrongKey
from monitor.files import unfinished

KEY_VARIABLE: Final = "MUSTER_KEY"
KEY_FILE: Final = "template.key"
KEYRING_SERVICE: Final = "muster"
KEYRING_USER: Final = "template-key"
_KEYRING: Final = "the system's keyring"


def existing_cipher(folder: Path) -> TemplateCipher | None:
    """The cipher with the key of this installation; None where there is no key, and none is made."""
    found = _found(folder)
    return TemplateCipher(found[1]) if found else None


def cipher_of(engine: Engine, folder: Path) -> TemplateCipher:
    """The cipher for a database, with the key of this installation; makes a key only where the database has none yet.

    Raises:
        WrongKey: the database has a key, and there is none here.
    """
    found = existing_cipher(folder)
    if found is not None:
        return found
    with reading(engine) as session:
        if bound_key(session) is not None:
            raise WrongKey(
                f"The key of this database is not here; put it into {folder / KEY_FILE} again, or give it in "
                f"{KEY_VARIABLE}."
            )
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
    found = _found(folder)
    if found:
        return found[1]
    file, key = folder / KEY_FILE, secrets.token_bytes(32)
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
        DatabaseError: the key is malformed, its file cannot be read, or the keyring does not answer.
    """
    found = _found(folder)
    return found[0] if found else None


def open_to_others(folder: Path) -> Path | None:
    """The key file, where it is used and more than its owner may read it."""
    file = folder / KEY_FILE
    if os.name != "posix" or os.environ.get(KEY_VARIABLE) or not file.exists():
        return None
    return file if stat.S_IMODE(file.stat().st_mode) & 0o077 else None


def _found(folder: Path) -> tuple[str, bytes] | None:
    """Where the key is, for people, and the key; None where there is none yet."""
    if given := os.environ.get(KEY_VARIABLE):
        return f"the variable {KEY_VARIABLE}", decode_key(given, KEY_VARIABLE)
    file = folder / KEY_FILE
    if file.exists():
        return str(file), _read_key_file(file)
    kept = _from_keyring()
    return (_KEYRING, decode_key(kept, _KEYRING)) if kept else None


def store_key(key: bytes, folder: Path) -> str:
    """Keeps a key in the system's keyring where there is one, else in the folder's key file.

    Returns:
        Where it is now, for people.
    """
    file = folder / KEY_FILE
    if not file.exists() and _to_keyring(encode_key(key)):
        return _KEYRING
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


def _read_key_file(file: Path) -> bytes:
    try:
        return decode_key(file.read_text(encoding="ascii"), str(file))
    except UnicodeDecodeError:
        raise DatabaseError(f"The key in {file} is not 32 bytes in base64; put the right one there.") from None
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
