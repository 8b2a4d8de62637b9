"""Charts of moods as text: stacked bars and a heat map, legible without colour."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.color import Color

from monitor.domain import MOODS
from monitor.moods.cells import MoodCell
from monitor.moods.precision import share_range
from monitor.tui.style.text import WEEKDAYS, Signs, clean, date_text
from monitor.tui.widgets.header import apportion

HIDDEN = "hidden: fewer than five people"
FIGURES_FROM = 48
"""Cells of width from which on the share of a mood and its range stand behind the bar."""


def stacked(
    cells: Sequence[MoodCell],
    labels: Sequence[str],
    width: int,
    signs: Signs,
    colours: Mapping[str, str],
    mood: str,
) -> Text:
    """One stacked bar of full length per cell, the sightings behind it, and one mood's share with its 95 % range."""
    text = Text()
    most = max((cell.sightings for cell in cells), default=1)
    label_width = max((cell_len(label) for label in labels), default=0)
    figures = width >= FIGURES_FROM
    room = max(8, width - label_width - len(str(most)) - 3 - (12 if figures else 0))
    for cell, label in zip(cells, labels, strict=True):
        text.append(f"{set_cell_size(label, label_width)} ", "dim")
        shares = cell.label_shares
        if shares is None:
            text.append(f"{HIDDEN}\n", "dim")
            continue
        if cell.few:
            text.append(f"seen {cell.sightings} {'time' if cell.sightings == 1 else 'times'}, too few to show\n", "dim")
            continue
        for (name, _), part in zip(shares, apportion([share for _, share in shares], room), strict=True):
            text.append(signs.mood[name] * part, colours[name])
        text.append(f" {cell.sightings:>{len(str(most))}}")
        if figures:
            share = dict(shares).get(mood, 0.0)
            low, high = share_range(share, cell.weight)
            text.append(f" {share:>4.0%} {low * 100:>2.0f}{signs.dash}{high * 100:.0f}", colours[mood])
        text.append("\n")
    return text


def legend(signs: Signs, colours: Mapping[str, str], width: int) -> Text:
    """The fill and colour of each mood, in as many lines as needed."""
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
    """The share of one mood in percent by weekday and hour; a larger share has a stronger background.

    Empty where nobody was seen, "--" where too few people or sightings were seen.
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
            elif cell.shares is None or cell.few:
                text.append(f"{'--':>{cell_width - 1}} ", "dim")
            else:
                share = cell.shares[MOODS.index(mood)]
                text.append(f"{min(99, round(share * 100)):>{cell_width - 1}} ", _ground(share, colour, background))
        text.append("\n")
    return text


def _ground(share: float, colour: str, background: str) -> str:
    """A style whose background goes from the screen's to the mood's colour."""
    mixed = Color.parse(background).blend(Color.parse(colour), min(1.0, share) * 0.75)
    return f"{'#000000' if sum(mixed.rgb) > 380 else '#ffffff'} on {mixed.hex6.lower()}"


def label_of(cell: MoodCell) -> str:
    """How a cell's key is shown: "09:00", "Mon 9 Mar", a group."""
    key = cell.key
    if isinstance(key, datetime):
        return f"{key:%H:%M}"
    if isinstance(key, date):
        return date_text(key)[:-5]
    return clean(str(key), 20) if key else "no group"
