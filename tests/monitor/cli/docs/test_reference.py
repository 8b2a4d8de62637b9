"""The reference says what the code does: commands, settings, keys and columns."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from db.attendance import kiosks, ledger
from db.engine import open_database, writing
from db.ids import new_id
from db.observations import moods
from db.people import people
from db.records.attendance import NewEvent
from db.records.moods import MoodSample
from monitor.cli.docs.reference import PAGE, reference
from monitor.cli.main import app
from monitor.config import Settings
from monitor.keys import Keys
from monitor.reports.columns import COLUMNS
from tests.monitor.cli.test_groups import ALL


@pytest.fixture(scope="module")
def page() -> str:
    return reference()


def test_the_page_in_the_repository_is_what_the_code_says(page: str) -> None:
    assert PAGE.read_text(encoding="utf-8") == page, "run 'muster docs --write'"


@pytest.mark.parametrize("words", [words for words in ALL if len(words) > 1 or words == ("kiosk",)], ids=" ".join)
def test_every_command_is_in_it(words: tuple[str, ...], page: str) -> None:
    group = typer.main.get_command(app)
    for word in words:
        group = group.get_command(typer.Context(group), word)  # type: ignore[attr-defined]
    if not hasattr(group, "list_commands"):
        assert f"\n### muster {' '.join(words)}" in page


def test_every_setting_and_key_is_in_it_and_nothing_of_this_machine(page: str) -> None:
    assert [
        name
        for name in Settings.model_fields
        if name not in {"quality", "keys", "opener", "mqtt"} and f"| `{name}` |" not in page
    ] == []
    assert [name for name in Keys.model_fields if f"| `{name}` |" not in page] == []
    assert str(Path.home()) not in page
    assert "\n| `db` |  |" in page


@pytest.mark.parametrize("report", COLUMNS)
def test_the_columns_are_those_of_the_file(report: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_TIME_ZONE", "UTC")
    file = str(tmp_path / "muster.sqlite3")
    day = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0) - timedelta(days=2)
    engine = open_database(file)
    with writing(engine) as session:
        kiosk = kiosks.register(session, "door", site="HQ", role="auto", time_zone="UTC", at=day).id
        anna = people.add_person(session, "Anna", at=day, actor="test")
        ledger.append(session, NewEvent(new_id(), "check_in", anna.id, day, "UTC", kiosk, "face", "door", day))
        scores = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)
        moods.add(session, kiosk, MoodSample(day, anna.id, None, None, None, "happy", scores))
    engine.dispose()
    words = [*report.split(), "--db", file, "--from", str(day.date()), "--format", "csv"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    heads = next(csv.reader(done.stdout.splitlines()))
    told = [name for names in COLUMNS[report] for name in names.split(", ")]
    if report == "mood":
        assert heads[0] in told[:4]
        assert heads[1:] == told[4:]
    else:
        assert heads == told


def test_columns_have_the_names_of_the_json_form(tmp_path: Path) -> None:
    file = str(tmp_path / "muster.sqlite3")
    engine = open_database(file)
    with writing(engine) as session:
        people.add_person(session, "Anna", at=datetime.now(UTC), actor="test")
    engine.dispose()
    done = CliRunner().invoke(app, ["attendance", "--db", file, "--json"])
    assert list(json.loads(done.stdout.splitlines()[0])) == list(COLUMNS["attendance"])
