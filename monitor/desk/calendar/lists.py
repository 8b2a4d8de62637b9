"""Lists of shifts or leave: which column is which, and what each row gives."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from monitor.errors import MusterError, UsageError

WHO: Final = {
    "person": ("name", "person", "fullname", "employee"),
    "number": ("number", "no", "nr", "id", "personnelnumber", "employeenumber"),
}
"""Headings of the columns that say who a row is about; the first is the one that Muster writes."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    added: int
    unchanged: int
    """Rows that say what is there already."""
    problems: tuple[str, ...]
    """Why rows were left out, a sentence each, with the row's number."""


def read_list(
    path: Path, headings: Mapping[str, tuple[str, ...]], required: Mapping[str, str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a list below its headings, by the names of the fields; empty rows are left out.

    Args:
        headings: names that a column of a field may have, without case, accents, spaces and signs.
        required: fields that need a column, and what the error says of them.

    Raises:
        UsageError: the list cannot be read, is empty, or lacks a column.
    """
    from enroll.imports.spreadsheet import read_sheets  # beside the reader of pictures, which no listing needs

    numbered, _ = next(read_sheets(path), ([], ()))
    if not numbered:
        raise UsageError(f"The list {path} is empty; give it headings and a row for each entry.")
    columns = fields_of(numbered[0][1], headings)
    for field, sentence in required.items():
        if field not in columns:
            raise UsageError(f"The list {path} has no column {sentence}; write it into the first row.")
    return (
        (number, {field: row[place].strip() if place < len(row) else "" for field, place in columns.items()})
        for number, row in numbered[1:]
    )


def fields_of(heading: Sequence[str], headings: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """In which column each field is; the first of several counts.

    Args:
        headings: names that a column of a field may have, without case, accents, spaces and signs.
    """
    from enroll.imports.columns import plain  # as above

    columns: dict[str, int] = {}
    for place, title in enumerate(heading):
        word = plain(title)
        for field, words in headings.items():
            if word in words and field not in columns:
                columns[field] = place
    return columns


def import_rows(rows: Iterator[tuple[int, dict[str, str]]], add: Callable[[dict[str, str]], bool]) -> Imported:
    """Adds each row; one that cannot be added is left out, and it is said why.

    Args:
        add: adds a row, and says whether it was new. Raises: MusterError.
    """
    added = unchanged = 0
    problems = []
    for number, cells in rows:
        try:
            if add(cells):
                added += 1
            else:
                unchanged += 1
        except MusterError as error:
            problems.append(f"Row {number}: {error}")
    return Imported(added, unchanged, tuple(problems))
