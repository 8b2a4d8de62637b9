"""Charts of moods as text: stacked bars and a heat map, legible without colour."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.text import Text
from textual.color import Color

from monitor.desk.days.mood_weeks import MoodWeek
from monitor.domain import MOODS
from monitor.moods.cells import MoodCell
from monitor.moods.precision import share_range, usual_range
from monitor.text import WEEKDAYS, day_name
from monitor.tui.style.text import Signs, apportion, clean
from monitor.tui.widgets.table import Part

HIDDEN = "hidden: fewer than five people"
FIGURES_FROM = 48
"""Cells of width from which on the share of a mood and its range stand behind the bar."""
DAY_CELLS: Final = 3
"""Cells of a weekday's name before the heat map."""
NARROWEST, WIDEST = 3, 4
"""Cells of an hour in the heat map: two digits and a gap, and with a shade beside them."""
SHADES: Final = " ░▒▓█"
"""By steps of 10 percent, for eyes and terminals without colours."""
LINE_ROWS: Final = (4, 16)
"""Rows of the line over weeks, at least and at most."""
LINE_WORDS: Final = 5
"""Rows below the line, for the weeks, the legend and what was not as usual."""
_Point: TypeAlias = tuple[float, tuple[float, float] | None]


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


def parts(cell: MoodCell, signs: Signs, colours: Mapping[str, str]) -> tuple[Part, ...]:
    """The bar of a cell; empty where too few were seen to show one."""
    return tuple(Part(signs.mood[mood], colours[mood], share) for mood, share in _shares(cell).items() if share)


def range_text(share: float, count: int, signs: Signs) -> str:
    """The 95 % range of a share of so many, such as "23–60 %"."""
    low, high = share_range(share, count)
    return f"{low * 100:.0f}{signs.dash}{high * 100:.0f} %"


def legend(signs: Signs, colours: Mapping[str, str]) -> Text:
    """The fill and colour of each mood, in a line or two; the only legend of the screen."""
    text = Text()
    for mood in MOODS:
        text.append(signs.mood[mood], colours[mood]).append(f" {mood}  ")
    return text


