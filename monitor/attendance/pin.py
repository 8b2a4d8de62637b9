"""PINs: the desk's, and those that people type at the door. Only hashes are kept: scrypt (RFC 7914), salted."""

import base64
import hashlib
import hmac
import secrets

from monitor.errors import SettingsError

COST, BLOCK, LANES = 2**14, 8, 1
"""scrypt's N, r and p: 16 MiB and some 50 ms a try."""
SHORTEST = 4
"""A PIN has at least so many digits."""


def pin_fault(pin: str) -> str | None:
    """What is wrong with a new PIN, in one sentence; None for four or more digits (0 to 9)."""
    if len(pin) >= SHORTEST and pin.isascii() and pin.isdigit():
        return None
    return f"A PIN has at least {SHORTEST} digits, and nothing else."


def hash_pin(pin: str) -> str:
    """The salted hash of a PIN: `scrypt$N$r$p$salt$hash`, salt and hash in base64."""
    salt = secrets.token_bytes(16)
    derived = hashlib.scrypt(pin.encode(), salt=salt, n=COST, r=BLOCK, p=LANES)
    return f"scrypt${COST}${BLOCK}${LANES}${_text(salt)}${_text(derived)}"


def is_pin(pin: str, kept: str) -> bool:
    """Whether the PIN has this hash. It takes some 50 ms: not on an event loop.

    Raises:
        SettingsError: `kept` is not a hash of `hash_pin`.
    """
    try:
        scheme, cost, block, lanes, salt, derived = kept.split("$")
        if scheme != "scrypt":
            raise ValueError(scheme)
        found = hashlib.scrypt(pin.encode(), salt=_bytes(salt), n=int(cost), r=int(block), p=int(lanes), maxmem=2**28)
        return hmac.compare_digest(found, _bytes(derived))
    except ValueError:
        raise SettingsError("The stored PIN hash is unreadable. Set the PIN again.") from None


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
