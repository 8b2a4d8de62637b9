"""Workbooks: what a spreadsheet reads is what was written."""

import io
from datetime import datetime, timedelta

from openpyxl import load_workbook

from monitor.reports.xlsx import Workbook

COLUMNS = ("day", "name", "hours", "late", "in")


def written(count: int) -> io.BytesIO:
    file = io.BytesIO()
    with Workbook(file, COLUMNS) as book:
        for number in range(count):
            title = ("Office", "office", "Lab: [A]/B")[number % 3]
            at = datetime(2026, 11, 2, 9)  # noqa: DTZ001
            row = at.date(), f"=Name & <{number}>", timedelta(hours=8, minutes=30), True, at
            book.append(title, row)
    return file


def test_there_is_a_sheet_a_group_with_filter_widths_and_totals() -> None:
    book = load_workbook(written(9))
    assert book.sheetnames == ["Office", "office 2", "Lab A B"], "names that differ in case alone are one to Excel"
    for sheet in book:
        assert [cell.value for cell in sheet[1]] == list(COLUMNS)
        assert (sheet.max_row, sheet.freeze_panes, sheet.auto_filter.ref) == (5, "A2", "A1:E4")
        assert sheet.column_dimensions["B"].width > len("=Name & <0>")
        assert (sheet["A5"].value, sheet["C5"].value) == ("Total", timedelta(hours=25, minutes=30))
        assert sheet["C2"].number_format == "[h]:mm"
        assert sheet["D5"].value is None, "truths are not added up"


def test_values_keep_their_kinds_and_texts_are_no_formulas() -> None:
    sheet = load_workbook(written(1)).worksheets[0]
    day, name, hours, late, at = sheet[2]
    assert (day.value, hours.value, late.value, at.value) == (
        datetime(2026, 11, 2),  # noqa: DTZ001
        timedelta(hours=8, minutes=30),
        True,
        datetime(2026, 11, 2, 9),  # noqa: DTZ001
    )
    assert (name.value, name.data_type, name.quotePrefix) == ("=Name & <0>", "s", True)


def test_a_name_that_xml_may_not_have_spoils_no_workbook() -> None:
    file = io.BytesIO()
    with Workbook(file, ("name",)) as book:
        book.append("Staff\uffff", ("Ada\ufffe Byron\U0001ffff",))
    sheet = load_workbook(file).worksheets[0]
    assert (sheet.title, sheet["A2"].value) == ("Staff", "Ada Byron")


def test_more_rows_than_are_kept_in_memory_are_all_there() -> None:
    sheets = load_workbook(written(4000), read_only=True).worksheets
    found = [str(row[1]) for sheet in sheets for row in sheet.iter_rows(min_row=2, values_only=True) if row[1]]
    assert sorted(found) == sorted(f"=Name & <{number}>" for number in range(4000))


def test_a_workbook_without_rows_opens() -> None:
    file = io.BytesIO()
    with Workbook(file, COLUMNS):
        pass
    assert load_workbook(file).worksheets[0].max_row == 1


def test_times_are_read_to_the_second() -> None:
    file, midnight = io.BytesIO(), datetime(2026, 11, 2)  # noqa: DTZ001
    times = [midnight + timedelta(seconds=number) for number in range(0, 86_400, 997)]
    times += [midnight + timedelta(seconds=86_399), midnight + timedelta(days=9_000, seconds=1)]
    with Workbook(file, ("at",)) as book:
        for at in times:
            book.append("Times", (at,))
    sheet = load_workbook(file).worksheets[0]
    assert [cell.value for cell in sheet["A"]] == ["at", *times, "Total"]
