"""PINs: the desk's, and those that people type at the door. Only hashes are kept.

A PIN is hashed with Argon2id (RFC 9106) over its HMAC with a pepper, which is derived from the installation's key and
is in no database: who has the hashes only cannot try PINs. Hashes of before (scrypt, RFC 7914) are still verified.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from monitor.errors import SettingsError

MEMORY_KIB, PASSES, LANES = 65_536, 2, 1
"""Argon2's m, t and p: 64 MiB and some 80 ms a try."""
_SCHEME: Final = "argon2id"


@dataclass(frozen=True, slots=True)
class Peppers:
    """The pepper for new hashes, and those of before a rotation of the key and of other doors, by the ids of keys."""

    current: str
    secrets: Mapping[str, bytes] = field(repr=False)
    elsewhere: frozenset[str] = frozenset()
    """Keys of other doors: a PIN that one of them set stays as it is."""


def pin_fault(pin: str, shortest: int) -> str | None:
    """What is wrong with a new PIN, in one sentence; None for enough digits (0 to 9)."""
    if len(pin) >= shortest and pin.isascii() and pin.isdigit():
        return None
    return f"A PIN has at least {shortest} digits, and nothing else."


def hash_pin(pin: str, peppers: Peppers) -> str:
    """The salted hash of a PIN: `argon2id$KEY$m$t$p$salt$hash`, salt and hash in base64."""
    salt = secrets.token_bytes(16)
    derived = _argon2(pin, peppers.secrets[peppers.current], salt, MEMORY_KIB, PASSES, LANES)
    return f"{_SCHEME}${peppers.current}${MEMORY_KIB}${PASSES}${LANES}${_text(salt)}${_text(derived)}"


def is_pin(pin: str, kept: str, peppers: Peppers) -> bool:
    """Whether the PIN has this hash. It takes some 80 ms: not on an event loop.

    Raises:
        SettingsError: `kept` is not a hash of `hash_pin`, or its key is not here.
    """
    try:
        scheme, *parts, salt, derived = kept.split("$")
        if scheme == "scrypt":
            cost, block, lanes = map(int, parts)
            found = hashlib.scrypt(pin.encode(), salt=_bytes(salt), n=cost, r=block, p=lanes, maxmem=2**28)
        elif scheme == _SCHEME:
            key, *numbers = parts
            memory, passes, lanes = map(int, numbers)
            found = _argon2(pin, peppers.secrets[key], _bytes(salt), memory, passes, lanes)
        else:
            raise ValueError(scheme)
    except KeyError:
        raise SettingsError("This PIN was set with another key; put that key back, or set the PIN again.") from None
    except ValueError:
        raise SettingsError("The stored PIN hash is unreadable. Set the PIN again.") from None
    return hmac.compare_digest(found, _bytes(derived))


def is_outdated(kept: str, peppers: Peppers) -> bool:
    """Whether a PIN that was right should be hashed anew: another scheme, key or cost."""
    scheme, key, *rest = kept.split("$")[:5]
    good = key == peppers.current or key in peppers.elsewhere
    return not good or [scheme, *rest] != [_SCHEME, str(MEMORY_KIB), str(PASSES), str(LANES)]


def _argon2(pin: str, pepper: bytes, salt: bytes, memory: int, passes: int, lanes: int) -> bytes:
    from argon2.exceptions import HashingError
    from argon2.low_level import Type, hash_secret_raw

    secret = hmac.digest(pepper, pin.encode(), hashlib.sha256)
    try:
        return hash_secret_raw(secret, salt, passes, memory, lanes, 32, Type.ID)
    except HashingError as error:
        raise ValueError(str(error)) from None


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
