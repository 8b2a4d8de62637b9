"""`muster attendance`, `muster mood` and `muster db`, as they are typed."""

import csv
import errno
import getpass
import io
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from db import engine as database
from db.attendance import kiosks, ledger
from db.crypto import TemplateCipher
from db.engine import database_file, open_database, reading, writing
from db.errors import DatabaseDamaged, DatabaseError, NameTaken, NoDatabase
from db.ids import new_id
from db.key_store import decode_key
from db.observations import moods
from db.people import people
from db.proof.heads import open_with
from db.records.attendance import NewEvent
from db.records.moods import MoodSample
from monitor.cli.main import app
from monitor.config import Settings
from monitor.desk.days import corrections
from monitor.errors import MusterError, UsageError
from monitor.reports import export
from monitor.reports.lines import Line, compact, table
from tests.db.rows import newest_entries

NAMES = ("=1+1", "[red]Bob[/red]", "علي")
UUID_LIKE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")
CAME = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=3)
"""Once for all tests: midnight may pass between two of them."""
DAY = str(CAME.date())
HAPPY = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database in which three people came three days ago and one of them stayed."""
    file = str(tmp_path_factory.mktemp("store") / "muster.sqlite3")
    engine = open_database(file)
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="HQ", role="auto", time_zone="UTC", at=CAME).id
        for name in NAMES:
            person = people.add_person(session, name, group="Team", at=CAME, actor="test")
            _append(session, kiosk, person.id, "check_in", CAME)
            moods.add(session, kiosk, MoodSample(CAME, person.id, None, "Team", None, "happy", HAPPY))
            if name != NAMES[0]:
                _append(session, kiosk, person.id, "check_out", CAME + timedelta(hours=8))
    engine.dispose()
    return file


def _append(session: Any, kiosk: UUID, person: UUID, kind: Any, at: datetime) -> None:
    ledger.append(session, NewEvent(new_id(), kind, person, at, "UTC", kiosk, "face", "door", at))


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MUSTER_TIME_ZONE", "UTC")
    monkeypatch.setenv("MUSTER_KEY", "A" * 43 + "=")
    monkeypatch.setattr("monitor.config.CONFIG_FILE", tmp_path / "muster.toml")


@pytest.fixture
def leave(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Closes the databases of the commands before, as the ends of their processes do."""
    made: list[Engine] = []

    def create(*args: Any, **options: Any) -> Engine:
        made.append(create_engine(*args, **options))
        return made[-1]

    create_engine = vars(database)["create_engine"]
    monkeypatch.setattr(database, "create_engine", create)

    def close() -> None:
        for one in made:
            one.dispose()

    return close


def run(*words: str, input: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), catch_exceptions=True, input=input)


def _failure(*words: str) -> BaseException:
    result = run(*words)
    assert result.exception is not None
    return result.exception


@pytest.mark.parametrize("words", [("people", "list"), ("attendance",), ("attendance", "--by", "person")])
def test_lists_have_names_with_accents_beside_those_without(tmp_path: Path, words: tuple[str, ...]) -> None:
    file, ordered = str(tmp_path / "accents.sqlite3"), ["Emil", "Émile", "Eva", "Öztürk", "Paul", "Zoë", "Zora"]
    engine = open_database(file)
    with writing(engine) as session:
        for name in reversed(ordered):
            people.add_person(session, name, at=datetime.now(UTC) - timedelta(days=1), actor="test")
    engine.dispose()

    def listed(*more: str) -> list[str]:
        return [json.loads(line)["person"] for line in run(*words, *more, "--db", file, "--json").stdout.splitlines()]

    assert listed() == ordered
    if words == ("people", "list"):
        assert [listed("--search", typed) for typed in ("zoe", "Özt", "OZT")] == [["Zoë"], ["Öztürk"], ["Öztürk"]]


