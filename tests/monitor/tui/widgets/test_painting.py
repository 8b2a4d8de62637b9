"""Lines that go straight to the terminal go where the compositor would put them, or not at all."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.containers import Container
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Static

from monitor.tui.widgets.painting import paint
from tests.monitor.world import settle


class Terminal:
    """Keeps what is written."""

    is_inline = False

    def __init__(self) -> None:
        self.written = ""

    def write(self, text: str) -> None:
        self.written += text


class Framed(App[None]):
    CSS = "#frame { border: round white; width: 20; height: 8; offset: 3 2; } #over { layer: top; offset: 30 0; }"

    def compose(self) -> ComposeResult:
        with Container(id="frame"):
            yield Static(id="picture")
        yield Static("over", id="over")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    return Terminal()


@contextmanager
def shown_on(app: Framed, terminal: Terminal) -> Iterator[None]:
    """As in a terminal, for what is painted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(app), "is_headless", False)
        patch.setattr(app, "_driver", terminal)
        yield


def painted(app: Framed, terminal: Terminal) -> bool:
    picture = app.query_one("#picture")
    line = Strip([Segment("x" * picture.size.width)])
    with shown_on(app, terminal):
        return paint(app, picture, [(0, line), (2, line)])


async def test_lines_stand_where_the_widget_is_and_the_cursor_where_it_was(terminal: Terminal) -> None:
    app = Framed()
    async with app.run_test(size=(60, 20)) as pilot:
        await settle(pilot)
        app.query_one("#picture").styles.height = "1fr"
        app.cursor_position = app.query_one("#over").region.offset
        await settle(pilot)
        x, y = app.query_one("#picture").region.offset
        assert (x, y) == (4, 3)
        assert painted(app, terminal)
        line = "x" * 18
        assert terminal.written.startswith(f"\x1b[{y + 1};{x + 1}H{line}\x1b[{y + 3};{x + 1}H{line}")
        column, row = app.cursor_position
        assert terminal.written.endswith(f"\x1b[{row + 1};{column + 1}H")


async def test_what_lies_over_the_widget_leaves_it_to_the_compositor(terminal: Terminal) -> None:
    app = Framed()
    async with app.run_test(size=(60, 20)) as pilot:
        app.query_one("#picture").styles.height = "1fr"
        await settle(pilot)
        assert painted(app, terminal)
        app.query_one("#over").styles.offset = (5, 4)
        await settle(pilot)
        assert app.query_one("#over").region.overlaps(app.query_one("#picture").region)
        assert not painted(app, terminal)
        app.query_one("#over").styles.offset = (30, 0)
        await settle(pilot)
        app.push_screen(ModalScreen())
        await settle(pilot)
        assert not painted(app, terminal), "another screen is over it"
        app.pop_screen()
        await settle(pilot)
        assert painted(app, terminal)
        app.query_one("#frame").styles.offset = (-6, 2)
        await settle(pilot)
        assert not painted(app, terminal), "a part of it is cut off"


async def test_a_screen_without_a_terminal_is_left_to_the_compositor() -> None:
    app = Framed()
    async with app.run_test(size=(60, 20)) as pilot:
        await settle(pilot)
        assert not paint(app, app.query_one("#picture"), [(0, Strip([Segment("x")]))])
