"""The desk's PIN in the configuration file."""

from pathlib import Path

from monitor.config import save_setting
from monitor.pin import hash_pin


def write_pin(file: Path, pin: str) -> str:
    """Put the hash of a PIN, or none for an empty one, into the configuration file; other lines stay.

    Returns:
        The hash, or an empty text.

    Raises:
        SettingsError: the file is no TOML, or cannot be written.
    """
    kept = hash_pin(pin) if pin else ""
    save_setting(file, "admin_pin_hash", kept)
    return kept
