"""Text for people: untrusted text made harmless, numbers with their nouns, local times, hours, and natural order."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_ESCAPES: Final = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-Z\\^_])")
"""Terminal control sequences: CSI, OSC and the two-character ones."""
_PICTURE_PARTS: Final = re.compile(
    "[\U0001f3fb-\U0001f3ff\ufe0e\ufe0f]|\u200d(?=[\u200c\u200d\ufe0e\ufe0f]*[\u2190-\u2bff\U0001f000-\U0001faff])"
)
"""Characters that join several emoji into one picture, or colour it. Terminals disagree on the width of the result, and
everything right of it would shift."""
_JOINERS: Final = "\u200c\u200d"
"""Format characters that some scripts need inside words."""
_HIDDEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Unicode categories that are left out. Cf includes the bidirectional overrides, which could reorder the text around
a name."""


def printable(text: str, cells: int | None = None) -> str:
    """Untrusted text made fit for one line of a terminal, a sheet or a figure.

    Control sequences, control characters and format characters are left out, runs of white space become one space, and
    bytes that are not valid UTF-8 become replacement characters.

    Args:
        cells: how wide the text may be in a terminal; longer text is cut and ends in an ellipsis.
    """
    plain = text.isascii() and text.isprintable()  # most texts are
    kept = text if plain else _PICTURE_PARTS.sub("", "".join(map(_shown, _ESCAPES.sub("", text))))
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
    return "" if (category in _HIDDEN and sign not in _JOINERS) or _is_no_letter(sign) else sign


def _is_no_letter(sign: str) -> bool:
    """Whether it is one of Unicode's 66 noncharacters; XML, so an XLSX sheet, may not have the last of them."""
    return ord(sign) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(sign) <= 0xFDEF


def plural(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun, such as `1 image`, `1,200 images` and, with `many` given, `2 people`."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def few(texts: Sequence[str], between: str = "; ", most: int = 3) -> str:
    """The first of several texts as one: "a; b; c and 4 more"."""
    left = len(texts) - most
    return between.join(texts[:most]) + (f" and {left:,} more" if left > 0 else "")


def date_text(day: date) -> str:
    """A day in English whatever the locale: "Mon 23 Nov 2026"."""
    return f"{day_name(day)} {day.year}"


def day_name(day: date) -> str:
    """A day of a year that is known: "Mon 23 Nov"."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def local_time(at: datetime, zone: tzinfo) -> str:
    """A moment in a site's time zone, such as `2026-03-02 09:05`."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def hours_and_minutes(time: timedelta) -> str:
    """A duration in whole minutes, rounded down: `8:14` for 8 hours, 14 minutes and 59 seconds; `-0:20` for less."""
    minutes = abs(int(time.total_seconds())) // 60
    sign = "-" if minutes and time < timedelta() else ""
    return f"{sign}{minutes // 60}:{minutes % 60:02d}"


def natural_order(text: str) -> list[tuple[int, str]]:
    """A sort key under which "2.jpg" comes before "10.jpg" and "Émil" before "Emma", whatever the case of letters."""
    letters = "".join(sign for sign in unicodedata.normalize("NFD", text) if not unicodedata.combining(sign))
    parts = re.split("0*([0-9]+)", letters.casefold())
    return [*((len(part) if index % 2 else 0, part) for index, part in enumerate(parts)), (0, text)]
