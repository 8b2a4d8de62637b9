"""What all screens do with work and words."""

import pytest
from textual.app import App

from monitor.tui.runtime.work import WorkApp


def test_a_toast_is_plain_text_and_stays_until_it_can_have_been_read(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[object, object]] = []
    monkeypatch.setattr(App, "notify", lambda _app, _message, **how: told.append((how["timeout"], how["markup"])))
    app = WorkApp()
    app.notify("[bold]Ada[/] came in")
    app.toast_problem("x" * 240)
    app.notify("x", timeout=60.0)
    assert told == [(5.0, False), (20.0, False), (60.0, False)]