def test_attendance_as_json(store: str) -> None:
    lines = run("attendance", "--db", store, "--from", DAY, "--to", DAY, "--json").stdout.splitlines()
    by_name = {record["person"]: record for record in map(json.loads, lines)}
    assert set(by_name) == set(NAMES)
    assert (by_name["علي"]["status"], by_name["علي"]["hours"]) == ("left", 8.0)
    assert by_name["=1+1"]["status"] == "incomplete"
    assert by_name["=1+1"]["first_in"] == f"{DAY}T09:00:00+00:00"


def test_attendance_as_a_table_shows_names_as_they_are(store: str) -> None:
    shown = run("attendance", "--db", store, "--from", DAY).stdout
    assert "[red]Bob[/red]" in shown
    assert "incomplete" in shown


def test_hours_are_minutes_in_tables_and_decimal_in_files(tmp_path: Path) -> None:
    file = str(tmp_path / "hours.sqlite3")
    engine = open_database(file)
    came = datetime(2026, 3, 2, 9, tzinfo=UTC)
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="HQ", role="auto", time_zone="UTC", at=came).id
        person = people.add_person(session, "Ann", at=came, actor="test").id
        _append(session, kiosk, person, "check_in", came)
        _append(session, kiosk, person, "check_out", came + timedelta(hours=8, minutes=14, seconds=50))
    engine.dispose()
    words = ("attendance", "--from", "2026-03-02", "--to", "2026-03-02", "--db", file)
    head, _, row = (line.split() for line in run(*words).stdout.splitlines() if line.strip())
    assert head == ["Day", "Person", "Status", "In", "Out", "Hours"]
    assert row == ["2026-03-02", "Ann", "left", "09:00", "17:14", "8:14"]
    assert json.loads(run(*words, "--json").stdout)["hours"] == 8.23
    assert next(csv.DictReader(io.StringIO(run(*words, "--format", "csv").stdout)))["hours"] == "8.23"
    run(*words, "--output", str(tmp_path / "hours.xlsx"))
    sheet = load_workbook(tmp_path / "hours.xlsx").active
    assert sheet is not None
    assert timedelta(hours=8, minutes=14) in [cell.value for cell in sheet[2]], "a workbook can add it up"
    run(*words, "--hours", "decimal", "--output", str(tmp_path / "hours.xlsx"), "--force")
    sheet = load_workbook(tmp_path / "hours.xlsx").active
    assert sheet is not None
    assert 8.23 in [cell.value for cell in sheet[2]]
    assert "8.23" in run(*words, "--hours", "decimal").stdout
    assert json.loads(run(*words, "--hours", "clock", "--json").stdout)["hours"] == "8:14"
    assert "came in" in run(*words, "--by", "event").stdout


def test_hours_that_nobody_knows_are_no_number_in_any_report(store: str, tmp_path: Path) -> None:
    words = ("attendance", "--db", store, "--from", DAY, "--to", DAY, "--person", "=1+1")
    assert run(*words).stdout.splitlines()[-1].split()[-2:] == ["09:00", "?"]
    assert next(csv.DictReader(io.StringIO(run(*words, "--format", "csv").stdout)))["hours"] == ""
    assert json.loads(run(*words, "--json").stdout)["hours"] == 0.0, "beside incomplete: true"
    run(*words, "--output", str(tmp_path / "day.xlsx"))
    sheet = load_workbook(tmp_path / "day.xlsx").active
    assert sheet is not None
    assert sheet.cell(2, [cell.value for cell in sheet[1]].index("hours") + 1).value is None
    paper = run(*words, "--format", "html").stdout
    assert "<tr><td>Total</td><td>0:00</td><td></td><td></td><td></td><td>?</td>" in paper
    assert "1 incomplete day: only known stays count" in paper
    total = (*words, "--by", "person")
    assert run(*total).stdout.splitlines()[-1].split()[-2:] == ["?", "0:00"]
    assert next(csv.DictReader(io.StringIO(run(*total, "--format", "csv").stdout)))["hours"] == ""
    assert json.loads(run(*total, "--json").stdout)["hours"] is None


