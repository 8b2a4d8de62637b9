"""Shifts in the columns of a list of people to enrol."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from db.engine import open_database
from monitor.cli.main import app
from monitor.desk.calendar.shifts import list_shifts

LIST = """file,name,number,group,Weekdays,Start,End,Grace,Break,Valid from
1.pgm,Anna,7,Lab,mon-fri,08:00,16:30,10,30,2026-01-01
2.pgm,Anna,7,Lab,,,,,,
3.pgm,Ben,,Lab,mon-fri,eight,16:30,,,
4.pgm,Cem,,,,,,,,
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Run":
    monkeypatch.setenv("MUSTER_KEY", "A" * 43 + "=")
    return Run(f"sqlite:///{tmp_path}/list.sqlite3")


class Run:
    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["enroll", *words, "--db", self.url, "--workers", "1"])


def test_the_shift_beside_a_picture_is_entered_and_a_row_that_makes_no_sense_is_said(
    run: Run, orl: Path, tmp_path: Path
) -> None:
    for name, picture in (("1", "s1/1"), ("2", "s1/2"), ("3", "s2/1"), ("4", "s3/1")):
        shutil.copy(orl / f"{picture}.pgm", tmp_path / f"{name}.pgm")
    file = tmp_path / "people.csv"
    file.write_text(LIST, encoding="utf-8")
    checked = run("check", str(file))
    assert "1 shift would be entered." in checked.output
    done = run("import", str(file), "--json")
    assert done.exit_code == 3, done.output
    (shifts,) = [json.loads(line)["shifts"] for line in done.stdout.splitlines() if '"shifts"' in line]
    assert (shifts["added"], shifts["unchanged"], len(shifts["problems"])) == (1, 0, 1)
    assert shifts["problems"][0].startswith("Row 4: 'eight'")
    engine = open_database(run.url)
    (entry,) = list_shifts(engine, date(2026, 3, 9)).entries
    engine.dispose()
    shift = entry.shift
    assert (entry.whose, shift.grace_minutes, shift.break_minutes, f"{shift.start:%H:%M}") == ("Anna", 10, 30, "08:00")


def test_a_list_without_the_columns_says_nothing_of_shifts(run: Run, orl: Path, tmp_path: Path) -> None:
    shutil.copy(orl / "s1/1.pgm", tmp_path)
    file = tmp_path / "people.csv"
    file.write_text("file,name\n1.pgm,Anna\n", encoding="utf-8")
    assert "shift" not in run("import", str(file)).output
