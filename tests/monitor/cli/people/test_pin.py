"""`muster people pin`: asked for twice, kept as a hash, taken away again."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from db.engine import open_database, reading, writing
from db.people import people, pins
from monitor.cli.people.people import app
from tests.db.rows import newest_entries

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> str:
    file = str(tmp_path / "muster.sqlite3")
    engine = open_database(file)
    with writing(engine) as session:
        people.add_person(session, "Ada", number="7", at=AT, actor="test")
        people.add_person(session, "Bob", at=AT, actor="test")
    engine.dispose()
    return file


def _run(database: str, *words: str, typed: str = "") -> Result:
    config = str(Path(database).with_name("muster.toml"))
    Path(config).touch()
    return CliRunner().invoke(app, [*words, "--db", database, "--config", config], input=typed)


def _pin(database: str, *words: str, typed: str = "", terminal: bool = True) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._NamedTextIOWrapper.isatty", lambda _: terminal, raising=False)
        return _run(database, "pin", *words, typed=typed)


def _kept(database: str, number: str) -> str | None:
    engine = open_database(database)
    with reading(engine) as session:
        found = pins.find(session, number)
    engine.dispose()
    return found.pin_hash if found else None


def test_a_pin_is_set_and_removed(database: str) -> None:
    done = _pin(database, "Ada", "--json", typed="246824\n246824\n")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"person": "Ada", "pin": True})
    kept = _kept(database, "7")
    assert kept is not None
    assert kept.startswith("argon2id$")
    assert "246824" not in kept
    assert "has no PIN any more" in _pin(database, "7", "--remove").stdout
    assert _kept(database, "7") is None
    assert _pin(database, "7", "--remove").stdout == "Ada had no PIN.\n"
    engine = open_database(database)
    with reading(engine) as session:
        assert [one.action for one in newest_entries(session)][:2] == ["remove pin", "set pin"]
    engine.dispose()


def test_without_a_terminal_it_is_a_line_of_the_input_and_nothing_is_asked(database: str) -> None:
    done = _pin(database, "Ada", typed="246824\n", terminal=False)
    assert (done.exit_code, done.stderr) == (0, "")
    assert _kept(database, "7") is not None
    assert "or send it as a line on standard input" in str(_pin(database, "Ada", terminal=False).exception)


def test_what_is_typed_is_neither_shown_nor_kept(database: str) -> None:
    done = _pin(database, "Ada", typed="246824\n246824\n")
    assert "246824" not in done.output
    assert b"246824" not in Path(database).read_bytes()


@pytest.mark.parametrize("typed", ["123", "12a4", "١٢٣٤", "12 34"])
def test_only_enough_digits_are_a_pin(database: str, typed: str) -> None:
    done = _pin(database, "Ada", typed=f"{typed}\n{typed}\n")
    assert "at least 6 digits" in str(done.exception)
    assert _kept(database, "7") is None


def test_without_a_number_there_is_no_pin(database: str) -> None:
    assert "give one with --number" in str(_pin(database, "Bob", typed="246824\n246824\n").exception)
    assert _pin(database, "Bob", "--number", "8", typed="246824\n246824\n").exit_code == 0
    assert _kept(database, "8") is not None


def test_without_an_answer_nothing_is_set_or_erased_and_it_is_said(database: str) -> None:
    assert "No PIN was set" in str(_pin(database, "Ada").exception)
    assert "Nothing was erased" in str(_run(database, "erase", "Ada").exception)
    assert "Ada" in _run(database, "list").stdout


@pytest.mark.parametrize("words", [("--search", "Zoe"), ("--inactive",)])
def test_nobody_found_is_not_nobody_enrolled(database: str, words: tuple[str, ...]) -> None:
    shown = _run(database, "list", *words).stdout
    assert "Nobody matches" in shown