def test_attendance_as_csv_has_no_formula(store: str) -> None:
    rows = list(csv.DictReader(io.StringIO(run("attendance", "--db", store, "--format", "csv").stdout)))
    assert {row["person"] for row in rows} == {"'=1+1", "[red]Bob[/red]", "علي"}
    assert {row["status"] for row in rows} == {"not expected"}, "nobody has a shift"


def test_attendance_per_person_adds_up(store: str) -> None:
    lines = run("attendance", "--db", store, "--from", DAY, "--by", "person", "--json").stdout
    ali = next(record for record in map(json.loads, lines.splitlines()) if record["person"] == "علي")
    assert (ali["days_present"], ali["days_absent"], ali["hours"]) == (1, 0, 8.0)


def test_attendance_of_one_person_and_of_a_month(store: str) -> None:
    lines = run("attendance", "--db", store, "--month", DAY[:7], "--person", "bob", "--json").stdout.splitlines()
    records = [json.loads(line) for line in lines]
    assert {one["person"] for one in records} == {"[red]Bob[/red]"}
    assert {one["day"][:7] for one in records} == {DAY[:7]}
    assert next(one for one in records if one["day"] == DAY)["hours"] == 8.0
    for words, sentence in (
        (("--month", "2026-13"), "not a month"),
        (("--month", "2190-01"), "lies in the future"),
        (("--month", DAY[:7], "--from", DAY), "leave --from"),
        (("--person", "Nobody Here"), "Nobody enrolled"),
        (("--by", "repair", "--format", "ics"), "not for --by repair"),
        (("--format", "xlsx", "--output", "november.csv"), "--format xlsx and the name november.csv contradict"),
    ):
        assert sentence in str(_failure("attendance", "--db", store, *words))


def test_days_to_repair_are_listed_with_what_is_wrong(store: str) -> None:
    words = ("attendance", "--db", store, "--from", DAY, "--by", "repair")
    (record,) = map(json.loads, run(*words, "--json").stdout.splitlines())
    assert (record["person"], record["what"], record["reason"]) == ("=1+1", "came 09:00, never left", "no_check_out")
    assert "never left" in run(*words).stdout
    assert "Nothing is to be repaired" in run("attendance", "--db", store, "--by", "repair").output


def test_attendance_per_event_is_in_the_order_of_time(store: str) -> None:
    lines = run("attendance", "--db", store, "--from", DAY, "--by", "event", "--json").stdout
    assert [json.loads(line)["event"] for line in lines.splitlines()] == ["check_in"] * 3 + ["check_out"] * 2


def test_events_stay_in_order_when_the_clock_shows_an_hour_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSTER_TIME_ZONE", "Europe/Berlin")
    file = str(tmp_path / "autumn.sqlite3")
    engine = open_database(file)
    summer = datetime(2025, 10, 26, 0, 40, tzinfo=UTC)
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="HQ", role="auto", time_zone="Europe/Berlin", at=summer).id
        person = people.add_person(session, "Ann", at=summer, actor="test").id
        _append(session, kiosk, person, "check_in", summer)
        _append(session, kiosk, person, "check_out", summer + timedelta(minutes=50))
    engine.dispose()
    found = run("attendance", "--by", "event", "--from", "2025-10-26", "--to", "2025-10-26", "--json", "--db", file)
    lines = [json.loads(line) for line in found.stdout.splitlines()]
    assert [(line["event"], line["at"][11:16]) for line in lines] == [("check_in", "02:40"), ("check_out", "02:30")]


