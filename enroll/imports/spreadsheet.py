"""A list of people: CSV in any common encoding and with any common separator, or XLSX."""

import csv
import io
import re
import unicodedata
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, TypeAlias

from db.schema.folding import folded
from enroll.faces.acceptance import Rejection
from enroll.imports.archive import unpacks_too_far
from enroll.imports.batch import ImportBatch, PersonPictures, Picture, person_pictures
from enroll.imports.columns import Columns, find_columns
from enroll.imports.listed_files import ListedFiles
from enroll.people.store import Identity
from monitor.errors import MusterError, UsageError

SUFFIXES: Final = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm"})

LARGEST: Final = 64 * 2**20
"""Bytes of a list, unpacked; a million rows fit."""

_Row: TypeAlias = tuple[int, list[str]]
"""The number of a row, from 1, and its cells."""
_Sheet: TypeAlias = tuple[list[_Row], tuple[str, ...]]
"""The rows that are not empty, and how they were read, for people."""

_SEPARATORS: Final = ",;\t|"
_LONGEST_CELL: Final = 2**20
"""Characters of a cell."""
_LONGEST_LINE: Final = 10_000
"""Characters of a line that are looked at to find the separator."""
_MOST_COLUMNS: Final = 128
"""Columns of a sheet that are read; one cell far to the right makes every row as wide."""
_PICTURED: Final = "Pictures that lie in the sheet itself are not read; save them as files beside the list."
_TWO_NAMES: Final = "Number {number} stands for {first} and for {other}; give each person a number of their own."
_TOLD: Final = 5
"""Files read in place of others that are told one by one."""
_LOOKED_AT: Final = 200
"""Rows from which columns and separator are guessed."""
_LETTERS: Final = 2**20
"""Bytes from which a code page is guessed."""


def read_list(path: Path, *, group: str | None = None) -> ImportBatch:
    """The people in a list. Its files are looked for from the list's own folder, and nowhere outside of it.

    Rows with the same number, or without one with the same name, are one person; where a number has two names, the
    pictures of the second are not taken.

    Args:
        group: for people to whom the list gives none.

    Raises:
        UsageError: the list cannot be read, or has no column of pictures or people.
    """
    first_flaw: UsageError | None = None
    for rows, notes in read_sheets(path):
        try:
            above, columns = find_columns([row for _, row in rows[:_LOOKED_AT]])
        except UsageError as flaw:
            first_flaw = first_flaw or flaw
            continue
        body = rows[above + bool(columns.heading) :]
        people, more = _people(path, body, columns, group)
        return ImportBatch(people, notes=(*notes, columns.described(), *more))
    raise first_flaw or UsageError(f"The list {path} is empty; give each picture a row with file and name.")


