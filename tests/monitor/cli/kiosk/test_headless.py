"""A kiosk without an app looks after its database, whatever goes wrong."""

import logging
import threading

import pytest

from monitor.cli.kiosk import headless
from tests.monitor.world import World


def test_an_unforeseen_error_ends_neither_backups_nor_purges(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks, again = [0], threading.Event()

    def look_after(*_: object) -> None:
        looks[0] += 1
        if looks[0] == 1:
            raise OSError(28, "No space left on device")
        again.set()

    monkeypatch.setattr(headless, "FIRST_LOOK", 0.0)
    monkeypatch.setattr(headless, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(headless, "look_after", look_after)
    monkeypatch.setattr(headless, "examine_when_due", lambda *_: None)
    with caplog.at_level(logging.ERROR), headless.looked_after(world.engine, world.cipher, world.settings):
        assert again.wait(60)
    assert "No space left" in caplog.text
