"""`muster calibrate --nightly`, as it is typed."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from db.crypto import TemplateCipher
from db.engine import open_database, writing
from db.faces import templates
from db.key_store import decode_key
from db.people import people
from monitor.cli.main import app
from monitor.vision.encoder import ENCODER_NAME

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
KEY = "A" * 43 + "="


def test_it_lists_everybody_the_worst_served_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_KEY", KEY)
    file, config = str(tmp_path / "muster.sqlite3"), tmp_path / "muster.toml"
    config.touch()
    engine, cipher = open_database(file), TemplateCipher(decode_key(KEY, "test"))
    with writing(engine) as session:
        for number, name in enumerate(("Ada", "[red]Bob[/red]")):
            person = people.add_person(session, name, at=AT, actor="test").id
            face = np.eye(128, dtype=np.float32)[number]
            templates.set_mean_template(
                session, cipher, person, encoder=ENCODER_NAME, embedding=face, members=1, at=AT
            )  # fmt: skip
    engine.dispose()
    words = ["calibrate", "--nightly", "--db", file, "--config", str(config)]
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 0, told.output
    assert "2 people in the gallery." in told.stdout
    assert "[red]Bob[/red]" in told.stdout
    lines = [json.loads(line) for line in CliRunner().invoke(app, [*words, "--json"]).stdout.splitlines()]
    assert lines[0]["summary"]["people"] == 2
    assert [line["person"] for line in lines[1:]] == ["Ada", "[red]Bob[/red]"]
    assert all(line["needs_picture"] for line in lines[1:])