def hours_shown(cells: Sequence[MoodCell], width: int) -> tuple[range, int]:
    """The hours of the heat map from the first to the last with anybody, and the cells of width that each has.

    Where they do not all fit, the hours at the ends with the fewest sightings are left out; none in less than
    six cells of width.
    """
    seen = dict.fromkeys(range(24), 0)
    for cell in cells:
        if isinstance(cell.key, tuple):
            seen[cell.key[1]] += max(1, cell.sightings)
    there = [hour for hour, number in seen.items() if number]
    room = width - DAY_CELLS
    if not there or room < NARROWEST:
        return range(0), 0
    first, last = there[0], there[-1]
    while last - first + 1 > room // NARROWEST:
        first, last = (first + 1, last) if seen[first] < seen[last] else (first, last - 1)
    return range(first, last + 1), min(WIDEST, room // (last - first + 1))


def heat_map(cells: Sequence[MoodCell], mood: str, width: int, colour: str, background: str) -> Text:
    """The share of one mood in percent by weekday and hour; a larger share has a stronger background and shade.

    Empty where nobody was seen, "–" where too few people or sightings were seen.
    """
    by_key = {cell.key: cell for cell in cells}
    hours, wide = hours_shown(cells, width)
    text = Text(no_wrap=True)
    if not hours:
        return text
    text.append(" " * DAY_CELLS + "".join(f"{hour:>{wide}}" for hour in hours) + "\n", "dim")
    for weekday, name in enumerate(WEEKDAYS):
        text.append(name, "dim")
        for hour in hours:
            cell = by_key.get((weekday, hour))
            if cell is None:
                text.append(" " * wide)
            elif cell.shares is None or cell.few:
                text.append(f"{'–':>{wide}}", "dim")
            else:
                share = cell.shares[MOODS.index(mood)]
                percent = min(99, round(share * 100))
                shade = SHADES[min(percent // 10, 4)] if wide >= WIDEST else ""
                text.append(f"{f'{shade}{percent:>2}':>{wide}}", _ground(share, colour, background))
        text.append("\n")
    shades = "  ░ 10  ▒ 20  ▓ 30  █ 40+" if wide >= WIDEST else ""
    return text.append(f"percent{shades}  – too few", "dim")


def week_line(weeks: Sequence[MoodWeek], mood: str, width: int, signs: Signs, colour: str, height: int = 13) -> Text:
    """One mood's share week by week as points over the band in which the person's weeks usually lie.

    Hidden below five sightings, of the week or of the weeks before it.

    Args:
        height: rows for all of it; the words below may need more.
    """
    shown = [one for one in weeks if _shares(one.cell)]
    if not shown:
        return Text("Too few to show: seen fewer than five times in each of these weeks.", "dim")
    at = {one.monday: _point(one, mood) for one in shown}
    wide = max(3, min(6, (width - 6) // len(weeks)))
    weeks = weeks[-max(1, (width - 6) // wide) :]
    top = max(0.2, *(max(share, band[1] if band else 0.0) for share, band in at.values()))
    text, rows = Text(no_wrap=True), min(max(LINE_ROWS[0], height - LINE_WORDS), LINE_ROWS[1])
    for row in reversed(range(rows)):
        low, high = row * top / rows, (row + 1) * top / rows
        text.append(f"{high:>4.0%} ", "dim")
        for one in weeks:
            _week_cell(text, at.get(one.monday), (low, high if row < rows - 1 else 1.01), wide, signs, colour)
        text.append("\n")
    text.append("     " + "".join(f"{one.monday.isocalendar().week:^{wide}}" for one in weeks) + "\n", "dim")
    return text.append_text(_line_words(weeks, at, mood, signs))


def _week_cell(
    text: Text, point: _Point | None, span: tuple[float, float], wide: int, signs: Signs, colour: str
) -> None:
    """Draw a week between two shares: its band, and its point over that."""
    share, band = point or (-1.0, None)
    low, high = span
    fill = ("░" if band is not None and band[0] < high and band[1] > low else " ") * wide
    if not low <= share < high:
        text.append(fill, "dim")
        return
    usual = band is None or band[0] <= share <= band[1]
    text.append(fill[: wide // 2], "dim").append(signs.inside if usual else signs.unusual, colour)
    text.append(fill[wide // 2 + 1 :], "dim")


def _line_words(weeks: Sequence[MoodWeek], at: Mapping[date, _Point], mood: str, signs: Signs) -> Text:
    """What the signs mean, and the last week that was not as usual."""
    text = Text(
        f"░ usual, from 8 weeks before   {signs.inside} inside   {signs.unusual} outside   gap: too few seen\n", "dim"
    )
    for one in reversed(weeks):
        share, band = at.get(one.monday, (0.0, None))
        if band is not None and not band[0] <= share <= band[1]:
            what = "more" if share > band[1] else "less"
            text.append(
                f"Week {one.monday.isocalendar().week}: {what} {mood} than usual, {share:.0%} of {one.cell.sightings} "
                f"(usual {band[0]:.0%} to {band[1]:.0%}). One week in twenty is outside by chance alone."
            )
            break
    return text


def _point(week: MoodWeek, mood: str) -> _Point:
    """The share of the week, and the band where it usually lies; None where too little is known for one."""
    share, before = _shares(week.cell)[mood], _shares(week.usual)
    return share, usual_range(before[mood], week.usual.sightings, week.cell.sightings) if before else None


def _shares(cell: MoodCell) -> dict[str, float]:
    """Empty where too few were seen."""
    return {} if cell.shares is None or cell.few else dict(zip(MOODS, cell.shares, strict=True))


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
        return day_name(key)
    return clean(str(key), 20) if key else "no group"
