"""The site key: seals faces at the centre, which does not have it. Every door of a site has the same one."""

import secrets
from pathlib import Path
from typing import Final

from db.crypto import TemplateCipher
from db.errors import DatabaseUnavailable, InvalidRecord, WrongKey
from db.key_store import decode_key, write_key_file

SITE_KEY_FILE: Final = "site.key"
NONE_YET: Final = (
    "This door has no site key; make one at the first door with 'muster db site-key', and take its file to the others "
    "with 'muster db site-key FILE'."
)
WRONG: Final = (
    "The faces of this site are sealed with another site key; take the right one's file here and run "
    "'muster db site-key FILE'."
)


def load(folder: Path) -> TemplateCipher:
    """The cipher of the site's key, in the folder of the installation's own. Raises: WrongKey, DatabaseError."""
    file = folder / SITE_KEY_FILE
    if not file.is_file():
        raise WrongKey(NONE_YET)
    return TemplateCipher(_read(file))


def make(folder: Path) -> Path:
    """Makes the site's key where there is none; gives its file, readable by its owner only. Raises: DatabaseError."""
    file = folder / SITE_KEY_FILE
    if not file.exists():
        write_key_file(file, secrets.token_bytes(32), replace=False)
    return file


def take(folder: Path, given: Path) -> Path:
    """Keeps the key of another door's file as this one's.

    Raises:
        InvalidRecord: this door has another site key already.
        DatabaseError: the file cannot be read, or is no key.
    """
    file, key = folder / SITE_KEY_FILE, _read(given)
    if file.exists() and _read(file) != key:
        raise InvalidRecord(f"This door has another site key in {file}; move that file away first.")
    write_key_file(file, key, replace=True)
    return file


def _read(file: Path) -> bytes:
    try:
        return decode_key(file.read_text(encoding="ascii"), str(file))
    except (OSError, UnicodeDecodeError):
        raise DatabaseUnavailable(f"The key file {file} cannot be read; give the file of another door's key.") from None
