"""The fixtures of the app's tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_textual_snapshot import SVGImageExtension
from textual._compositor import Compositor
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.geometry import Region
from textual.notifications import Notification
from textual.screen import Screen

from monitor.tui.app import MusterApp

# The plugin names the extension as an older syrupy wanted it; without this the pictures end in ".raw".
SVGImageExtension.file_extension = "svg"


@pytest.fixture(scope="session", autouse=True)
def _sheets_are_parsed_once() -> Iterator[None]:
    """Textual parses the same style sheets several times an app and anew for each: a quarter of these tests' time."""
    parse, parsed = Stylesheet._parse_rules, dict[object, list[RuleSet]]()

    def once(sheet: Stylesheet, css: str, **how: Any) -> list[RuleSet]:
        key = css, tuple(how.items()), tuple(sheet._variables.items())
        if key not in parsed:
            parsed[key] = parse(sheet, css, **how)
        return parsed[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _keys_follow_each_other_fast() -> Iterator[None]:
    """Pilot sleeps 40 ms after each key and 20 ms at each pause, until a sleep used no processor: half of these tests'
    time. One is enough for a key to be handled; for what follows from it `settle` waits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("textual._wait.SLEEP_GRANULARITY", 1 / 1000)
        patch.setattr("textual._wait.SLEEP_IDLE", 1 / 1000 / 4)
        yield


@pytest.fixture(scope="session", autouse=True)
def _a_slow_machine_shows_the_same() -> Iterator[None]:
    """What the app does by itself after some seconds would come into the middle of a test that takes longer."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("FIRST_COUNT", "FIRST_LOOK", "LOOK_EVERY", "COUNT_EVERY", "IDLE_SECONDS"):
            patch.setattr(f"monitor.tui.app.{name}", 86_400.0)
        for name in ("door.LEFT_ALONE", "lock.LEFT_ALONE", "pin_entry.LEFT_ALONE", "pin_entry.READER_PAUSE"):
            patch.setattr(f"monitor.tui.screens.door.{name}", 86_400.0)
        patch.setattr("monitor.tui.screens.desk.RETRY", 86_400.0)
        patch.setattr(Notification, "time_left", 86_400.0)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_picture_for_no_terminal() -> Iterator[None]:
    """Without a terminal Textual draws the app and throws it away, a third of these tests' time. A test that reads the
    screen, and a snapshot, draw all of it as ever."""
    refresh, join, unseen = Screen._compositor_refresh, Compositor._render_chops, set[Compositor]()

    def refreshed(screen: Screen[Any]) -> None:
        if screen.app.is_headless and isinstance(screen.app, MusterApp):
            unseen.add(screen._compositor)
        try:
            refresh(screen)
        finally:
            unseen.discard(screen._compositor)

    def joined(compositor: Compositor, crop: Region, is_rendered: Callable[[int], bool]) -> Any:
        return [] if compositor in unseen else join(compositor, crop, is_rendered)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Screen, "_compositor_refresh", refreshed)
        patch.setattr(Compositor, "_render_chops", joined)
        patch.setattr(RuleSet, "__hash__", object.__hash__)  # what it is, too, but without a call of Python for each
        yield
