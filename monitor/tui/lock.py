"""The admin PIN. Only its hash is kept: scrypt (RFC 7914) with a salt of its own."""

import base64
import hashlib
import hmac
import secrets
from pathlib import Path

from monitor.errors import SettingsError

COST, BLOCK, LANES = 2**14, 8, 1
"""scrypt's N, r and p: 16 MiB and some 50 ms a try."""
SHORTEST = 4


def hash_pin(pin: str) -> str:
    """What the setting `admin_pin_hash` holds for this PIN."""
    salt = secrets.token_bytes(16)
    derived = hashlib.scrypt(pin.encode(), salt=salt, n=COST, r=BLOCK, p=LANES)
    return f"scrypt${COST}${BLOCK}${LANES}${_text(salt)}${_text(derived)}"


def is_pin(pin: str, kept: str) -> bool:
    """Whether this is the PIN.

    Raises:
        SettingsError: what is kept is no hash of ours.
    """
    try:
        scheme, cost, block, lanes, salt, derived = kept.split("$")
        if scheme != "scrypt":
            raise ValueError(scheme)
        found = hashlib.scrypt(
            pin.encode(), salt=base64.b64decode(salt), n=int(cost), r=int(block), p=int(lanes), maxmem=2**28
        )
        return hmac.compare_digest(found, base64.b64decode(derived))
    except ValueError:
        raise SettingsError("Setting admin_pin_hash is damaged; set the PIN anew on the System screen.") from None


def write_pin(file: Path, pin: str) -> str:
    """Put the hash of a PIN, or none for an empty one, into the configuration file; other lines stay.

    Returns:
        The hash, or an empty text.

    Raises:
        SettingsError: the file cannot be written.
    """
    kept = hash_pin(pin) if pin else ""
    line = f'admin_pin_hash = "{kept}"'
    try:
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        others = [one for one in lines if not one.replace(" ", "").startswith("admin_pin_hash=")]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join([line, *others]) + "\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"The configuration file {file} cannot be written: {error.strerror}.") from None
    return kept


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
