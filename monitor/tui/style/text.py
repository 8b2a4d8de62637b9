"""Words and signs of the app. Names come from outside, so they pass `clean` before they are shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.cells import cell_len, set_cell_size

from monitor.attendance.summary import Status
from monitor.domain import MOODS, EventKind
from monitor.language import Say
from monitor.sources.stream import without_password
from monitor.text import date_text, plural, printable


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
    unusual: str
    """A point outside its usual band."""
    to: str
    """Between a value before and the one after."""
    ticks: tuple[str, str]
    """Before a row that is not ticked, and before one that is."""
    half: str
    """Of an hour."""
    status: dict[Status, str]
    """Of somebody's day."""


UNICODE_SIGNS = Signs(
    came="✓", left="←", already="=", unknown="?", lost="!", back="↻", live="●",
    inside="●", outside="○", bar="━",
    mood=dict(zip(MOODS, "▓▚░█▒▞▄·", strict=True)),
    dash="–", dot="·", to="→", unusual="◇", half="½", ticks=("□", "■"),
    status={
        Status.PRESENT: "●", Status.LATE: "◐", Status.ABSENT: "✗", Status.LEFT: "○", Status.INCOMPLETE: "!",
        Status.DUE: "→", Status.ON_LEAVE: "◇", Status.NOT_EXPECTED: "·", Status.HOLIDAY: "◆",
    },
)  # fmt: skip
ASCII_SIGNS = Signs(
    came="+", left="<", already="=", unknown="?", lost="!", back="*", live="*",
    inside="*", outside="-", bar="=", mood=dict(zip(MOODS, "ADFHSUN.", strict=True)),
    dash="-", dot="-", to="->", unusual="x", half="", ticks=("[ ]", "[x]"),
    status={
        Status.PRESENT: "*", Status.LATE: "~", Status.ABSENT: "x", Status.LEFT: "-", Status.INCOMPLETE: "!",
        Status.DUE: ">", Status.ON_LEAVE: "L", Status.NOT_EXPECTED: ".", Status.HOLIDAY: "H",
    },
)  # fmt: skip


def signs(ascii_only: bool) -> Signs:
    return ASCII_SIGNS if ascii_only else UNICODE_SIGNS


def event_sign(kind: EventKind, chosen: Signs) -> str:
    """The sign of an event in lists."""
    return {
        EventKind.CHECK_IN: chosen.came,
        EventKind.CHECK_OUT: chosen.left,
        EventKind.UNKNOWN: chosen.unknown,
        EventKind.NOT_LIVE: chosen.unknown,
        EventKind.SIGHTING: chosen.already,
        EventKind.SOURCE_LOST: chosen.lost,
        EventKind.SOURCE_BACK: chosen.back,
    }[kind]


def clean(text: str | None, cells: int = 60) -> str:
    """Untrusted text for one place of a screen, by default at most 60 cells wide."""
    return printable(text or "", cells)


def source_name(source: str) -> str:
    """A source as the screens call it; the address of a stream without its password, a file without its folder."""
    if source.isdecimal():
        return f"camera {source}"
    return clean(without_password(source) if "://" in source else Path(source).name or source, 40)


def enrolled(count: int) -> str:
    return f"{plural(count, 'person', 'people')} enrolled"


def at_clock(at: datetime | None, zone: ZoneInfo) -> str:
    """The site's wall clock, "08:58"; empty for None."""
    return "" if at is None else f"{at.astimezone(zone):%H:%M}"


def day_text(at: datetime, zone: ZoneInfo) -> str:
    """The site's day, "Mon 23 Nov 2026"."""
    return date_text(at.astimezone(zone).date())


def moment_text(at: datetime, zone: ZoneInfo) -> str:
    """The site's day and wall clock, "Mon 23 Nov 2026 08:58"."""
    return f"{day_text(at, zone)} {at_clock(at, zone)}"


def salutation(at: datetime, zone: ZoneInfo, say: Say) -> str:
    """The greeting of this hour."""
    hour = at.astimezone(zone).hour
    if 4 <= hour < 12:
        return say("Good morning")
    return say("Good afternoon") if 12 <= hour < 18 else say("Good evening")


def in_two_lines(text: str, room: int) -> str:
    """The text in one line of so many cells, or in two that break between its parts, which three spaces part, or else
    between words. What has no room in these either ends behind a whole word, with a sign.
    """
    if cell_len(text) <= room:
        return text
    start = set_cell_size(text, room + 1)
    first = (start.rpartition("   ")[0] or start.rpartition(" ")[0]).rstrip() or set_cell_size(text, room)
    rest = text[len(first) :].strip()
    if cell_len(rest) > room:
        rest = set_cell_size(rest, room - 1).rpartition(" ")[0].rstrip() + "…"
    return f"{first}\n{rest}"


def apportion(shares: Sequence[float], cells: int) -> list[int]:
    """Whole cells for shares that sum to 1, by largest remainder; together they are `cells`."""
    exact = [share * cells for share in shares]
    whole = [int(part) for part in exact]
    by_remainder = sorted(range(len(exact)), key=lambda index: whole[index] - exact[index])
    for index in by_remainder[: cells - sum(whole)]:
        whole[index] += 1
    return whole
