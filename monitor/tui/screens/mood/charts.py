"""Charts of moods as text: stacked bars and a heat map, legible without colour."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from monitor.domain import MOODS
from monitor.moods.cells import MoodCell
from monitor.tui.style.text import Signs, clean, day_text
from monitor.tui.widgets.header import apportion

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
HIDDEN = "hidden: fewer than five people"


def stacked(
    cells: Sequence[MoodCell], labels: Sequence[str], width: int, signs: Signs, colours: Mapping[str, str]
) -> Text:
    """One stacked bar a cell, its length by the number of sightings."""
    text = Text()
    most = max((cell.sightings for cell in cells), default=1)
    label_width = max((cell_len(label) for label in labels), default=0)
    room = max(8, width - label_width - len(str(most)) - 3)
    for cell, label in zip(cells, labels, strict=True):
        text.append(f"{set_cell_size(label, label_width)} ", "dim")
        shares = cell.label_shares
        if shares is None:
            text.append(f"{HIDDEN}\n", "dim")
            continue
        length = max(1, round(room * cell.sightings / most))
        for (mood, _), part in zip(shares, apportion([share for _, share in shares], length), strict=True):
            text.append(signs.mood[mood] * part, colours[mood])
        text.append(f" {cell.sightings}\n")
    return text


def legend(signs: Signs, colours: Mapping[str, str], width: int) -> Text:
    """Which fill is which mood, in as many lines as needed."""
    text, used = Text(), 0
    for mood in MOODS:
        entry = len(mood) + 5
        if used and used + entry > width:
            text.append("\n")
            used = 0
        text.append(signs.mood[mood] * 2, colours[mood]).append(f" {mood}  ")
        used += entry
    return text


def heat_map(cells: Sequence[MoodCell], mood: str, width: int, colour: str, background: str) -> Text:
    """The share of one mood by weekday and hour: two digits a cell, its ground the stronger the more.

    Empty where nobody was seen, "--" where too few people were.
    """
    by_key = {cell.key: cell for cell in cells}
    hours = sorted({cell.key[1] for cell in cells if isinstance(cell.key, tuple)})
    text = Text()
    if not hours:
        return text
    shown = range(hours[0], hours[-1] + 1)
    cell_width = 4 if 4 * len(shown) + 4 <= width else 3
    shown = shown[: (width - 4) // cell_width]
    text.append("    " + "".join(f"{hour:>{cell_width - 1}} " for hour in shown) + "\n", "dim")
    for weekday, name in enumerate(WEEKDAYS):
        text.append(f"{name} ", "dim")
        for hour in shown:
            cell = by_key.get((weekday, hour))
            if cell is None:
                text.append(" " * cell_width)
            elif cell.shares is None:
                text.append(f"{'--':>{cell_width - 1}} ", "dim")
            else:
                share = cell.shares[MOODS.index(mood)]
                text.append(f"{min(99, round(share * 100)):>{cell_width - 1}} ", _ground(share, colour, background))
        text.append("\n")
    return text


def _ground(share: float, colour: str, background: str) -> str:
    """A style whose background goes from the screen's to the mood's colour."""
    strength = min(1.0, share) * 0.75
    mixed = [round(low + (high - low) * strength) for low, high in zip(_rgb(background), _rgb(colour), strict=True)]
    ink = "#000000" if sum(mixed) > 380 else "#ffffff"
    return f"{ink} on #{mixed[0]:02x}{mixed[1]:02x}{mixed[2]:02x}"


def _rgb(colour: str) -> tuple[int, int, int]:
    value = int(colour.lstrip("#")[:6], 16)
    return value >> 16, value >> 8 & 255, value & 255


def label_of(cell: MoodCell, zone: ZoneInfo) -> str:
    """How a cell's key is shown: "09:00", "Mon 9 Mar", a group."""
    key = cell.key
    if isinstance(key, datetime):
        return f"{key:%H:%M}"
    if isinstance(key, date):
        return day_text(datetime.combine(key, time(12), tzinfo=zone), zone)[:-5]
    return clean(str(key), 20) if key else "no group"
