"""The command of the kiosk, also where its database cannot be used when it starts."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from db.attendance import kiosks
from db.engine import open_database, reading, writing
from db.errors import DatabaseFull, NoDatabase
from db.key_store import write_key_file
from monitor.cli.kiosk import kiosk as command
from monitor.cli.main import app
from monitor.cli.options import Run
from monitor.config import Settings


def test_a_door_says_once_why_the_database_cannot_be_opened_and_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, run = Settings(db=f"sqlite:///{tmp_path / 'a.sqlite3'}"), Run(config=tmp_path / "muster.toml")
    opened, tries = Run.open_store, []

    def full_at_first(*given: object, **named: object) -> object:
        tries.append(1)
        if len(tries) < 4:
            raise DatabaseFull("The disk is full.")
        return opened(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Run, "open_store", full_at_first)
    pauses: list[float] = []
    engine, _ = command.open_store(run, settings, wait=True, pause=pauses.append)
    engine.dispose()
    assert pauses == [command.TRY_AGAIN_AFTER] * 3
    assert capsys.readouterr().err.count("The disk is full. Muster tries again every 2 seconds") == 1
    tries.clear()
    with pytest.raises(DatabaseFull):
        command.open_store(run, settings, wait=False)


def test_a_mistyped_database_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_given: object, **_named: object) -> object:
        raise NoDatabase(tmp_path)

    monkeypatch.setattr(Run, "open_store", missing)
    with pytest.raises(NoDatabase):
        command.open_store(Run(), Settings(db="unused"), wait=True, pause=lambda _: pytest.fail("waited"))


def test_a_locked_database_that_can_be_read_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.engine.BUSY_TIMEOUT_MS", 20)
    settings, run = Settings(db=f"sqlite:///{tmp_path / 'a.sqlite3'}"), Run(config=tmp_path / "muster.toml")
    command.open_store(run, settings, wait=False)[0].dispose()  # makes it
    other = open_database(settings.db)
    with writing(other) as owner:
        assert kiosks.all_kiosks(owner) == []
        engine, _ = command.open_store(run, settings, wait=False)
        with reading(engine) as session:
            assert kiosks.all_kiosks(session) == []
        engine.dispose()
    other.dispose()


def test_an_app_that_is_left_to_begin_again_does_so_with_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[bool] = []

    def once(*_: Any, headless: bool, **__: Any) -> bool:
        runs.append(headless)
        return len(runs) < 3

    monkeypatch.setattr(import_module("monitor.cli.kiosk.kiosk"), "_kiosk", once)
    assert CliRunner().invoke(app, ["kiosk", "--headless"]).exit_code == 0
    assert runs == [True, False, False]


def test_pictures_that_cannot_be_read_are_told_by_the_exit_code_and_a_key_for_all_eyes_in_a_sentence(
    tmp_path: Path,
) -> None:
    (tmp_path / "muster.toml").touch()
    write_key_file(tmp_path / "template.key", b"k" * 32, replace=False)
    (tmp_path / "template.key").chmod(0o644)
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (64, 48)).save(tmp_path / "pictures" / "1.png")
    (tmp_path / "pictures" / "2.png").write_text("no picture")
    given = ["--source", tmp_path / "pictures", "--db", tmp_path / "a.sqlite3", "--config", tmp_path / "muster.toml"]
    done = CliRunner().invoke(app, ["kiosk", *map(str, given), "--headless"])
    assert (done.exit_code, "1 of 2 images" in done.stderr) == (3, True), done.output
    assert f"chmod 600 '{tmp_path / 'template.key'}'" in done.stderr


def test_a_time_in_the_future_is_said_and_sub_folders_are_named(tmp_path: Path) -> None:
    (tmp_path / "people" / "Anna").mkdir(parents=True)
    given = ["kiosk", "--source", str(tmp_path / "people"), "--db", str(tmp_path / "a.sqlite3"), "--headless"]
    done = CliRunner().invoke(app, [*given, "--at", "2126-01-01T08:00"])
    assert "2126-01-01T08:00 is in the future" in done.stderr
    assert "Images in its sub-folders are not read." in str(done.exception)
    assert "future" not in CliRunner().invoke(app, [*given, "--at", "2026-01-01T08:00"]).stderr
