"""`muster why`, as it is typed."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner, Result

from db.attendance import kiosks, ledger
from db.engine import open_database, writing
from db.people import people
from db.records.attendance import NewEvent
from monitor.cli.main import app
from monitor.errors import UsageError

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ENTRY = UUID("01a21955-e1e8-7083-bd13-257505f80801")


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MUSTER_TIME_ZONE", "UTC")
    monkeypatch.setenv("MUSTER_KEY", "A" * 43 + "=")
    file = str(tmp_path / "muster.sqlite3")
    engine = open_database(file)
    with writing(engine) as session:
        kiosk = kiosks.register(session, "north", site="main", role="auto", time_zone="UTC", at=AT).id
        ada = people.add_person(session, "[red]Ada[/red]", at=AT, actor="test").id
        people.add_person(session, "Bob", at=AT, actor="test")
        ledger.append(session, NewEvent(ENTRY, "check_in", ada, AT, "UTC", kiosk, "pin", "north", AT))
    engine.dispose()
    return file


def run(database: str, *words: str) -> Result:
    return CliRunner().invoke(app, ["why", *words, "--db", database])


@pytest.mark.parametrize("what", ["ada", str(ENTRY)])
def test_a_name_or_an_id_is_enough(database: str, what: str) -> None:
    result = run(database, what)
    assert result.exit_code == 0, result.output
    assert "[red]Ada[/red] came in, 2026-03-02 08:00, north." in result.stdout
    assert "Number and PIN were typed at north; no face was compared." in result.stdout


def test_json_is_one_object(database: str, tmp_path: Path) -> None:
    record = json.loads(run(database, "ada", "--json", "--pictures", str(tmp_path / "faces")).stdout)
    assert (record["event"], record["method"], record["files"]) == (str(ENTRY), "pin", [])


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("bob", "Bob has no entry, so there is nothing to explain"),
        ("nobody", "Nobody enrolled has the name or number 'nobody'"),
        ("01a21955-e1e9-75ae-b4d9-f8d7ede1354b", "There is no entry and no face with the id"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(database: str, what: str, sentence: str) -> None:
    error = run(database, what).exception
    assert isinstance(error, UsageError)
    assert sentence in str(error)
