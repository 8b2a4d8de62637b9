"""Cleans names of people before they are kept."""

import re
import unicodedata
from typing import Final

from db.errors import InvalidRecord

LONGEST: Final = 500
LONGEST_NUMBER: Final = 40
"""Of a person's number, which is typed at the door."""

# Overrides and isolates of the writing direction reorder the text around a name; joiners are needed and stay.
_DIRECTION: Final = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def clean(text: str, what: str = "name", longest: int = LONGEST) -> str:
    """The text in Unicode's composed form (NFC), on one line, without control characters.

    Args:
        text: as it was typed or read from a file.
        what: for the error's sentence.
        longest: this many characters at most.

    Raises:
        InvalidRecord: nothing is left, or it is longer than that.
    """
    spaced = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).translate(_DIRECTION)
    cleaned = "".join(letter for letter in spaced if _is_letter(letter)).strip()
    if not cleaned:
        raise InvalidRecord(f"A {what} is empty; give one with at least one character.")
    if len(cleaned) > longest:
        raise InvalidRecord(f"A {what} has {len(cleaned)} characters; shorten it to {longest}.")
    return cleaned


def _is_letter(letter: str) -> bool:
    """Not a control character, half of a letter, or one of Unicode's noncharacters, which XML may not have."""
    is_none = ord(letter) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(letter) <= 0xFDEF
    return unicodedata.category(letter) not in ("Cc", "Cs") and not is_none


def clean_or_none(text: str | None, what: str, longest: int = LONGEST) -> str | None:
    """`clean` for a text that may be absent or empty; None where it is."""
    return clean(text, what, longest) if text and text.strip() else None


def clean_number(text: str | None) -> str | None:
    """`clean_or_none` for a person's new number, of 40 characters at most."""
    return clean_or_none(text, "number", LONGEST_NUMBER)
