"""The desk's PIN in the configuration file."""

from pathlib import Path

from monitor.errors import SettingsError
from monitor.pin import hash_pin


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
