"""A list of people: CSV in any common encoding and with any common separator, or XLSX."""

import csv
import io
import unicodedata
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from enroll.faces.acceptance import Rejection
from enroll.imports.batch import ImportBatch, PersonPictures, Picture, is_picture, person_pictures
from enroll.imports.columns import Columns, guess_columns
from enroll.imports.folder import file_picture, leads_outside
from enroll.people.store import Identity
from monitor.errors import UsageError

SUFFIXES: Final = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm"})

LARGEST: Final = 64 * 2**20
"""Bytes of a list, unpacked; a million rows fit."""

_SEPARATORS: Final = ",;\t|"
_LOOKED_AT: Final = 200
"""Rows from which columns and separator are guessed."""
_LETTERS: Final = 2**20
"""Bytes from which a code page is guessed."""


def read_list(path: Path, *, group: str | None = None) -> ImportBatch:
    """The people in a list. Its files are looked for from the list's own folder, and nowhere outside of it.

    Rows with the same number, or without one with the same name, are one person.

    Args:
        group: for people to whom the list gives none.

    Raises:
        UsageError: the list cannot be read, or has no column of pictures or people.
    """
    rows, notes = read_rows(path)
    numbered = [(place, row) for place, row in enumerate(rows, 1) if any(row)]
    rows = [row for _, row in numbered]
    if not rows:
        raise UsageError(f"The list {path} is empty; give each picture a row with file and name.")
    columns = guess_columns(rows[:_LOOKED_AT])
    body = numbered[1:] if columns.heading else numbered
    return ImportBatch(_people(path, body, columns, group), notes=(*notes, columns.described()))


def read_rows(path: Path) -> tuple[list[list[str]], tuple[str, ...]]:
    """The cells of a CSV or of a workbook's first sheet, and how the file was understood.

    Raises:
        UsageError: the list cannot be read.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise UsageError(f"The list {path} is larger than {LARGEST // 2**20} MB; import it in parts.")
        return _read_xlsx(path) if path.suffix.lower().startswith(".xls") else _read_csv(path)
    except OSError as error:
        raise UsageError(f"The list {path} cannot be read: {error.strerror}.") from None


def _people(
    path: Path, rows: Sequence[tuple[int, Sequence[str]]], columns: Columns, group: str | None
) -> tuple[PersonPictures, ...]:
    people: dict[str, tuple[Identity, list[Picture | Rejection]]] = {}
    for place, row in rows:
        identity = _identity(row, columns, group)
        key = f"number {identity.number}" if identity.number else f"name {identity.name}"
        file = _cell(row, columns.file)
        found = _find(path.parent, file) if file else Rejection(f"row {place}", "The list names no file; fill it in.")
        if not identity.name:
            found = Rejection(file or f"row {place}", "The list gives this picture no name; fill it in.")
        people.setdefault(key, (identity, []))[1].append(found)
    return tuple(person_pictures(identity, found) for identity, found in people.values())


def _identity(row: Sequence[str], columns: Columns, group: str | None) -> Identity:
    name = _cell(row, columns.name) or " ".join(
        part for part in (_cell(row, columns.first), _cell(row, columns.last)) if part
    )
    return Identity(name, _cell(row, columns.number) or None, _cell(row, columns.group) or group)


def _find(folder: Path, name: str) -> Picture | Rejection:
    if "\0" in name:
        return Rejection(name.replace("\0", "?"), "The list names a file that cannot exist; correct it.")
    path = folder / PurePosixPath(name.replace("\\", "/"))
    try:
        if leads_outside(path, folder):
            return Rejection(name, "The path leads out of the list's folder; put the picture beside the list.")
        if not path.exists():
            return Rejection(name, "The list names a file that is missing; correct its name or add it.")
        if not path.is_file():
            return Rejection(name, "The list names a folder or a device, not a file; correct the name.")
    except OSError as error:
        return Rejection(name, f"The file cannot be read: {error.strerror}.")
    if not is_picture(path):
        return Rejection(name, "The file is not a picture; give a JPEG, PNG, WebP, HEIC, TIFF, BMP or GIF.")
    return file_picture(path)


def _cell(row: Sequence[str], place: int | None) -> str:
    return row[place].strip() if place is not None and place < len(row) else ""


def _read_csv(path: Path) -> tuple[list[list[str]], tuple[str, ...]]:
    text, encoding = decode(path.read_bytes())
    separator = guess_separator(text)
    csv.field_size_limit(2**20)
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    try:
        rows = [[cell.strip() for cell in row] for row in reader]
    except csv.Error as error:
        raise UsageError(
            f"The list {path} cannot be read beyond line {reader.line_num} ({error}); look at its quotation marks."
        ) from None
    shown = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}[separator]
    return rows, (f"Encoding {encoding}, separator {shown}.",)


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
    lines = [line for line in text.splitlines() if line.strip()][:_LOOKED_AT]

    def regularity(separator: str) -> tuple[float, int]:
        widths = [len(row) for row in csv.reader(lines, delimiter=separator)]
        common = max(set(widths), key=widths.count, default=1)
        return (widths.count(common) / max(len(widths), 1) if common > 1 else 0.0, common)

    return max(_SEPARATORS, key=regularity)


def _read_xlsx(path: Path) -> tuple[list[list[str]], tuple[str, ...]]:
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > 4 * LARGEST:
                raise UsageError(f"The list {path} would unpack to more than {4 * LARGEST // 2**20} MB; shorten it.")
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            sheet = book.worksheets[0]
            rows = [["" if cell is None else _text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
            return rows, (f"Sheet {sheet.title}.",)
        finally:
            book.close()
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, IndexError, SyntaxError):
        raise UsageError(f"{path} is not an XLSX workbook, or is damaged; save it again.") from None


def _text(cell: object) -> str:
    """A cell as the user sees it: whole numbers without ".0"."""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
