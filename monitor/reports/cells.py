"""What a table of a report is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeAlias

Cell: TypeAlias = str | int | float | bool | date | datetime | timedelta | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns. Times are the site's own; a duration becomes decimal hours in files."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
