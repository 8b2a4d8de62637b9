"""Workbooks (ECMA-376, "XLSX"), written row by row: what is in memory does not grow with the number of rows.

Texts are texts, also those that look like formulas. Durations are times of a day that may be longer than a day
(`[h]:mm`), so that a sheet can add them up.
"""

import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from html import escape
from typing import IO, Any, BinaryIO, Final

from monitor.reports.cells import Cell
from monitor.text import printable

_LONGEST_CELL: Final = 32_767
"""Characters that a cell can hold."""
_LONGEST_TITLE: Final = 31
_FORBIDDEN_IN_TITLES: Final = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml."
_FORMATS: Final = ("yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "[h]:mm")
_TEXT, _HEADING, _DAY, _TIME, _DURATION, _SUM, _SUM_OF_TIMES = range(1, 8)
"""Numbers of cell styles; the order of `_STYLES`."""
_WIDTHS: Final[Mapping[type, int]] = {date: 11, datetime: 19, timedelta: 9, bool: 8, int: 8, float: 9}
_DAY_ZERO: Final = date(1899, 12, 30).toordinal()
_BATCH: Final = 500
_ADDED_UP: Final = frozenset({timedelta, int, float})


@dataclass(slots=True)
class _Sheet:
    """Rows of one sheet, in a file until the sheets before it are written."""

    title: str
    file: IO[bytes]
    rows: int = 1
    batch: list[str] = field(default_factory=list)
    sums: list[Any] = field(default_factory=list)
    widths: list[int] = field(default_factory=list)


class Workbook:
    """A workbook under way; the sheets come into being with their first row.

    with Workbook(file, columns) as book:
        book.append("Office", ("Ada", timedelta(hours=8)))
    """

    def __init__(self, file: BinaryIO, columns: Sequence[str]) -> None:
        """
        Args:
            columns: heads of every sheet; a last row adds up numbers and durations.
        """
        self._file, self._columns = file, tuple(columns)
        self._sheets: dict[str, _Sheet] = {}
        self._letters = [_letters(index) for index in range(len(self._columns))]
        self._cells = [f'<c r="{letter}' for letter in self._letters]

    def __enter__(self) -> "Workbook":
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        try:
            if failed is None:
                self._finish()
        finally:
            for sheet in self._sheets.values():
                sheet.file.close()

    def append(self, title: str, row: Sequence[Cell]) -> None:
        """Add a row to the sheet with this title."""
        sheet = self._sheets.get(title) or self._begin(title)
        sheet.rows += 1
        number = str(sheet.rows)
        cells, sums = [], sheet.sums
        for index, value in enumerate(row):
            if value is None:
                continue
            kind = type(value)
            if kind in _ADDED_UP:
                sums[index] = value if sums[index] is None else sums[index] + value
            cells.append(f'{self._cells[index]}{number}"{_WRITERS[kind](value)}')
        sheet.batch.append(f'<row r="{number}">{"".join(cells)}</row>')
        if sheet.rows <= _BATCH:
            self._measure(sheet, row)
        if len(sheet.batch) >= _BATCH:
            _flush(sheet)

    def _begin(self, title: str) -> _Sheet:
        sheet = _Sheet(self._unused(title), tempfile.TemporaryFile())  # noqa: SIM115 - closed by __exit__
        sheet.sums = [None] * len(self._columns)
        sheet.widths = [len(name) + 3 for name in self._columns]
        self._sheets[title] = sheet
        return sheet

    def _unused(self, title: str) -> str:
        """The title as a workbook takes it, and none twice."""
        plain = " ".join(printable(title).translate(_FORBIDDEN_IN_TITLES).split())[:_LONGEST_TITLE] or "Sheet"
        used = {sheet.title.casefold() for sheet in self._sheets.values()}
        number, found = 1, plain
        while found.casefold() in used:
            number += 1
            found = f"{plain[: _LONGEST_TITLE - 5]} {number}"
        return found

    def _finish(self) -> None:
        if not self._sheets:
            self._begin("Sheet")
        sheets = list(self._sheets.values())
        with zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
            for number, sheet in enumerate(sheets, 1):
                with book.open(f"xl/worksheets/sheet{number}.xml", "w", force_zip64=True) as part:
                    self._write_sheet(sheet, part)
            for name, text in _parts([sheet.title for sheet in sheets], [sheet.rows for sheet in sheets], self._last):
                book.writestr(name, _HEAD + text)

    @property
    def _last(self) -> str:
        return self._letters[-1] if self._letters else "A"

    def _write_sheet(self, sheet: _Sheet, part: IO[bytes]) -> None:
        heads = "".join(
            f'<c r="{letter}1"{_text(name, _HEADING)}'
            for letter, name in zip(self._letters, self._columns, strict=True)
        )
        widths = "".join(
            f'<col min="{index}" max="{index}" width="{width}" customWidth="1"/>'
            for index, width in enumerate(sheet.widths, 1)
        )
        view = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        part.write(
            f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">{view}</sheetView>'
            f'</sheetViews><cols>{widths}</cols><sheetData><row r="1">{heads}</row>'.encode()
        )
        _flush(sheet)
        sheet.file.seek(0)
        shutil.copyfileobj(sheet.file, part, 1 << 20)
        total = self._total(sheet) if sheet.rows > 1 else ""
        part.write(f'{total}</sheetData><autoFilter ref="A1:{self._last}{sheet.rows}"/></worksheet>'.encode())

    def _total(self, sheet: _Sheet) -> str:
        """A row below all others; a formula would have no value before a spreadsheet opens the file."""
        number = sheet.rows + 1
        cells = [f'<c r="A{number}"{_text("Total", _HEADING)}']
        for letter, value in zip(self._letters[1:], sheet.sums[1:], strict=True):
            if isinstance(value, timedelta):
                cells.append(f'<c r="{letter}{number}" s="{_SUM_OF_TIMES}"><v>{_days(value)}</v></c>')
            elif value is not None:
                cells.append(f'<c r="{letter}{number}" s="{_SUM}"><v>{value!r}</v></c>')
        return f'<row r="{number}">{"".join(cells)}</row>'

    def _measure(self, sheet: _Sheet, row: Sequence[Cell]) -> None:
        """Make the columns wide enough for such a row."""
        for index, value in enumerate(row):
            wide = min(40, len(value) + 2) if isinstance(value, str) else _WIDTHS.get(type(value), 0)
            sheet.widths[index] = max(sheet.widths[index], wide)


def _flush(sheet: _Sheet) -> None:
    sheet.file.write("".join(sheet.batch).encode())
    sheet.batch.clear()


def _letters(index: int) -> str:
    """The name of a column: 0 is A, 26 is AA."""
    first, second = divmod(index, 26)
    return (chr(64 + first) if first else "") + chr(65 + second)


@lru_cache(4096)
def _text(value: str, style: int = _TEXT) -> str:
    text = escape(printable(value)[:_LONGEST_CELL], quote=False)
    spaces = "" if text == " ".join(text.split()) else ' xml:space="preserve"'
    return f' s="{style}" t="inlineStr"><is><t{spaces}>{text}</t></is></c>'


@lru_cache(1024)
def _duration(value: timedelta) -> str:
    return f' s="{_DURATION}"><v>{_days(value)}</v></c>'


@lru_cache(1024)
def _date(value: date) -> str:
    return f' s="{_DAY}"><v>{value.toordinal() - _DAY_ZERO}</v></c>'


def _instant(value: datetime) -> str:
    """A workbook knows no time zones; its times are the site's."""
    return f' s="{_TIME}"><v>{value.toordinal() - _DAY_ZERO}{_time_of_day(value.hour, value.minute, value.second)}'


@lru_cache(4096)
def _time_of_day(hour: int, minute: int, second: int) -> str:
    """The decimals of a day."""
    return f"{(hour * 3600 + minute * 60 + second) / 86400:.10f}</v></c>".removeprefix("0")


@lru_cache(1024)
def _whole(value: int) -> str:
    return f"><v>{value}</v></c>"


def _days(value: timedelta) -> float:
    return value.total_seconds() / 86400


_WRITERS: Final[Mapping[type, Any]] = {
    str: _text,
    bool: {value: f' t="b"><v>{value:d}</v></c>' for value in (False, True)}.__getitem__,
    int: _whole,
    float: lambda value: f"><v>{value!r}</v></c>",
    date: _date,
    datetime: _instant,
    timedelta: _duration,
}
"""What stands behind the name of a cell, by the type of its value."""


def _parts(titles: Sequence[str], rows: Sequence[int], last: str) -> Iterable[tuple[str, str]]:
    """The parts of the package beside the sheets: names, styles, and what belongs to what."""
    numbers = range(1, len(titles) + 1)
    sheets = "".join(
        f'<sheet name="{escape(title)}" sheetId="{number}" r:id="rId{number}"/>'
        for number, title in zip(numbers, titles, strict=True)
    )
    filters = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{number - 1}" hidden="1">'
        f"'{escape(title, quote=False)}'!$A$1:${last}${count}</definedName>"
        for number, title, count in zip(numbers, titles, rows, strict=True)
    )
    yield (
        "xl/workbook.xml",
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{sheets}</sheets>'
        f"<definedNames>{filters}</definedNames></workbook>",
    )
    of_sheets = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    styles = f'<Relationship Id="rId{len(titles) + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/>'
    yield (
        "xl/_rels/workbook.xml.rels",
        f'<Relationships xmlns="{_PACKAGE}/relationships">{of_sheets}{styles}</Relationships>',
    )
    yield (
        "_rels/.rels",
        f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    )
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_TYPE}worksheet+xml"/>'
        for number in numbers
    )
    yield (
        "[Content_Types].xml",
        f'<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}sheet.main+xml"/>{types}'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}styles+xml"/></Types>',
    )
    yield "xl/styles.xml", _STYLES


def _style(number_format: int = 0, font: int = 0, *, quoted: bool = False) -> str:
    quote = ' quotePrefix="1"' if quoted else ""
    return (
        f'<xf numFmtId="{number_format}" fontId="{font}" fillId="0" borderId="0" xfId="0" '
        f'applyNumberFormat="1" applyFont="1"{quote}/>'
    )


_STYLES: Final = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="{len(_FORMATS)}">'
    + "".join(f'<numFmt numFmtId="{164 + index}" formatCode="{code}"/>' for index, code in enumerate(_FORMATS))
    + '</numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="8">'
    + _style()
    + _style(quoted=True)
    + _style(font=1, quoted=True)
    + _style(164)
    + _style(165)
    + _style(166)
    + _style(font=1)
    + _style(166, font=1)
    + '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
