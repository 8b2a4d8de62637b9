"""The app at the desk and at the door, its keys and dialogs, as tests use them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual import events
from textual.pilot import Pilot
from textual.widgets import Button, Input, Select, Static

from monitor.domain import KioskEvent, Scene
from monitor.tui.app import MusterApp
from monitor.tui.widgets.table import Table
from tests.monitor.world import World, scene, settle, show_door

SIZE = (120, 36)


@asynccontextmanager
async def at_desk(
    world: World,
    *keys: str,
    camera: bool = False,
    size: tuple[int, int] = SIZE,
    notifications: bool = False,
    **settings: Any,
) -> AsyncIterator[Pilot[None]]:
    """The app after these keys."""
    async with world.app(camera=camera, **settings).run_test(size=size, notifications=notifications) as pilot:
        await go(pilot, *keys)
        yield pilot


@asynccontextmanager
async def at_door(
    world: World,
    *events: KioskEvent,
    shown: Scene | None = None,
    size: tuple[int, int] = SIZE,
    notifications: bool = False,
    **settings: Any,
) -> AsyncIterator[Pilot[None]]:
    """The app with a camera, after this scene and these events."""
    async with world.app(**settings).run_test(size=size, notifications=notifications) as pilot:
        await show_door(pilot, world, shown or scene(world), *events)
        yield pilot


async def go(pilot: Pilot[None], *keys: str) -> None:
    """Press keys one after another, each when the one before has had its effect."""
    await settle(pilot)
    for key in keys:
        await pilot.press(key)
        await settle(pilot)
    while getattr(pilot.app.screen, "_settle", None) is not None:  # letters gather before the database is asked
        await pilot.pause(0.02)
    await settle(pilot)


def type_at_once(pilot: Pilot[None], *keys: str) -> None:
    """Put keys before the app, as a terminal does when somebody types ahead; longer texts are pasted."""
    for key in keys:
        pasted = len(key) > 1 and " " in key
        pilot.app.post_message(events.Paste(key) if pasted else events.Key(key, key if len(key) == 1 else None))


async def done(pilot: Pilot[None]) -> None:
    """Wait until all keys are dealt with."""
    app = pilot.app
    assert isinstance(app, MusterApp)
    while app._key_order._effect is not None:
        await pilot.pause()
    await go(pilot)


async def fill(pilot: Pilot[None], **values: str) -> None:
    """Fill the dialog in and press its button."""
    for key, value in values.items():
        widget = pilot.app.screen.query_one(f"#ask-{key}")
        assert isinstance(widget, Input | Select)
        widget.value = value
    pilot.app.screen.query_one("#yes", Button).press()
    await settle(pilot)


def names(pilot: Pilot[None], table: str) -> list[str]:
    return [row.cells[1 if table == "#roster" else 0] for row in pilot.app.screen.query_one(table, Table).rows]


def told(pilot: Pilot[None]) -> str:
    """What the toasts say, however they are wrapped."""
    return "\n".join(one.message for one in pilot.app._notifications)


async def problem(pilot: Pilot[None]) -> str:
    """What the dialog says is wrong, when it is there (again)."""
    for _ in range(3000):
        said = [str(one.render()) for one in pilot.app.screen.query("#problem").results(Static)]
        if any(said):
            return said[0]
        await pilot.pause(0.02)
    raise AssertionError("no dialog says that anything is wrong")


def asked(pilot: Pilot[None]) -> str:
    """The sentences of the dialog in front."""
    return str(pilot.app.screen.query_one("#text", Static).render())
