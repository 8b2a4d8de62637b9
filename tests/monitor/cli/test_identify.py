"""`muster identify`: a file that cannot be read is one input that failed, not wrong usage."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from db.errors import NoDatabase
from monitor import config
from monitor.cli import identify as command
from monitor.domain import EMOTIONS
from tests.monitor.stage import Photo


class _Nobody:
    def identify(self, rgb: object) -> list[object]:
        return []


def test_a_file_without_read_permission_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, good = tmp_path / "locked.png", tmp_path / "good.png"
    Image.new("L", (20, 20)).save(good)
    locked.write_bytes(good.read_bytes()[:40])
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) != str(locked) and access(path, mode))
    monkeypatch.setattr(command, "_by_gallery", lambda settings, config: _Nobody())
    app = typer.Typer()
    app.command()(command.identify)

    done = CliRunner().invoke(app, [str(locked), str(good)])

    assert done.exit_code == 3
    assert "good.png: no face" in done.stdout


def test_a_folder_that_gives_nothing_does_not_stop_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, empty, locked = tmp_path / "good.png", tmp_path / "empty", tmp_path / "locked"
    Image.new("L", (20, 20)).save(good)
    for folder in (empty, locked):
        folder.mkdir()
    (empty / "._good.png").write_bytes(b"what the Finder knows about good.png")
    listed = Path.iterdir

    def refuse(path: Path) -> Iterator[Path]:
        if path == locked:
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    monkeypatch.setattr(command, "_by_gallery", lambda settings, config: _Nobody())
    app = typer.Typer()
    app.command()(command.identify)

    done = CliRunner().invoke(app, [str(locked), str(empty), str(good)])

    assert done.exit_code == 3
    assert "good.png: no face" in done.stdout
    assert [line.split(": ")[1] for line in done.stderr.splitlines()] == [
        f"The folder {locked} cannot be read",
        f"The folder {empty} has no images; give another folder.",
    ]


def test_folders_inside_a_folder_are_said_to_be_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "more").mkdir()
    for name in ("one.png", "more/two.png"):
        Image.new("L", (20, 20)).save(tmp_path / name)
    monkeypatch.setattr(command, "_by_gallery", lambda settings, config: _Nobody())
    app = typer.Typer()
    app.command()(command.identify)

    done = CliRunner().invoke(app, [str(tmp_path)])

    assert (done.exit_code, done.stdout.count("no face")) == (0, 1)
    assert done.stderr.startswith(f"Pictures in 1 folder inside {tmp_path} are left out")


def test_before_anybody_is_enrolled_faces_are_found_and_nobody_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orl_photo: Photo
) -> None:
    monkeypatch.setattr(config, "DATA_FOLDER", tmp_path / "none")
    Image.fromarray(orl_photo(1, 1)).save(tmp_path / "one.png")
    app = typer.Typer()
    app.command()(command.identify)

    done = CliRunner().invoke(app, ["--json", str(tmp_path / "one.png")])

    assert done.exit_code == 0, done.stderr
    (face,) = json.loads(done.stdout)["faces"]
    assert face["person"] is None
    assert set(face["mood"]["scores"]) == set(EMOTIONS)
    assert "Nobody is enrolled yet" in done.stderr
    assert not (tmp_path / "none").exists()


def test_a_database_that_was_named_must_be_there(tmp_path: Path, orl_photo: Photo) -> None:
    Image.fromarray(orl_photo(1, 1)).save(tmp_path / "one.png")
    app = typer.Typer()
    app.command()(command.identify)

    done = CliRunner().invoke(app, ["--db", f"sqlite:///{tmp_path / 'typo.sqlite3'}", str(tmp_path / "one.png")])

    assert isinstance(done.exception, NoDatabase)
    assert not (tmp_path / "typo.sqlite3").exists()
