"""`muster doctor --privacy`: what is kept, in figures that are true."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from db.crypto import TemplateCipher
from db.engine import writing
from db.people import consents, people
from db.proof.heads import open_with
from db.schema.tables import METADATA
from monitor.cli.main import app
from monitor.config import Settings
from monitor.desk.maintenance import upkeep
from monitor.doctor.privacy import kept, places

AT = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


@pytest.fixture
def filled(sqlite: Engine, tmp_path: Path) -> Engine:
    open_with(sqlite, TemplateCipher(bytes(32)), tmp_path)
    with writing(sqlite) as session:
        for name in ("Ada", "Bob"):
            person = people.add_person(session, name, at=AT, actor="desk").id
        consents.set_consent(session, person, "face", True, at=AT, actor="desk")
    return sqlite


def test_it_counts_what_is_there_and_says_until_when(filled: Engine) -> None:
    rows = kept(filled, Settings(time_zone="UTC", keep_visitors_days=7))
    counts = {(row.what, row.about): row for row in rows}
    assert counts["names, numbers, groups and notes", "enrolled people"].rows == 2
    assert counts["decisions about consent", "enrolled people"].rows == 1
    assert counts["faces", "unknown people"].until == "7 days"
    assert counts["face templates and their images", "enrolled people"].sealed
    assert not counts["names, numbers, groups and notes", "enrolled people"].sealed


def test_it_says_which_files_others_can_read(filled: Engine, tmp_path: Path) -> None:
    (tmp_path / "template.key").write_text("x")
    (tmp_path / "template.key").chmod(0o644)
    found = {place.what: place.private for place in places(filled, tmp_path)}
    assert (found["database"], found["heads of the ledger"], found["template key"]) == (True, True, False)


def test_copies_journals_and_keys_of_before_are_among_the_places(filled: Engine, tmp_path: Path) -> None:
    database = Path(str(filled.url.database))
    by_hand = tmp_path / "first.sqlite3"
    upkeep.note_backup(filled, by_hand, at=AT, actor="test")
    upkeep.note_backup(filled, tmp_path / "deleted since.sqlite3", at=AT, actor="test")
    made = [
        upkeep.back_up(filled, tmp_path, at=AT, actor="test"),
        by_hand,
        database.with_name(upkeep.aside_name(database, AT)),
        database.with_name("door.0123abcd.journal"),
        database.with_name("door.0123abcd.journal.unreadable"),
        tmp_path / "template.key.0123abcd",
    ]
    for file in made[1:]:
        file.write_text("x")
    copies = upkeep.copies(filled, Settings(backup_folder=str(tmp_path)))
    assert [file for _, file in copies] == made[:3]
    listed = {place.file for place in places(filled, tmp_path, copies)}
    assert listed >= {str(file) for file in made}


def test_the_command_prints_it(filled: Engine, tmp_path: Path) -> None:
    (tmp_path / "muster.toml").touch()
    words = ["doctor", "--privacy", "--db", str(filled.url.database), "--config", str(tmp_path / "muster.toml")]
    told = CliRunner().invoke(app, words).stdout
    assert "names, numbers, groups and notes, of enrolled people: 2, readable in the database" in told
    lines = CliRunner().invoke(app, [*words, "--json"]).stdout.splitlines()
    assert {"what", "about", "rows", "sealed", "until"} == set(json.loads(lines[0]))


def test_no_table_about_people_is_forgotten() -> None:
    """A table that refers to a person, and is not listed or part of what is, needs a line."""
    about = {table.name for table in METADATA.sorted_tables if "person_id" in table.c}
    listed = {
        "face_template",
        "portrait",
        "growth_capture",
        "consent",
        "sighting",
        "mood_sample",
        "mood_day",
        "site_pin",
        "audit_entry",
        "leave",
        "shift",
        "roll_call_mark",
        "expected_miss",
        "undo",
    }
    parts = {"ledger_subject", "proof_salt", "mean_template", "look_alike", "wrong_pair"}
    assert about <= listed | parts