@pytest.mark.parametrize(
    ("words", "head"),
    [
        (("attendance",), "day,person,"),
        (("attendance", "--by", "person"), "person,number,group,days_present,"),
        (("attendance", "--by", "event"), "at,person,"),
        (("attendance", "--by", "repair"), "day,person,"),
        (("mood",), "day,sightings,"),
        (("mood", "--by", "person"), "person,sightings,"),
    ],
)
def test_a_file_without_rows_has_its_columns(words: tuple[str, ...], head: str, store: str, tmp_path: Path) -> None:
    nobody = str(tmp_path / "nobody.sqlite3")
    open_database(nobody).dispose()
    text = run(*words, "--db", nobody, "--format", "csv").stdout
    assert text.startswith(head)
    assert text.count("\n") == 1
    file = tmp_path / "none.xlsx"
    assert run(*words, "--db", nobody, "--output", str(file)).exit_code == 0
    sheet = load_workbook(file).active
    assert sheet is not None
    assert [cell.value for cell in sheet[1]] == text.strip().split(",")
    if words[0] == "mood":
        full = run(*words, "--db", store, "--from", DAY, "--format", "csv").stdout
        assert full.startswith(text), "the same columns, whatever the rows"


def test_the_kind_of_file_follows_from_its_name(store: str, tmp_path: Path) -> None:
    file = tmp_path / "march.xlsx"
    assert run("attendance", "--db", store, "--output", str(file)).exit_code == 0
    sheet = load_workbook(file).active
    assert sheet is not None
    assert sheet.max_row == 5
    calendar = tmp_path / "march.ics"
    run("attendance", "--db", store, "--from", DAY, "--output", str(calendar))
    assert calendar.read_text().count("BEGIN:VEVENT") == 3
    assert "SUMMARY:=1+1 (check-out missing)" in calendar.read_text(), "a stay without its end is not left out"


def test_a_sheet_to_sign_has_a_page_a_person_and_names_are_text(store: str, tmp_path: Path) -> None:
    file = tmp_path / "november.html"
    result = run("attendance", "--db", store, "--from", DAY, "--output", str(file))
    assert result.exit_code == 0
    assert f"Written to {file}." in " ".join(result.stderr.split())
    text = file.read_text()
    assert text.count("<section>") == text.count("signature of the employee") == len(NAMES)
    assert "size: A4" in text
    assert all(f"<h1>{escape(name)}</h1>" in text for name in NAMES)
    one = run("attendance", "--db", store, "--person", "=1+1", "--format", "html").stdout
    assert (one.count("<section>"), "<h1>=1+1</h1>" in one) == (1, True)
    assert "not for --by event" in str(_failure("attendance", "--db", store, "--by", "event", "--format", "html"))


def test_csv_is_for_excel_in_a_file_and_for_programs_in_a_pipe(store: str, tmp_path: Path) -> None:
    words = ("attendance", "--db", store, "--from", DAY, "--format", "csv")
    plain = run(*words).stdout_bytes
    assert plain.startswith(b"day,person,")
    assert b"\r\n" not in plain
    file = tmp_path / "days.csv"
    run(*words, "--output", str(file))
    assert file.read_bytes().startswith(b"\xef\xbb\xbfday,person,")
    assert file.read_bytes().count(b"\r\n") == file.read_bytes().count(b"\n") == plain.count(b"\n")
    run(*words, "--output", str(file), "--dialect", "excel-semicolon", "--force")
    rows = list(csv.reader(file.read_text("utf-8-sig").splitlines(), delimiter=";"))
    hours = rows[0].index("hours")
    assert all("." not in row[hours] for row in rows)
    assert "--dialect is for" in str(_failure("attendance", "--db", store, "--dialect", "excel"))


def test_events_tell_how_by_whom_and_why_and_what_no_longer_counts(store: str, tmp_path: Path) -> None:
    copy = tmp_path / "events.sqlite3"
    run("db", "backup", str(copy), "--db", store)
    engine = open_database(str(copy))
    open_with(engine, TemplateCipher(decode_key("A" * 43 + "=", "it")), None)
    words = ("attendance", "--db", str(copy), "--from", DAY, "--by", "event", "--json")
    first = json.loads(run(*words).stdout.splitlines()[0])
    assert (first["method"], first["counts"], first["reason"]) == ("face", True, None)
    by: dict[str, Any] = {"at": datetime.now(UTC), "actor": "Ingrid"}
    corrections.void(engine, Settings(db=str(copy)), UUID(first["id"]), "a visitor", **by)
    engine.dispose()
    found = [json.loads(line) for line in run(*words).stdout.splitlines()]
    assert [one["counts"] for one in found if one["id"] == first["id"]] == [False]
    (void,) = (one for one in found if one["event"] == "void")
    assert (void["by"], void["reason"], void["target"]) == ("Ingrid", "a visitor", first["id"])


