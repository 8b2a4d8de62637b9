"""`muster people` prints the site's local time for people, and ISO with its offset as JSON."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from db.engine import open_database, writing
from db.people import consents, people
from monitor.cli.people.people import app


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    """A database of a site in Berlin, with one person who agreed at half past ten in the evening (UTC)."""
    file, at = tmp_path / "muster.sqlite3", datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    engine = open_database(str(file))
    with writing(engine) as session:
        person = people.add_person(session, "Ada", at=at, actor="test")
        consents.set_consent(session, person.id, "face", True, at=at, actor="test")
    engine.dispose()
    config = tmp_path / "muster.toml"
    config.write_text('time_zone = "Europe/Berlin"\n')
    return ["--db", str(file), "--config", str(config)]


def test_a_consent_is_shown_with_its_local_time(options: list[str]) -> None:
    assert (
        "  face consent: yes, 2026-07-02 00:30 by test\n" in CliRunner().invoke(app, ["show", "Ada", *options]).stdout
    )
    record = json.loads(CliRunner().invoke(app, ["show", "Ada", "--json", *options]).stdout)
    assert record["consents"][0]["at"] == "2026-07-01T22:30:00+00:00"


def test_a_receipt_has_its_local_time_and_older_copies(options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.cli.options.Run.at", datetime(2026, 7, 2, 22, 30, tzinfo=UTC))
    database = Path(options[1])
    copy = database.with_name(f"{database.stem}-before-20260701-080000{database.suffix}")
    copy.touch()
    told = CliRunner().invoke(app, ["erase", "Ada", "--yes", *options]).stdout
    assert "  at: 2026-07-03 00:30\n" in told
    assert f"  copies made before and not searched: {copy}\n" in told


def test_a_list_says_how_many_it_has(options: list[str]) -> None:
    assert CliRunner().invoke(app, ["list", *options]).stdout.endswith("1 person.\n")
