"""One section of the report: what it says, shows and has measured, in a form that JSON can hold."""

from dataclasses import dataclass, field
from typing import Any

Numbers = dict[str, Any]
"""Only what JSON knows: numbers, texts, lists and dicts of these."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table; cells are raw values, shown in their column's style (`training.report.format_value`)."""

    caption: str
    columns: tuple[tuple[str, str], ...]
    """Heading and style of each column."""
    rows: tuple[tuple[Any, ...], ...]
    strong: tuple[int, ...] = ()
    """Rows to set off, by index."""
    folded: bool = False
    """Long tables are folded away until asked for."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG in the run folder."""

    file: str
    caption: str
    wide: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """What one step found."""

    title: str
    text: tuple[str, ...]
    numbers: Numbers
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = field(default=())


def percent(share: float) -> str:
    """0.917 as "91.7 %"."""
    return f"{share:.1%}".replace("%", " %")
