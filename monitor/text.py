"""Text for people: what others wrote made harmless, numbers with their nouns, and names in their natural order."""

import re
import unicodedata
from typing import Final

_ESCAPES: Final = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-Z\\^_])")
"""Terminal control sequences: CSI, OSC and the two-character ones."""
_PICTURE_PARTS: Final = re.compile(
    "[\U0001f3fb-\U0001f3ff\ufe0e\ufe0f]|\u200d(?=[\u200c\u200d\ufe0e\ufe0f]*[\u2190-\u2bff\U0001f000-\U0001faff])"
)
"""What makes one picture of several emoji, or colours it: terminals disagree how wide that is, and a line that is
wider than it was taken for shifts everything behind it."""
_JOINERS: Final = "\u200c\u200d"
"""Format characters that some scripts need inside words."""
_HIDDEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Unicode categories that are left out. Cf includes the bidirectional overrides, with which a name could reorder the
text around it."""


def printable(text: str, cells: int | None = None) -> str:
    """Untrusted text made fit for one line of a terminal, a sheet or a figure.

    Control sequences, control characters and format characters are left out, runs of white space become one space, and
    bytes that are not valid UTF-8 become replacement characters.

    Args:
        cells: how wide the text may be in a terminal; longer text is cut and ends in an ellipsis.
    """
    kept = _PICTURE_PARTS.sub("", "".join(map(_shown, _ESCAPES.sub("", text))))
    if cells is None:
        return " ".join(kept.split())
    from rich.cells import cell_len, set_cell_size

    line = " ".join(kept[: cells * 8].split())
    if cell_len(line) <= cells:
        return line
    return set_cell_size(line, cells - 1).rstrip() + "…"


def _shown(sign: str) -> str:
    if sign in "\t\n\r":
        return " "
    category = unicodedata.category(sign)
    if category == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    return "" if category in _HIDDEN and sign not in _JOINERS else sign


def plural(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun, such as `1 image`, `1,200 images` and, with `many` given, `2 people`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def natural_order(text: str) -> list[tuple[int, str]]:
    """A sort key under which "2.jpg" comes before "10.jpg", whatever the case of letters."""
    parts = re.split("0*([0-9]+)", text.casefold())
    return [(len(part) if index % 2 else 0, part) for index, part in enumerate(parts)]