def read_sheets(path: Path) -> Iterator[_Sheet]:
    """The rows of a CSV, or of each sheet of a workbook, with their numbers, and how the file was understood.

    Rows without any text, and sheets without any row, are left out.

    Raises:
        UsageError: the list cannot be read.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise UsageError(f"The list {path} is larger than {LARGEST // 2**20} MB; import it in parts.")
        with path.open("rb") as file:
            packed = file.read(2) == b"PK"
        yield from _read_xlsx(path) if packed or path.suffix.lower().startswith(".xls") else _read_csv(path)
    except OSError as error:
        raise UsageError(f"The list {path} cannot be read: {error.strerror}.") from None


def _people(
    path: Path, rows: Sequence[_Row], columns: Columns, group: str | None
) -> tuple[tuple[PersonPictures, ...], list[str]]:
    """Everybody in the list, and which files were read in place of those that it names."""
    people: dict[str, tuple[Identity, list[Picture | Rejection]]] = {}
    files = ListedFiles(path.parent)
    for place, row in rows:
        identity = identity_in(row, columns, group)
        key = f"number {identity.number}" if identity.number else f"name {identity.name}"
        cells = [cell for column in (columns.file, *columns.more_files) if (cell := _cell(row, column))]
        found = [picture for cell in cells for picture in files.find_all(cell)]
        if not cells:
            found = [Rejection(f"row {place}", "The list names no file; fill it in.")]
        if not identity.name:
            found = [Rejection((*cells, f"row {place}")[0], "The list gives this picture no name; fill it in.")]
        first, pictures = people.setdefault(key, (identity, []))
        if identity.name and not _may_be_one(first.name, identity.name):
            reason = _TWO_NAMES.format(number=identity.number, first=first.name, other=identity.name)
            found = [Rejection((*cells, f"row {place}")[0], reason)]
        pictures.extend(found)
    told = [f"{name} was read as {file}." for name, file in files.read_as.items()]
    if len(told) > _TOLD:
        told[_TOLD:] = [f"So were {len(told) - _TOLD} more names of files."]
    return tuple(person_pictures(identity, found) for identity, found in people.values()), told


def _may_be_one(first: str | None, other: str) -> bool:
    """Whether two names in rows with one number may be one person's: the same words, or one has some of the other's."""
    words = [set(re.findall(r"\w+", folded(name))) for name in (first or other, other)]
    return words[0] <= words[1] or words[1] <= words[0]


def identity_in(row: Sequence[str], columns: Columns, group: str | None) -> Identity:
    """Whom a row is about; people to whom it gives no group get this one."""
    name = _cell(row, columns.name) or " ".join(
        part for part in (_cell(row, columns.first), _cell(row, columns.last)) if part
    )
    return Identity(name, _cell(row, columns.number) or None, _cell(row, columns.group) or group)


def _cell(row: Sequence[str], place: int | None) -> str:
    return row[place].strip() if place is not None and place < len(row) else ""


def _read_csv(path: Path) -> Iterator[_Sheet]:
    text, encoding = decode(path.read_bytes())
    csv.field_size_limit(_LONGEST_CELL)
    separator, first = None, 1
    if told := re.match(r'\s*"?sep=(.)"?[^\S\n]*\r?\n', text, re.IGNORECASE):
        separator, first, text = told[1], 2, text[told.end() :]
    separator = separator or guess_separator(text)
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        rows = [
            (place, cells) for place, row in enumerate(reader, first) if any(cells := [cell.strip() for cell in row])
        ]
    except csv.Error as error:
        raise UsageError(
            f"The list {path} cannot be read beyond line {reader.line_num} ({error}); look at its quotation marks."
        ) from None
    shown = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}.get(separator, repr(separator))
    if rows:
        yield rows, (f"Encoding {encoding}, separator {shown}.",)


def decode(content: bytes) -> tuple[str, str]:
    """The text of a file and its encoding: by its byte order mark, as UTF-8, or guessed from its letters.

    Raises:
        UsageError: the content is not text.
    """
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, errors="replace"), encoding
    if b"\0" in content:
        raise UsageError("The list is not a text file; save it as CSV or XLSX.")
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        from charset_normalizer import from_bytes

        # On short lists the detector prefers exotic code pages; those of Windows come first.
        best = from_bytes(content, cp_isolation=["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "shift_jis"]).best()
        encoding = best.encoding if best else "cp1252"
        if encoding in ("cp1250", "cp1252"):
            encoding = _western_or_central(content)
        return content.decode(encoding, errors="replace"), encoding


def _western_or_central(content: bytes) -> str:
    """Windows' code page of Western or of Central Europe: the one under which the letters follow each other more
    naturally, and the Western one of two equals."""
    return min(
        ("cp1252", "cp1250"), key=lambda encoding: _strangeness(content[:_LETTERS].decode(encoding, errors="replace"))
    )


def _strangeness(text: str) -> int:
    """Points against a code page: 2 for each sign that is not a letter, 1 for each letter between two of its own kind
    (vowels or consonants: "fčv", "iøí"). In code page 1252 "õ" is Portuguese where an "e" follows; else it was the
    Hungarian "ő"."""
    found = 0
    for place, sign in enumerate(text):
        if sign.isascii():
            continue
        before, after = text[max(place - 1, 0) : place], text[place + 1 : place + 2]
        if not sign.isalpha():
            found += 2
        elif sign in "õÕ":
            found += after not in ("e", "E")
        elif before.isalpha() and after.isalpha():
            found += _is_vowel(before) == _is_vowel(sign) == _is_vowel(after)
    return found


def _is_vowel(letter: str) -> bool:
    return unicodedata.normalize("NFD", letter)[0].lower() in "aeiouyøæœı"


def guess_separator(text: str) -> str:
    """The character that divides the first lines into the same number of cells, more than one."""
    lines = [line[:_LONGEST_LINE] for line in text[: _LOOKED_AT * _LONGEST_LINE].splitlines() if line.strip()]

    def regularity(separator: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(lines[:_LOOKED_AT], delimiter=separator)]
        common = max(set(widths), key=widths.count, default=1)
        return (widths.count(common) / max(len(widths), 1) if common > 1 else 0.0, common)

    return max(_SEPARATORS, key=regularity)


def _read_xlsx(path: Path) -> Iterator[_Sheet]:
    """The sheets of a workbook that have rows, from the first on."""
    import openpyxl

    damaged = UsageError(f"{path} is not an XLSX workbook, or is damaged; save it again.")
    warnings.filterwarnings("ignore", module="openpyxl")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > LARGEST or any(map(unpacks_too_far, entries)):
            raise UsageError(f"The list {path} would unpack to far more than a list needs; save it as CSV.")
        pictured = any(entry.filename.startswith("xl/media/") for entry in entries)
        book = openpyxl.load_workbook(io.BytesIO(path.read_bytes()), read_only=True, data_only=True)
    except (MusterError, OSError):
        raise
    except Exception:  # noqa: BLE001 - on damaged files openpyxl raises nearly anything
        raise damaged from None
    with closing(book):
        for sheet in book.worksheets:
            try:
                rows = list(_rows(sheet.iter_rows(max_col=_MOST_COLUMNS, values_only=True)))
            except Exception:  # noqa: BLE001 - as above
                raise damaged from None
            if rows:
                yield rows, (f"Sheet {sheet.title}.", *((_PICTURED,) if pictured else ()))


def _rows(cells: Iterable[Sequence[object]], first: int = 1) -> Iterator[_Row]:
    for place, row in enumerate(cells, first):
        if row.count(None) == len(row):  # a cell far below has a million such rows above it
            continue
        texts = ["" if cell is None else _text(cell) for cell in row]
        if any(texts):
            yield place, texts


def _text(cell: object) -> str:
    """A cell as the user sees it: whole numbers without ".0"."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
