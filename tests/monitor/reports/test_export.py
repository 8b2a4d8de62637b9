"""Exports: every form holds the same rows, and no name becomes a formula."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from openpyxl import load_workbook

from monitor.reports.cells import Dialect, Table
from monitor.reports.export import Appointment, to_ics, write_csv, write_json_lines, write_xlsx
from monitor.text import printable

AT = datetime(2026, 3, 2, 9, 5, 7, tzinfo=ZoneInfo("Europe/Berlin"))
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", "＝1", "=cmd|' /C calc'!A0", " =1", "|x", "%0A=1"]


def to_csv(table: Table) -> str:
    file = io.BytesIO()
    write_csv(file, table.columns, table.rows, Dialect.PLAIN, clock=False)
    return file.getvalue().decode()


def _cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_csv_has_a_header_and_plain_values() -> None:
    table = Table("T", ("day", "name", "in", "hours", "late", "no"), [(date(2026, 3, 2), "Ada", AT, 7.5, True, None)])
    assert to_csv(table) == "day,name,in,hours,late,no\n2026-03-02,Ada,2026-03-02 09:05:07,7.5,yes,\n"


def test_times_of_the_hour_that_comes_twice_have_their_offset() -> None:
    times = [datetime(2026, 10, 25, 2, 40, fold=fold, tzinfo=AT.tzinfo) for fold in (0, 1)]
    shown = _cells(to_csv(Table("T", ("at",), [(AT,), *((at,) for at in times)])))[1:]
    assert shown == [["2026-03-02 09:05:07"], ["2026-10-25 02:40:00+02:00"], ["2026-10-25 02:40:00+01:00"]]


@pytest.mark.parametrize("name", FORMULAS)
def test_no_name_becomes_a_formula_in_csv(name: str) -> None:
    ((cell,),) = _cells(to_csv(Table("T", ("name",), [(name,)])))[1:]
    assert cell.startswith("'")


def test_numbers_may_be_negative_in_csv() -> None:
    assert _cells(to_csv(Table("T", ("change",), [(-1.5,)])))[1] == ["-1.5"]


@given(st.text(max_size=50))
def test_every_name_is_one_cell_that_starts_no_formula(name: str) -> None:
    rows = _cells(to_csv(Table("T", ("name", "after"), [(name, "x")])))
    assert len(rows) == 2
    assert rows[1][1] == "x"
    assert not rows[1][0].lstrip().startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("name", [*FORMULAS, "\x1b[31mred", "x" * 40_000])
def test_names_are_texts_in_a_workbook(name: str) -> None:
    table = Table("T", ("name", "day", "in", "hours"), [(name, date(2026, 3, 2), AT, 7.5)])
    file = io.BytesIO()
    write_xlsx(file, table.columns, table.rows, table.title, clock=False)
    sheet = load_workbook(file).active
    assert sheet is not None
    cell, day, came, hours = sheet[2]
    assert cell.data_type == "s"
    assert cell.value == printable(name)[:32_767]
    assert day.value == datetime(2026, 3, 2)  # noqa: DTZ001 - workbooks know no time zones
    assert came.value == AT.replace(tzinfo=None)
    assert hours.value == 7.5


def test_json_has_one_object_a_line() -> None:
    file = io.BytesIO()
    write_json_lines(file, [{"name": "=1", "at": AT}, {"name": "a\nb", "at": None}], clock=False)
    assert [json.loads(line) for line in file.getvalue().splitlines()] == [
        {"name": "=1", "at": "2026-03-02T09:05:07+01:00"},
        {"name": "a\nb", "at": None},
    ]


def test_a_calendar_holds_every_stay() -> None:
    stay = Appointment("1@muster", "Ada; Lovelace, \nEND:VEVENT", AT, AT + timedelta(hours=8))
    (event,) = Calendar.from_ical(to_ics("Attendance", [stay])).walk("VEVENT")
    assert event["SUMMARY"] == "Ada; Lovelace, END:VEVENT"
    assert event["DTSTART"].dt == AT.astimezone(UTC)
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(hours=8)
    assert event["UID"] == "1@muster"


def test_an_instant_of_a_calendar_has_no_end() -> None:
    (event,) = Calendar.from_ical(to_ics("Attendance", [Appointment("1@muster", "Ada", AT, None)])).walk("VEVENT")
    assert "DTEND" not in event
