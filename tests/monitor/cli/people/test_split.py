"""`muster people show` numbers the images, and `split` moves one of them by its number."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from db.crypto import TemplateCipher
from db.records.people import Person
from monitor.cli.people.people import app
from tests.enroll.conftest import cipher, details, engine, made_up
from tests.monitor.desk.conftest import enrol

__all__ = ["cipher", "details", "engine", "enrol", "made_up"]


def test_an_image_is_moved_by_the_number_that_is_shown(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.cli.options.Run.open_store", lambda *_, **__: (engine, cipher))
    enrol("Anna")

    def shown() -> list[str]:
        return re.findall(
            r"^  image (\d+), \d{4}-\d\d-\d\d", CliRunner().invoke(app, ["show", "Anna"]).stdout, re.MULTILINE
        )

    assert shown() == ["1", "2", "3"]
    moved = CliRunner().invoke(app, ["split", "Anna", "2", "--to", "Ben"])
    assert moved.stdout == "The image now belongs to Ben.\n"
    assert shown() == ["1", "2"]
    refused = CliRunner().invoke(app, ["split", "Anna", "3", "--to", "Ben"])
    assert str(refused.exception) == "Anna has no image 3; see 'muster people show'."
