"""What a table of a report is made of, and how it is written as CSV."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

Cell: TypeAlias = str | int | float | bool | date | datetime | timedelta | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns. Times are the site's own; a duration becomes decimal hours in files."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]


class Dialect(StrEnum):
    """How a CSV file is written."""

    PLAIN = "plain"
    """RFC 4180 with line feeds, for programs."""
    EXCEL = "excel"
    """With the byte order mark and the line ends that Excel wants; else it reads names with accents wrongly."""
    EXCEL_SEMICOLON = "excel-semicolon"
    """For a system whose decimal sign is the comma: Excel parts columns at semicolons there."""
