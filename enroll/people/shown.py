"""Makes text that others wrote fit for a terminal."""

import unicodedata
from typing import Final

_LONGEST: Final = 200

_DIRECTION: Final = frozenset(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]))


def printable(text: str, longest: int = _LONGEST) -> str:
    """The text on one line: terminal escapes, other control characters and overrides of the writing direction become
    visible signs, and what is too long is cut."""
    shown = "".join(
        "�" if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") or sign in _DIRECTION else sign for sign in text
    )
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
