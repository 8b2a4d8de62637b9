"""`muster people consent`: of one person, of several, of a group, and of all whom nobody asked."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from db.engine import open_database, writing
from db.people import people
from monitor.cli.people.people import app
from monitor.errors import UsageError

Typed = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Typed:
    """Types a command on a database with three people, two of them in a group."""
    file, at = tmp_path / "muster.sqlite3", datetime(2026, 7, 1, tzinfo=UTC)
    engine = open_database(str(file))
    with writing(engine) as session:
        for name, group in (("Ada", "Staff"), ("Bob", "Staff"), ("Cleo", None)):
            people.add_person(session, name, at=at, actor="test", group=group)
    engine.dispose()
    options = ["--db", str(file), "--config", str(tmp_path / "muster.toml")]
    (tmp_path / "muster.toml").touch()
    return lambda *words: CliRunner().invoke(app, [*words, *options])


def _moods(run: Typed) -> dict[str, bool | None]:
    listed = map(json.loads, run("list", "--json").stdout.splitlines())
    return {one["person"]: one["consent"]["mood"] for one in listed}


def test_a_group_is_asked_at_once_and_who_refused_stays_refused(run: Typed) -> None:
    assert run("consent", "bob", "mood", "no").stdout == "Bob refuses mood.\n"
    done = run("consent", "mood", "yes", "--group", "staff")
    assert done.stdout == "1 person agrees to mood. 1 person refused before, and that stays.\n"
    assert _moods(run) == {"Ada": True, "Bob": False, "Cleo": None}
    assert run("consent", "bob", "mood", "yes").stdout == "Bob agrees to mood.\n"


def test_several_are_named_or_all_whom_nobody_asked_are_meant(run: Typed) -> None:
    run("consent", "ada", "mood", "no")
    told = [json.loads(line) for line in run("consent", "mood", "yes", "--missing", "--json").stdout.splitlines()]
    assert told == [{"person": name, "kind": "mood", "given": True} for name in ("Bob", "Cleo")]
    assert _moods(run) == {"Ada": False, "Bob": True, "Cleo": True}
    assert run("consent", "bob", "cleo", "mood", "no").stdout == "2 people refuse mood.\n"
    assert run("consent", "mood", "yes", "--missing").stdout == "Nobody is meant; nothing was written down.\n"


@pytest.mark.parametrize("words", [("mood", "yes"), ("ada", "mood", "yes", "--group", "staff")])
def test_it_is_said_who_is_to_be_named(run: Typed, words: tuple[str, ...]) -> None:
    refused = run("consent", *words).exception
    assert isinstance(refused, UsageError)
    assert "people by their names, or else --group or --missing" in str(refused)
    assert set(_moods(run).values()) == {None}
