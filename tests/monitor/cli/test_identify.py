"""`muster identify`: a file that cannot be read is one input that failed, not wrong usage."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from PIL import ExifTags, Image
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


def test_folders_inside_a_folder_are_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "more").mkdir()
    for name in ("one.png", "more/two.png"):
        Image.new("L", (20, 20)).save(tmp_path / name)
    monkeypatch.setattr(command, "_by_gallery", lambda settings, config: _Nobody())
    app = typer.Typer()
    app.command()(command.identify)

    done = CliRunner().invoke(app, [str(tmp_path)])

    assert (done.exit_code, done.stdout.count("no face"), done.stderr) == (0, 2, "")


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


def _identify(*arguments: str) -> list[dict[str, Any]]:
    app = typer.Typer()
    app.command()(command.identify)
    done = CliRunner().invoke(app, ["--json", *arguments])
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_boxes_are_in_pixels_of_the_file_however_large_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orl_photo: Photo
) -> None:
    """Pictures over 4096 pixels are looked at smaller; one is stored on its side, too."""
    monkeypatch.setattr(config, "DATA_FOLDER", tmp_path / "none")
    wall = Image.new("RGB", (2400, 800), (120, 120, 120))
    wall.paste(Image.fromarray(orl_photo(12, 1)), (1800, 300))
    wall.save(tmp_path / "1.png")
    larger = wall.resize((4200, 1400))
    larger.save(tmp_path / "2.jpg")
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    larger.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "3.jpg", exif=exif)
    small, large, turned = (face for line in _identify(str(tmp_path)) for face in line["faces"])
    expected = [1.75 * side for side in small["box"]]
    assert large["box"] == pytest.approx(expected, abs=28)
    assert turned["box"] == pytest.approx(expected, abs=28)


def test_a_box_ends_where_the_picture_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orl_photo: Photo) -> None:
    monkeypatch.setattr(config, "DATA_FOLDER", tmp_path / "none")
    photo = orl_photo(5, 1)[80:, :210]
    rows = len(photo)
    Image.fromarray(photo).save(tmp_path / "cut.png")
    lines = _identify(str(tmp_path / "cut.png"))
    assert lines[0]["faces"]
    for line in lines:
        for face in line["faces"]:
            left, top, width, height = face["box"]
            assert left >= 0
            assert top >= 0
            assert left + width <= 210
            assert top + height <= rows


def test_folders_in_a_folder_are_searched_and_links_to_folders_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "_by_gallery", lambda settings, config: _Nobody())
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    for name in ("1.png", "a/2.png", "a/b/3.png"):
        Image.new("L", (20, 20)).save(tmp_path / name)
    assert [Path(line["image"]).name for line in _identify(str(tmp_path))] == ["1.png", "2.png", "3.png"]