def test_the_row_of_unknown_people_has_a_name_at_a_terminal_and_none_in_files() -> None:
    lines: list[Line] = [{"person": "Ada", "sightings": 2}, {"person": None, "sightings": 3}]
    assert [row[0] for row in compact("Mood", lines).rows] == ["Ada", "unknown people"]
    assert [row[0] for row in table("Mood", lines).rows] == ["Ada", None]


def test_moods_by_person_and_by_group(store: str) -> None:
    by_person = run("mood", "--db", store, "--by", "person", "--json").stdout.splitlines()
    assert {json.loads(line)["person"] for line in by_person} == set(NAMES)
    assert {json.loads(line)["against_usual"] for line in by_person} == {None}, "nobody was seen in the weeks before"
    (line,) = run("mood", "--db", store, "--by", "group", "--json").stdout.splitlines()
    record = json.loads(line)
    assert (record["group"], record["people"], record["mood"], record["scores"]["happy"]) == ("Team", 3, "happy", 1.0)


def test_aggregate_mode_hides_small_groups_and_people(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_MOOD", "aggregate")
    (line,) = run("mood", "--db", store, "--by", "group", "--json").stdout.splitlines()
    assert json.loads(line) == {"group": "Team", "hidden": True}
    assert isinstance(_failure("mood", "--db", store, "--by", "person"), UsageError)


@pytest.mark.parametrize(
    "words",
    [
        ("attendance", "--from", "someday"),
        ("attendance", "--from", "0001-01-01"),
        ("mood", "--to", "9999-12-31"),
        ("attendance", "--from", "2026-03-02", "--to", "2026-03-01"),
        ("attendance", "--output", "report"),
        ("attendance", "--json", "--format", "csv"),
        ("mood", "--format", "ics"),
        ("db", "verify", "--head", "abc"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(store: str, words: tuple[str, ...]) -> None:
    error = _failure(*words, "--db", store)
    assert isinstance(error, UsageError)
    assert error.exit_code == 2


def test_a_file_that_cannot_be_written_is_one_sentence(store: str, tmp_path: Path) -> None:
    error = _failure("attendance", "--db", store, "--output", str(tmp_path / "none" / "x.csv"))
    assert isinstance(error, MusterError)
    assert "cannot be written" in str(error)


@pytest.mark.parametrize(
    "words",
    [
        ("people", "list"),
        ("people", "show", "Ada"),
        ("people", "rename", "Ada", "Bob"),
        ("people", "review-growth"),
        ("calibrate",),
        ("identify", "a.jpg"),
        ("attendance",),
        ("mood",),
        ("db", "verify"),
        ("db", "purge"),
        ("db", "forward", "there.sqlite3"),
    ],
)
def test_a_mistyped_database_is_not_made(tmp_path: Path, words: tuple[str, ...]) -> None:
    error = _failure(*words, "--db", str(tmp_path / "typo" / "none.sqlite3"))
    assert isinstance(error, NoDatabase)
    assert (error.exit_code, list(tmp_path.iterdir())) == (2, [])


def test_a_database_that_the_settings_name_in_vain_is_said_with_their_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSTER_DB", raising=False)
    file = tmp_path / "door.toml"
    file.write_text(f'db = "sqlite:///{tmp_path}/typo.sqlite3"', encoding="utf-8")
    assert f"the setting db in {file}, or begin" in str(_failure("people", "list", "--config", str(file)))
    named = _failure("people", "list", "--config", str(file), "--db", str(tmp_path / "other.sqlite3"))
    assert "the setting db, or begin" in str(named)


def test_a_full_disk_leaves_the_report_of_before(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "report.csv"
    file.write_text("of before")

    def fill(handle: BinaryIO, *_: object, **__: object) -> None:
        handle.write(b"day,person")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(export, "write_csv", fill)
    error = _failure("attendance", "--db", store, "--output", str(file), "--force")
    assert isinstance(error, MusterError)
    left = sorted(one.name for one in tmp_path.iterdir())
    assert (error.exit_code, file.read_text(), left) == (1, "of before", ["ledger.heads", "report.csv"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_behind_the_output_is_one_sentence(store: str) -> None:
    command = [sys.executable, "-m", "monitor.cli", "attendance", "--format", "csv", "--db", store]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "no room for the output" in done.stderr


def test_the_database_is_made_looked_at_and_backed_up(tmp_path: Path) -> None:
    file, copy = str(tmp_path / "new.sqlite3"), tmp_path / "copy.sqlite3"
    assert isinstance(_failure("db", "current", "--db", file), DatabaseError)
    assert json.loads(run("db", "upgrade", "--db", file, "--json").stdout)["database"] == file
    assert json.loads(run("db", "current", "--db", file, "--json").stdout)["people"] == 0
    assert json.loads(run("db", "backup", str(copy), "--db", file, "--json").stdout)["bytes"] == copy.stat().st_size


def test_a_backup_is_put_back(store: str, tmp_path: Path, leave: Callable[[], None]) -> None:
    copy, file = str(tmp_path / "copy.sqlite3"), str(tmp_path / "muster.sqlite3")
    run("db", "backup", copy, "--db", store)
    done = run("db", "restore", copy, "--db", file)
    assert done.stdout.splitlines() == ["Restored 3 people and 5 attendance events."]
    leave()
    again = json.loads(run("db", "restore", copy, "--db", file, "--json").stdout)
    assert Path(again["aside"]).exists()
    assert (again["lost"], again["erased_again"]) == ({"events": 0, "acts": {}}, 0)
    assert "There is no file" in str(_failure("db", "restore", str(tmp_path / "none"), "--db", file))


def test_a_restore_counts_whom_the_list_shows(store: str, tmp_path: Path) -> None:
    copy, own, file = (str(tmp_path / f"{name}.sqlite3") for name in ("copy", "own", "muster"))
    run("db", "backup", own, "--db", store)
    assert run("people", "deactivate", NAMES[0], "--db", own).exit_code == 0
    run("db", "backup", copy, "--db", own)
    done = run("db", "restore", copy, "--db", file)
    assert done.stdout.splitlines() == ["Restored 3 people, 1 of them not active, and 5 attendance events."]
    assert run("people", "list", "--db", file).stdout.splitlines()[-1] == "3 people."


def test_what_a_restore_throws_back_is_asked_about(store: str, tmp_path: Path, leave: Callable[[], None]) -> None:
    copy, file = str(tmp_path / "copy.sqlite3"), str(tmp_path / "muster.sqlite3")
    run("db", "backup", copy, "--db", store)
    run("db", "restore", copy, "--db", file)
    assert run("people", "rename", NAMES[0], "Ada", "--db", file).exit_code == 0
    leave()
    refused = run("db", "restore", copy, "--db", file, input="n\n")
    assert "The backup does not have 1 change (rename 1) of the database. Restore it? [y/N]" in refused.stderr
    assert str(refused.exception) == "Nothing was restored; answer y, or give --yes."
    leave()
    done = run("db", "restore", copy, "--yes", "--db", file)
    assert "It has 1 change (rename 1) that the backup does not have." in done.stdout


@pytest.mark.parametrize("command", [("rotate-key",), ("restore", "copy.sqlite3")])
def test_a_database_that_a_kiosk_has_open_keeps_its_key_and_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    running = open_database("muster.sqlite3")
    run("db", "backup", "copy.sqlite3", "--db", "muster.sqlite3")
    before = database_file(running)
    assert "Another program has the database open" in str(_failure("db", *command, "--db", "muster.sqlite3"))
    assert database_file(running) == before
    if command[0] == "restore":
        assert run("db", *command, "--while-open", "--db", "muster.sqlite3").exit_code == 0
        assert database_file(running) != before
    running.dispose()


def test_a_backup_takes_no_name_that_is_taken_and_makes_no_folder(store: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("kept")
    taken = _failure("db", "backup", str(tmp_path / "taken"), "--db", store)
    assert isinstance(taken, NameTaken)
    assert (taken.exit_code, (tmp_path / "taken").read_text()) == (2, "kept")
    typo = _failure("db", "backup", str(tmp_path / "typo" / "copy"), "--db", store)
    assert isinstance(typo, DatabaseError)
    assert "cannot be written: No such file or directory" in str(typo)
    assert [one.name for one in tmp_path.iterdir()] == ["taken"]


def test_a_changed_ledger_fails_the_check(store: str, tmp_path: Path) -> None:
    copy = str(tmp_path / "copy.sqlite3")
    run("db", "backup", copy, "--db", store)
    check = json.loads(run("db", "verify", "--db", copy, "--json").stdout)
    assert (check["problems"], check["events"]) == ([], 5)
    engine = open_database(copy)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER attendance_event_no_update")
        connection.exec_driver_sql("UPDATE attendance_event SET kind = 'check_out' WHERE seq = 1")
    engine.dispose()
    error = _failure("db", "verify", "--db", copy)
    assert isinstance(error, DatabaseDamaged)
    assert "row 1 of the ledger was changed" in str(error)
    broken = run("db", "verify", "--db", copy, "--json")
    assert (broken.exit_code, json.loads(broken.stdout)["broken_row"]) == (1, 1)


def test_purging_deletes_what_is_older(store: str, tmp_path: Path) -> None:
    copy = str(tmp_path / "copy.sqlite3")
    run("db", "backup", copy, "--db", store)
    kept = json.loads(run("db", "purge", "--db", copy, "--json").stdout)
    assert (kept["moods"], kept["scrubbed"]) == (0, True)
    foreseen = json.loads(run("db", "purge", "--moods-days", "1", "--dry-run", "--db", copy, "--json").stdout)
    assert (foreseen["moods"], foreseen["dry_run"]) == (3, True)
    assert json.loads(run("db", "purge", "--moods-days", "1", "--db", copy, "--json").stdout)["moods"] == 3
    assert json.loads(run("db", "purge", "--older-than", "0", "--db", copy, "--json").stdout)["moods"] == 0


def test_the_key_is_rotated_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leave: Callable[[], None]
) -> None:
    monkeypatch.delenv("MUSTER_KEY", raising=False)
    monkeypatch.setattr("db.key_store._has_keyring", lambda: False)
    file = str(tmp_path / "new.sqlite3")
    run("db", "upgrade", "--db", file)
    leave()
    rotated = json.loads(run("db", "rotate-key", "--db", file, "--json").stdout)
    assert rotated["key_in"] == str(tmp_path / "template.key")
    kept = Path(rotated["old_key_in"])
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.name == f"template.key.{TemplateCipher(decode_key(kept.read_text(), 'it')).key_id}"
    leave()
    again = json.loads(run("db", "rotate-key", "--db", file, "--json").stdout)
    assert again["old_key_in"] == f"{tmp_path / 'template.key'}.{rotated['key_id']}"
    assert again["key_id"] != rotated["key_id"]


def test_a_forged_row_and_a_cut_tail_are_named_with_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUSTER_KEY", raising=False)
    monkeypatch.setattr("db.key_store._has_keyring", lambda: False)
    file = str(tmp_path / "muster.sqlite3")
    run("db", "upgrade", "--db", file)
    run("db", "purge", "--db", file)
    run("db", "purge", "--db", file)
    printed = json.loads(run("db", "head", "--db", file).stdout)
    assert (printed["entries"], printed["database"]) == (4, file)
    whole = json.loads(run("db", "verify", "--db", file, "--json").stdout)
    assert (whole["whole"], whole["key"], whole["entries"]) == (True, True, 4)
    assert "4 entries" in run("db", "verify", "--db", file, "--full").stdout
    assert run("db", "head", "--export", str(tmp_path / "head.json"), "--db", file).exit_code == 0
    assert json.loads((tmp_path / "head.json").read_text())["proof"] == printed["proof"]
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("DROP TRIGGER proof_entry_no_delete")
        connection.execute("DELETE FROM proof_entry WHERE seq = 4")
        connection.execute("DELETE FROM audit_entry WHERE id = (SELECT max(id) FROM audit_entry)")
    error = _failure("db", "verify", "--db", file)
    assert isinstance(error, DatabaseDamaged)
    assert "the proof ends at entry 3, but 4 were noted earlier" in str(error)
    assert "the trigger proof_entry_no_delete, which refuses changes, is missing" in str(error)


def test_two_people_of_one_name_are_told_apart_by_their_ids(store: str, tmp_path: Path) -> None:
    file = str(tmp_path / "muster.sqlite3")
    engine, now = open_database(file), datetime.now(UTC)
    with writing(engine) as session:
        ids = {str(people.add_person(session, "Ada", at=now, actor="test").id) for _ in range(2)}
        people.add_person(session, "Bob", at=now, actor="test")
    engine.dispose()
    first, id_1, second, id_2, other, _ = run("people", "list", "--db", file).stdout.splitlines()[-6:]
    assert {id_1.strip(), id_2.strip()} == ids
    assert [line.split()[0] for line in (first, second, other)] == ["Ada", "Ada", "Bob"]
    assert not UUID_LIKE.search(run("people", "list", "--db", store).stdout)


@pytest.mark.parametrize("words", [("attendance",), ("mood",), ("people", "list"), ("attendance", "--by", "repair")])
def test_a_group_is_found_by_a_part_of_its_name_and_an_unknown_one_is_said_with_what_there_is(
    store: str, words: tuple[str, ...]
) -> None:
    assert str(_failure(*words, "--group", "Choir", "--db", store)) == "There is no group 'Choir'; the groups are Team."
    told = [run(*words, "--group", typed, "--db", store, "--json").stdout for typed in ("Team", "TEA")]
    assert told[0] == told[1]


def test_what_leaves_as_a_file_stands_in_the_audit_log(store: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite3"
    with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    day = ("--from", DAY, "--to", DAY, "--db", str(copy))
    run("attendance", *day)
    run("attendance", *day, "--json")
    assert run("attendance", *day, "--output", str(tmp_path / "day.csv"), "--by", "event").exit_code == 0
    assert run("mood", *day, "--format", "csv", "--by", "group").exit_code == 0
    with reading(open_database(str(copy))) as session:
        told = [one for one in newest_entries(session) if one.action == "export report"]
    assert [(one.actor, one.detail["report"], one.detail["file"]) for one in reversed(told[:2])] == [
        (getpass.getuser(), "attendance by event", str(tmp_path / "day.csv")),
        (getpass.getuser(), "mood by group", "standard output"),
    ]
    assert {one.detail["from"] for one in told[:2]} == {DAY}


def test_a_second_check_says_from_when_on_it_read(store: str, tmp_path: Path) -> None:
    copy = str(tmp_path / "copy.sqlite3")
    with closing(sqlite3.connect(store)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    run("db", "head", "--db", copy)  # begins the proof
    first = json.loads(run("db", "verify", "--db", copy, "--json").stdout)
    assert (first["whole"], first["since"], first["read_again"]) == (True, None, None)
    again = json.loads(run("db", "verify", "--db", copy, "--json").stdout)
    assert (again["only_counted"], again["read_again"]) == (0, {"first": 1, "last": first["events"]})
    assert datetime.fromisoformat(again["since"]) <= datetime.now(UTC)
    assert f"Events 1 to {first['events']} were verified on" in run("db", "verify", "--db", copy).stdout.replace(
        "\n", " "
    )
    assert "were verified on" not in run("db", "verify", "--full", "--db", copy).stdout
