"""The doctor tells what is wrong, breaks nothing, and makes nothing."""

import hashlib
import io
import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from db import crypto, key_store
from db.attendance import kiosks
from db.engine import open_database, writing
from monitor.cli import doctor
from monitor.cli.main import app
from monitor.config import Settings
from monitor.config_sources import load_settings
from monitor.doctor import machine, storage, vision
from monitor.doctor.check import Check, Status
from monitor.doctor.machine import check_picture
from monitor.doctor.run import run_checks
from monitor.vision import models
from monitor.vision.detection.turns import turned_picture
from tests.monitor.stage import Photo

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_key_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_store, "_has_keyring", lambda: False)
    monkeypatch.delenv("MUSTER_KEY", raising=False)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(db=f"sqlite:///{tmp_path / 'data' / 'door.sqlite3'}", time_zone="Europe/Berlin")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the settings want the database."""
    return tmp_path / "data" / "door.sqlite3"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "muster.toml"


def statuses(checks: Iterator[Check]) -> list[Status]:
    return [check.status for check in checks]


def make_database(settings: Settings, key: bytes | None = None) -> None:
    engine = open_database(settings.db)
    with writing(engine) as session:
        kiosks.register(session, "door", site="main", role="auto", time_zone="UTC", at=NOW)
        if key is not None:
            crypto.bind_key(session, crypto.TemplateCipher(key), NOW)
    engine.dispose()


def test_a_database_that_is_missing_is_no_fault_and_is_not_made(settings: Settings, file: Path) -> None:
    (check,) = storage.check_database(settings)
    assert check.status is Status.OK
    assert str(file) in check.sentence
    assert not file.parent.exists()


def test_a_database_in_order_is_current_whole_and_writable(settings: Settings) -> None:
    make_database(settings)
    assert statuses(storage.check_database(settings)) == [Status.OK, Status.OK]


@pytest.mark.parametrize("content", [b"this is not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_file_that_is_no_database_fails_and_is_left_as_it_is(settings: Settings, file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    (check,) = storage.check_database(settings)
    assert check.status is Status.FAIL
    assert check.advice
    assert file.read_bytes() == content


def test_a_database_of_a_newer_version_fails(settings: Settings, file: Path) -> None:
    make_database(settings)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    (check,) = storage.check_database(settings)
    assert check.status is Status.FAIL
    assert "newer" in check.sentence


def test_a_database_url_that_names_no_database_fails(settings: Settings) -> None:
    for url in ("mysql://somewhere/else", "sqlite://", "nonsense://"):
        (check,) = storage.check_database(settings.model_copy(update={"db": url}))
        assert check.status is Status.FAIL


def test_without_a_key_nothing_is_wrong_yet_and_none_is_made(settings: Settings, config: Path) -> None:
    assert statuses(storage.check_key(settings, config)) == [Status.OK]
    assert list(config.parent.iterdir()) == []


def test_a_key_that_is_missing_or_not_the_databases_own_fails(settings: Settings, config: Path) -> None:
    make_database(settings, key=b"k" * 32)
    assert statuses(storage.check_key(settings, config)) == [Status.FAIL]
    key_file = config.with_name(key_store.KEY_FILE)
    key_store.write_key_file(key_file, b"x" * 32, replace=True)
    assert statuses(storage.check_key(settings, config)) == [Status.FAIL]
    key_store.write_key_file(key_file, b"k" * 32, replace=True)
    assert statuses(storage.check_key(settings, config)) == [Status.OK]


def test_a_key_that_others_may_read_is_warned_of(settings: Settings, config: Path) -> None:
    key_file = config.with_name(key_store.KEY_FILE)
    key_store.write_key_file(key_file, b"k" * 32, replace=True)
    key_file.chmod(0o644)
    (check,) = storage.check_key(settings, config)
    assert check.status is Status.WARN
    assert "chmod 600" in str(check.advice)


def test_the_installed_models_are_the_expected_ones() -> None:
    assert set(statuses(vision.check_models())) == {Status.OK}
    assert statuses(vision.check_emotion()) == [Status.OK]


def test_a_model_that_is_another_one_or_missing_fails(tmp_path: Path) -> None:
    wrong = {
        models.BLAZEFACE._replace(sha256="0" * 64): "face detector",
        models.ModelFile("no_such_package", "a.dat", "0" * 64): "nothing",
    }
    assert statuses(vision.check_models(wrong)) == [Status.FAIL, Status.FAIL]
    (tmp_path / "emotion.onnx").write_bytes(b"weights")
    assert statuses(vision.check_emotion(tmp_path / "emotion.onnx")) == [Status.FAIL]
    (tmp_path / "emotion.sha256").write_text("")
    assert statuses(vision.check_emotion(tmp_path / "emotion.onnx")) == [Status.FAIL]


def test_a_damaged_model_cache_is_warned_of(tmp_path: Path) -> None:
    assert statuses(vision.check_cache(tmp_path / "cache")) == [Status.OK]
    named = hashlib.sha256(b"model").hexdigest()[:32]
    built = tmp_path / f"recipe-{models.DLIB_ENCODER.sha256[:32]}-{named}.bin"
    built.write_bytes(b"model")
    assert statuses(vision.check_cache(tmp_path)) == [Status.OK]
    built.write_bytes(built.read_bytes()[:-1])
    assert statuses(vision.check_cache(tmp_path)) == [Status.WARN]


@pytest.mark.parametrize(
    ("program", "status", "told"),
    [
        ("import os; os.abort()", Status.FAIL, "SIGABRT"),
        ("raise RuntimeError('no such instruction')", Status.FAIL, "no such instruction"),
        ("import os; os.write(2, b'INFO: delegate made')", Status.WARN, "INFO: delegate made"),
        ("", Status.OK, "run without a warning"),
    ],
)
def test_libraries_that_crash_or_print_are_noticed(program: str, status: Status, told: str) -> None:
    (check,) = vision.check_trial(program)
    assert check.status is status
    assert told in check.sentence


def test_a_clock_behind_the_databases_last_write_fails(settings: Settings) -> None:
    assert statuses(machine.check_clock(settings, datetime(1970, 1, 1, tzinfo=UTC))) == [Status.FAIL]
    earlier = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
    assert statuses(machine.check_clock(settings, earlier)) == [Status.OK]
    make_database(settings)
    assert statuses(machine.check_clock(settings, earlier)) == [Status.FAIL]
    (check,) = machine.check_clock(settings, NOW)
    assert "09:00 in Europe/Berlin" in check.sentence


def test_a_time_zone_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for told, status in (("Mars/Base", Status.WARN), ("CET-1CEST", Status.WARN), (":Europe/Berlin", Status.OK)):
        monkeypatch.setenv("TZ", told)
        assert statuses(machine.check_clock(Settings(), NOW.replace(year=2027))) == [status], told
        chosen = Settings(time_zone="Europe/Berlin")
        assert statuses(machine.check_clock(chosen, NOW.replace(year=2027))) == [Status.OK]


def test_a_check_that_breaks_is_told_and_stops_no_other(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks() -> Iterator[Check]:
        raise OSError("no sysfs here")

    monkeypatch.setattr(machine, "check_python", breaks)
    monkeypatch.setattr(vision, "check_trial", lambda: iter(()))
    first, *others = run_checks(settings)
    assert first.status is Status.FAIL
    assert "no sysfs here" in first.sentence
    assert {"disk", "clock", "database", "template key"} <= {check.name for check in others}


def test_the_command_prints_one_object_a_line_and_fails_with_a_broken_database(
    file: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vision, "check_trial", lambda: iter(()))
    monkeypatch.setattr(machine, "check_cameras", lambda settings: iter(()))
    config.write_text("")
    arguments = ["doctor", "--json", "--db", str(file), "--config", str(config)]
    fine = CliRunner().invoke(app, arguments)
    file.parent.mkdir(exist_ok=True)
    file.write_text("broken " * 200)
    broken = CliRunner().invoke(app, arguments)
    assert (fine.exit_code, broken.exit_code) == (0, 1)
    records = [json.loads(line) for line in broken.stdout.splitlines()]
    assert all(set(record) == {"name", "status", "sentence", "advice"} for record in records)
    assert [record["name"] for record in records if record["status"] == "fail"] == ["database"]


def test_at_a_terminal_no_line_breaks_within_a_word_or_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    written, path = io.StringIO(), "/home/" + "long-" * 20 + "folder"
    monkeypatch.setattr(doctor, "out", Console(file=written, force_terminal=True, color_system=None, width=60))
    doctor._print(
        Check("disk", Status.OK, f"There is room on the disk of {path}, as far as can be seen.", "Look again.")
    )
    told = [line[20:] for line in written.getvalue().splitlines()]
    assert told == ["There is room on the disk of", path + ",", "as far as can be seen.", "Look again."]


def test_settings_that_make_no_sense_are_a_failed_check(config: Path) -> None:
    config.write_text("time_zone = 'Mars/Olympus'")
    result = CliRunner().invoke(app, ["doctor", "--config", str(config)])
    assert result.exit_code == 1
    assert "Mars/Olympus" in result.stdout


@pytest.mark.parametrize(("hung", "rotate", "proposed"), [(0, 0, None), (90, 0, 270), (90, 270, None), (180, 0, 180)])
def test_a_camera_on_its_side_is_told_with_the_setting_to_write(
    tmp_path: Path, orl_photo: Photo, hung: int, rotate: int, proposed: int | None
) -> None:
    for number in range(2):
        picture = np.full((480, 640, 3), 120, np.uint8)
        picture[60:420, 180:480] = cv2.resize(orl_photo(5, number + 1), (300, 360))
        Image.fromarray(turned_picture(picture, hung)).save(tmp_path / f"{5 * number}.png")
    (found,) = check_picture(load_settings(source=str(tmp_path), rotate=rotate))
    assert found.status is (Status.OK if proposed is None else Status.WARN)
    if proposed is not None:
        assert f"rotate = {proposed}" in str(found.advice)


def test_of_a_source_that_does_not_open_the_picture_is_not_judged(tmp_path: Path) -> None:
    assert list(check_picture(load_settings(source=str(tmp_path / "none.mp4")))) == []
