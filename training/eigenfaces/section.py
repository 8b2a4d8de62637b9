"""One section of the report: its paragraphs, tables, pictures and numbers, in a form that JSON can hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Numbers = dict[str, Any]
"""Values that JSON knows: numbers, texts, lists and dicts of these."""


@dataclass(frozen=True, slots=True)
class ReportTable:
    """A table; cells are raw values, shown in their column's style (`training.report.format_value`)."""

    caption: str
    columns: tuple[tuple[str, str], ...]
    """Heading and style of each column."""
    rows: tuple[tuple[Any, ...], ...]
    strong: tuple[int, ...] = ()
    """Indices of the rows that are highlighted."""
    folded: bool = False
    """Whether the page hides the table until the reader opens it."""


@dataclass(frozen=True, slots=True)
class ReportPicture:
    """A PNG in the run folder."""

    file: str
    caption: str
    wide: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    """The results of one step."""

    title: str
    text: tuple[str, ...]
    """Paragraphs."""
    numbers: Numbers
    tables: tuple[ReportTable, ...] = ()
    pictures: tuple[ReportPicture, ...] = ()


def columns(*texts: str, **styled: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The columns of a table: first the headings of texts, then the headings of each style."""
    return tuple((name, style) for style, names in (("text", texts), *styled.items()) for name in names)


def paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of a text, each on one line; blank lines separate them."""
    return tuple(" ".join(part.split()) for part in text.split("\n\n"))
