"""Words and signs of the app. Names come from outside, so they pass `clean` before they are shown."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.cells import cell_len, set_cell_size

from monitor.domain import MOODS, EventKind
from monitor.sources.stream import without_password

ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-Z\\^_])")
"""Terminal control sequences: CSI, OSC and the two-character ones."""
PICTURE_PARTS = re.compile("[\U0001f3fb-\U0001f3ff\ufe0e\ufe0f]|\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])")
"""What makes one picture of several emoji, or colours it: terminals disagree how wide that is, and a line that is
wider than it was taken for shifts everything behind it."""
JOINERS = "\u200c\u200d"
"""Format characters that some scripts need inside words."""


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters that stand for things, so that nothing depends on colour."""

    came: str
    left: str
    already: str
    unknown: str
    lost: str
    back: str
    live: str
    inside: str
    outside: str
    bar: str
    mood: dict[str, str]
    """One fill a mood, for bars and charts."""
    dash: str
    dot: str
    ellipsis: str


UNICODE_SIGNS = Signs(
    came="✓", left="←", already="=", unknown="?", lost="!", back="↻", live="●",
    inside="●", outside="○", bar="━",
    mood=dict(zip(MOODS, "▓▚░█▒▞▄·", strict=True)),
    dash="–", dot="·", ellipsis="…",
)  # fmt: skip
ASCII_SIGNS = Signs(
    came="+", left="<", already="=", unknown="?", lost="!", back="*", live="*",
    inside="*", outside="-", bar="=", mood=dict(zip(MOODS, "ADFHSUN.", strict=True)),
    dash="-", dot="-", ellipsis="~",
)  # fmt: skip


def signs(ascii_only: bool) -> Signs:
    return ASCII_SIGNS if ascii_only else UNICODE_SIGNS


def event_sign(kind: EventKind, chosen: Signs) -> str:
    """The sign of an event in lists."""
    return {
        EventKind.CHECK_IN: chosen.came,
        EventKind.CHECK_OUT: chosen.left,
        EventKind.UNKNOWN: chosen.unknown,
        EventKind.SIGHTING: chosen.already,
        EventKind.SOURCE_LOST: chosen.lost,
        EventKind.SOURCE_BACK: chosen.back,
    }[kind]


def clean(text: str | None, cells: int = 60) -> str:
    """Untrusted text made fit for one line: no control or format characters, at most `cells` wide.

    Format characters (Unicode category Cf) include the bidirectional overrides, with which a name could
    reorder the text around it.
    """
    plain = PICTURE_PARTS.sub("", ESCAPES.sub("", text or ""))
    kept = "".join(" " if char in "\t\n\r" else char for char in plain if char in "\t\n\r" or _is_shown(char))
    line = " ".join(kept[: cells * 8].split())
    if cell_len(line) <= cells:
        return line
    return set_cell_size(line, cells - 1).rstrip() + "…"


def _is_shown(char: str) -> bool:
    return char in JOINERS or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def source_name(source: str) -> str:
    """A source as the screens call it; the address of a stream without its password."""
    if source.isdecimal():
        return f"camera {source}"
    return clean(without_password(source) if "://" in source else source, 40)


def enrolled(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'} enrolled"


def at_clock(at: datetime | None, zone: ZoneInfo) -> str:
    """The site's wall clock, "08:58"; empty for None."""
    return "" if at is None else f"{at.astimezone(zone):%H:%M}"


def day_text(at: datetime, zone: ZoneInfo) -> str:
    """The site's day in English whatever the locale, "Mon 23 Nov 2026"."""
    here = at.astimezone(zone)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[here.weekday()]
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{day} {here.day} {months[here.month - 1]} {here.year}"


def salutation(at: datetime, zone: ZoneInfo) -> str:
    """How one greets at this hour."""
    hour = at.astimezone(zone).hour
    if 4 <= hour < 12:
        return "Good morning"
    return "Good afternoon" if 12 <= hour < 18 else "Good evening"
