"""`muster people merge`: refused for faces that differ, unless it is forced."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner

from db.crypto import TemplateCipher
from db.records.people import Person
from monitor.cli.people.people import app
from monitor.errors import UsageError
from tests.enroll.conftest import cipher, details, engine, made_up
from tests.monitor.desk.conftest import enrol

__all__ = ["cipher", "details", "engine", "enrol", "made_up"]


def test_the_refusal_says_how_to_force_it(
    engine: Engine, cipher: TemplateCipher, enrol: Callable[..., Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.cli.options.Run.open_store", lambda *_, **__: (engine, cipher))
    enrol("Anna")
    enrol("Ben")
    refused = CliRunner().invoke(app, ["merge", "Ben", "Anna"]).exception
    assert isinstance(refused, UsageError)
    assert (refused.code, refused.exit_code) == ("merge-unlike", 2)
    assert str(refused).startswith("Ben and Anna do not look like one person (similarity 0.")
    assert str(refused).endswith("); add --force if they are.")
    assert (
        "Ben was merged into Anna; 'muster people undo' takes it back."
        in CliRunner().invoke(app, ["merge", "Ben", "Anna", "--force"]).stdout
    )
