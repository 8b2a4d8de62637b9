"""The command of the kiosk."""

from importlib import import_module
from typing import Any

import pytest
from typer.testing import CliRunner

from monitor.cli.main import app


def test_an_app_that_is_left_to_begin_again_does_so_with_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[bool] = []

    def once(*_: Any, headless: bool, **__: Any) -> bool:
        runs.append(headless)
        return len(runs) < 3

    monkeypatch.setattr(import_module("monitor.cli.kiosk.kiosk"), "_kiosk", once)
    assert CliRunner().invoke(app, ["kiosk", "--headless"]).exit_code == 0
    assert runs == [True, False, False]
