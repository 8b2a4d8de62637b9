"""`muster desk`: names at the desk."""

import json
from pathlib import Path

from typer.testing import CliRunner

from db.engine import open_database
from db.key_store import load_cipher
from db.proof.heads import open_with
from monitor.cli.main import app


def test_a_name_is_added_listed_and_removed(tmp_path: Path) -> None:
    file, url = tmp_path / "muster.toml", f"sqlite:///{tmp_path / 'desk.sqlite3'}"
    engine, cipher = open_database(url), load_cipher(tmp_path)
    open_with(engine, cipher, tmp_path)
    engine.dispose()
    file.touch()
    common, run = ["--db", url, "--config", str(file)], CliRunner().invoke
    early = run(app, ["desk", "add", "Ingrid Sund", *common], input="")
    assert "Set the admin PIN first" in str(early.exception), "before a PIN is asked for"
    assert "The admin PIN is set" in run(app, ["desk", "admin-pin", *common], input="141421\n").output
    before = file.read_text()
    wrong = run(app, ["desk", "admin-pin", *common], input="173205\n223606\n")
    assert "not the present admin PIN" in str(wrong.exception)
    assert file.read_text() == before
    assert "The admin PIN is set" in run(app, ["desk", "admin-pin", *common], input="141421\n173205\n").output
    assert file.read_text() != before
    added = run(app, ["desk", "add", "Ingrid Sund", *common], input="271828\n")
    assert "Ingrid Sund opens the desk" in added.output, added.output
    listed = run(app, ["desk", "list", "--json", *common])
    assert json.loads(listed.stdout)["name"] == "Ingrid Sund"
    assert "does not open the desk any more" in run(app, ["desk", "remove", "ingrid sund", *common]).output
    assert "Nobody is entered yet" in run(app, ["desk", "list", *common]).output
