"""The report of moods as lines, like those of `monitor.reports.lines`."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from monitor.domain import EMOTIONS, MOODS
from monitor.moods.cells import MoodCell, MoodChange
from monitor.moods.cells import label as mood_label
from monitor.moods.tally import By
from monitor.reports.lines import Line


def moods(
    cells: Sequence[MoodCell],
    by: By,
    names: Mapping[UUID, str],
    changes: Mapping[UUID, MoodChange],
    confidence_needed: float,
) -> list[Line]:
    """One line per hour, day, person or group; a hidden one says `"hidden": true` and nothing else.

    Args:
        changes: people's moods against what is usual for them, where that is known.
    """
    return [_mood(cell, by, names, changes, confidence_needed) for cell in cells]


def columns(by: By) -> tuple[str, ...]:
    """The columns of such lines in CSV and workbooks, whichever of them the lines have."""
    last = ("against_usual", "hidden") if by == "person" else ("hidden",)
    return (by, "sightings", "people", "pleasantness", "mood", *MOODS, *last)


def _mood(
    cell: MoodCell, by: By, names: Mapping[UUID, str], changes: Mapping[UUID, MoodChange], confidence_needed: float
) -> Line:
    key, change = cell.key, None
    if isinstance(key, UUID):
        change = changes.get(key)
        key = names.get(key)
    if cell.probabilities is None or cell.shares is None:
        return {by: key, "hidden": True}
    return {
        by: key,
        "sightings": cell.sightings,
        "people": cell.people,
        "pleasantness": None if cell.pleasantness is None else round(cell.pleasantness[0], 2),
        "mood": mood_label(cell.probabilities, confidence_needed),
        "scores": {name: round(p, 4) for name, p in zip(EMOTIONS, cell.probabilities, strict=True)},
        "shares": {name: round(s, 4) for name, s in zip(MOODS, cell.shares, strict=True)},
        **({"against_usual": change.told if change else None} if by == "person" else {}),
    }
