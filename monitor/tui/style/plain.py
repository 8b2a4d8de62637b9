"""`--ascii`: whatever draws lines, bars and blocks, in our own widgets and in Textual's, becomes plain characters."""

import unicodedata

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter


def _plain(code: int) -> str:
    """The ASCII character for a line, block, shape or braille character of Unicode; each is one cell wide."""
    name = unicodedata.name(chr(code), "")
    if "HORIZONTAL" in name and "VERTICAL" not in name and " AND " not in name:
        return "-"
    if "VERTICAL" in name and "HORIZONTAL" not in name and " AND " not in name:
        return "|"
    if name.startswith("BOX DRAWINGS"):
        return "+"
    if name.startswith(("LEFT ", "RIGHT ")):
        return "|"
    if name.startswith(("LOWER ONE EIGHTH", "UPPER ")):
        return "-"
    return "#"


PLAIN = (
    {code: _plain(code) for code in range(0x2500, 0x25A0)}
    | dict.fromkeys(range(0x2801, 0x2900), "*")
    | {0x2800: " "}
    | str.maketrans("·–—…•←→↑↓▲▼▶◀●○■□✓✗↻»«", "---~*<>^v^v><*o##+x*><")
    | {0x1F50E: "/ "}  # the magnifying glass of the command palette is two cells wide
)
"""For `str.translate`; letters of any script stay."""


class PlainLetters(LineFilter):
    """Replaces drawing characters in finished lines."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(text.translate(PLAIN), style, control) for text, style, control in segments]
