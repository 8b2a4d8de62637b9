"""`muster demo` keeps to itself, and has a past where it is asked for one."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import text
from typer.testing import CliRunner

from monitor.cli.kiosk import demo as command
from monitor.cli.main import app
from monitor.config import Settings
from monitor.desk.demo import past
from monitor.desk.store import Store


def test_of_the_users_settings_only_those_about_the_machine_are_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = {
        "TIME_ZONE": "Asia/Tokyo", "PICTURES": "blocks", "THEME": "muster-light", "ADMIN_PIN_HASH": "x", "MOOD": "off",
        "DB": f"sqlite:///{tmp_path / 'own.sqlite3'}", "ROLE": "out", "ROUNDING_MINUTES": "15", "LIVENESS": "always",
    }  # fmt: skip
    for name, value in own.items():
        monkeypatch.setenv(f"MUSTER_{name}", value)
    settings = command._settings(tmp_path)
    assert (settings.time_zone, settings.pictures) == ("Asia/Tokyo", "blocks")
    assert (settings.theme, settings.admin_pin_hash, settings.mood) == ("muster-dark", "", "individual")
    assert (settings.role, settings.rounding_minutes, settings.liveness) == ("auto", 0, "off")
    assert settings.db == f"sqlite:///{tmp_path / 'demo.sqlite3'}"


@pytest.mark.parametrize(("given", "days"), [([], 0), (["--days", "2"], 2)])
def test_without_a_terminal_there_is_a_past_only_if_asked_for(
    given: list[str], days: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def enough(settings: Settings, store: object, camera: object, days: int, seed: int) -> None:
        asked.append(days)
        raise typer.Exit

    monkeypatch.setattr(command, "_with_people", enough)
    done = CliRunner().invoke(app, ["demo", "--headless", "--seconds", "1", *given])
    assert (done.exit_code, asked) == (0, [days]), done.output


def test_a_past_is_written_before_the_door_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.sources.simulated.people.ENROLLED", 12)
    monkeypatch.setenv("MUSTER_TIME_ZONE", "Europe/Berlin")
    dates: list[int] = []
    play = past.play

    def watched(store: Store, settings: Settings, team: Any, days: int, now: Any, **options: Any) -> None:
        play(store, settings, team, days, now, **options)
        with store.engine.connect() as connection:
            dates.append(connection.execute(text("SELECT count(DISTINCT date(at)) FROM attendance_event")).scalar_one())

    monkeypatch.setattr(past, "play", watched)
    done = CliRunner().invoke(app, ["demo", "--headless", "--seconds", "1", "--days", "7"])
    assert done.exit_code == 0, done.output
    assert "Enrolling 12 people" in done.output
    assert "15 frames" in done.output
    assert dates[0] >= 1


@pytest.mark.parametrize("days", ["-1", "367", "many"])
def test_days_are_a_number_up_to_a_year(days: str) -> None:
    done = CliRunner().invoke(app, ["demo", "--days", days])
    assert done.exit_code == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminal_that_is_closed_while_people_enrol_leaves_no_database(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    folders: list[Path] = []

    def closed(settings: Settings, *_: object) -> None:
        folders.append(Path(settings.db.removeprefix("sqlite:///")).parent)
        assert folders[0].is_dir()
        os.kill(os.getpid(), number)

    monkeypatch.setattr(command, "_with_people", closed)
    before = signal.getsignal(number)
    result = CliRunner().invoke(app, ["demo", "--headless"])
    assert (result.exit_code, signal.getsignal(number)) == (128 + number, before)
    assert not folders[0].exists()
