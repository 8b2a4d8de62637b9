"""`muster config`: settings are seen with where they come from, changed, and taken back."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.cli.main import app
from monitor.config import Settings
from monitor.config_sources import load_settings
from monitor.errors import SettingsError, UsageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "muster.toml"


def run(*words: str, input: str | None = None) -> Result:
    return CliRunner().invoke(app, list(words), input=input)


def shown(file: Path, name: str, *words: str) -> dict[str, str]:
    lines = run("config", "show", "--config", str(file), "--json", *words).stdout.splitlines()
    return next(one for line in lines if (one := json.loads(line))["name"] == name)


def test_each_setting_tells_where_its_value_comes_from(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('site = "Harbour"\nkiosk = "north"\n[quality]\nyaw = 20\n')
    monkeypatch.setenv("MUSTER_KIOSK", "south")
    assert (shown(file, "site")["value"], shown(file, "site")["from"]) == ("Harbour", "file")
    assert (shown(file, "kiosk")["value"], shown(file, "kiosk")["from"]) == ("south", "variable")
    assert (shown(file, "quality.yaw")["value"], shown(file, "quality.yaw")["from"]) == ("20.0", "file")
    assert shown(file, "role")["from"] == "default"
    assert (shown(file, "db", "--db", "x.db")["value"], shown(file, "db", "--db", "x.db")["from"]) == ("x.db", "option")
    assert shown(file, "role")["sentence"] == Settings.model_fields["role"].description


def test_a_setting_is_written_and_taken_out_again(file: Path) -> None:
    run("config", "set", "quality.yaw", "20", "--config", str(file))
    run("config", "set", "site", "42", "--config", str(file))
    run("config", "set", "grow_templates", "true", "--config", str(file))
    run("config", "set", "opener.groups", "staff, cleaners", "--config", str(file))
    settings = load_settings(file)
    assert (settings.quality.yaw, settings.site, settings.grow_templates) == (20, "42", True)
    assert settings.opener.groups == ("staff", "cleaners")
    run("config", "unset", "quality.yaw", "--config", str(file))
    assert load_settings(file).quality.yaw == 35
    assert "is not in" in run("config", "unset", "quality.yaw", "--config", str(file)).stdout


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("rolle", "in", "perhaps role is meant"),
        ("role", "inn", "'in', 'out' or 'auto'"),
        ("target_fpir", "1.5", "less than 1"),
        ("target_fpir", "often", "number"),
        ("time_zone", "Mars/North", "not a time zone"),
        ("quality.yaw", "-5", "Setting quality.yaw: it should be greater than"),
        ("quality", "1", "There is no setting quality"),
        ("webhooks", "https://x", "write them with 'muster webhooks'"),
        ("keys.undo", "x", "Setting keys.undo: x is the key of undo and of take_away"),
    ],
)
def test_what_makes_no_sense_is_not_written(file: Path, name: str, value: str, said: str) -> None:
    error = run("config", "set", name, value, "--config", str(file)).exception
    assert isinstance(error, SettingsError)
    assert said in str(error)
    assert not file.exists()


def test_the_admin_pin_is_shown_to_nobody(file: Path) -> None:
    file.write_text('admin_pin_hash = "abc"\n')
    assert shown(file, "admin_pin_hash")["value"] == "set"
    assert "abc" not in run("config", "show", "--config", str(file)).stdout


def test_no_setting_of_that_name_is_said(file: Path) -> None:
    file.touch()
    assert isinstance(run("config", "show", "nothing", "--config", str(file)).exception, UsageError)


def test_the_example_has_every_setting_and_changes_nothing(file: Path) -> None:
    file.write_text(run("config", "example").stdout)
    assert load_settings(file) == load_settings()
    whole = file.read_text().replace("\n# ", "\n")
    names = [line.partition(" = ")[0] for line in whole.splitlines() if " = " in line]
    tables = {"quality", "opener", "mqtt", "keys"}
    assert set(Settings.model_fields) - tables - {"admin_pin_hash", "forward", "webhooks"} <= set(names)
    assert [name for name in tables if f"\n[{name}]\n" not in whole] == []


def test_the_editor_changes_the_file_and_a_wrong_text_does_not(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text('site = "x"\n')
    editor = tmp_path / "editor.py"
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    monkeypatch.delenv("VISUAL", raising=False)
    editor.write_text("import sys, pathlib; pathlib.Path(sys.argv[1]).write_text('site = \"y\"\\n')")
    assert "holds from the next start" in run("config", "edit", "--config", str(file)).stdout
    editor.write_text("import sys, pathlib; pathlib.Path(sys.argv[1]).write_text('role = \"inn\"\\n')")
    run("config", "edit", "--config", str(file), input="n\n")
    assert file.read_text() == 'site = "y"\n'
    editor.write_text("")
    assert "Nothing was changed" in run("config", "edit", "--config", str(file)).stdout
    editor.write_text("raise SystemExit(3)")
    for command, told in ((None, "ended with the exit code 3,"), ("'no end", "cannot be"), ("/no/vi", "cannot be")):
        monkeypatch.setenv("EDITOR", command or f"{sys.executable} {editor}")
        error = str(CliRunner().invoke(app, ["config", "edit", "--config", str(file)]).exception)
        assert told in error
        assert "Errno" not in error
        assert "Command" not in error


def test_the_path_is_told_whether_the_file_is_there_or_not(file: Path) -> None:
    told = json.loads(run("config", "path", "--config", str(file), "--json").stdout)
    assert told == {"file": str(file), "exists": False}


def test_an_admin_pin_is_not_written_as_it_is(file: Path) -> None:
    result = CliRunner().invoke(app, ["config", "set", "admin_pin_hash", "123456", "--config", str(file)])
    assert isinstance(result.exception, SettingsError)
    assert "System (F6), c, admin_pin_hash" in str(result.exception)
    assert not file.exists() or "123456" not in file.read_text()


def test_a_secret_is_written_and_not_shown(file: Path) -> None:
    told = run("config", "set", "mqtt.password", "hush", "--config", str(file)).stdout
    assert "hush" not in told
    assert "hush" in file.read_text()
