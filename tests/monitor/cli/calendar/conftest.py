"""A database with two people, and `muster` in it as somebody types it."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from db.engine import writing
from db.people import people
from monitor.cli.main import main
from monitor.cli.options import Run

TODAY = date(2026, 11, 26)


class Muster(Protocol):
    """Runs a command and gives its exit code, what it printed, and what it said on standard error."""

    def __call__(self, *words: str) -> tuple[int, str, str]: ...


@pytest.fixture
def muster(
    sqlite: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Muster:
    now = datetime(2026, 11, 26, 14, 42, tzinfo=UTC)
    enrolled = datetime(2026, 11, 2, 8, tzinfo=ZoneInfo("Europe/Berlin"))
    monkeypatch.setattr("monitor.config.CONFIG_FILE", tmp_path / "muster.toml")
    (tmp_path / "muster.toml").write_text('time_zone = "Europe/Berlin"\n')
    monkeypatch.setattr(Run, "at", property(lambda _: now))
    monkeypatch.setattr("monitor.cli.options.out.width", 200, raising=False)
    with writing(sqlite) as session:
        people.add_person(session, "Ada [b]Lovelace[/b]", group="Lab", at=enrolled, actor="test")
        people.add_person(session, "Zoë Young", number="17", group="Lab", at=enrolled, actor="test")

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["muster", *words, "--db", str(sqlite.url)])
        with pytest.raises(SystemExit) as stop:
            main()
        said = capsys.readouterr()
        return int(stop.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def listed(muster: Muster) -> Callable[..., list[dict[str, Any]]]:
    """The objects of a listing with --json."""

    def listed(*words: str) -> list[dict[str, Any]]:
        code, output, error = muster(*words, "--json")
        assert (code, error) == (0, "")
        return [json.loads(line) for line in output.splitlines()]

    return listed
