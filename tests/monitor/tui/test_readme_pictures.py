"""The pictures in the README are what the app draws of the demo; `--snapshot-update` draws them anew."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.app import App

from db.engine import open_database, reading
from db.people import people
from db.proof.heads import open_with
from monitor.config import Settings
from monitor.desk.demo import past
from monitor.desk.demo.team import members
from monitor.desk.store import Store
from monitor.domain import EventKind, KioskEvent, Scene
from monitor.pipeline.open_kiosk import open_kiosk
from monitor.sources.simulated.camera import SimulatedCamera
from tests.monitor.tui.desk_keys import at_desk
from tests.monitor.world import CIPHER, World, settle, show_door

PICTURES = Path(__file__).parent / "pictures"
NOW = datetime(2026, 6, 18, 12, 20, tzinfo=UTC)
"""A Thursday, 14:20 in Berlin: the office is there, the early shift has just gone."""
DAYS, SEED, SECONDS, FRAME = 30, 1, 8.0, 110


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """What `muster demo` shows at that time: everybody's faces, and thirty days."""
    folder = tmp_path_factory.mktemp("demo")
    settings = Settings(
        db=f"sqlite:///{folder / 'demo.sqlite3'}", time_zone="Europe/Berlin", cool_down_minutes=0.2, door_moods=True,
        site="demo", kiosk="demo door", source="demo", liveness="off", backup_every_hours=0,
    )  # fmt: skip
    store = Store(open_database(settings.db), CIPHER)
    open_with(store.engine, store.cipher, None)
    camera = SimulatedCamera(SEED)
    photos, unknown = camera.enrolment(), camera.strangers()[:3]
    team, at = members(list(photos), SEED), past.first_instant(DAYS, NOW, settings)
    strangers = past.enrol(store, photos, at, team=team, strangers=unknown, show=lambda done, total: None)
    past.play(store, settings, team, DAYS, NOW, strangers=strangers, seed=SEED, show=lambda done, total: None)
    with reading(store.engine) as session:
        ids = {one.name: one.id for one in people.members(session)}
    yield World(settings, store.engine, store.cipher, ids, NOW)
    store.engine.dispose()


def without_ids(svg: str) -> str:
    """The drawing without the class names that Rich derives from a hash of itself."""
    return re.sub(r"terminal-\d+", "terminal", svg)


@pytest.mark.parametrize(
    ("name", "keys"),
    [("today", ["f2"]), ("mood", ["f3", "m"]), ("people", ["f4"]), ("shifts", ["f7"])],
)
async def test_the_desk(demo: World, request: pytest.FixtureRequest, name: str, keys: list[str]) -> None:
    async with at_desk(demo) as pilot:
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        drawn = screenshot(pilot.app)
    check(request, f"{name}.svg", drawn)


async def test_the_door(demo: World, request: pytest.FixtureRequest) -> None:
    """Last, because people come in. The boxes of real faces vary by a pixel, so the names alone are compared."""
    demo.now = NOW + timedelta(seconds=SECONDS)
    async with at_desk(demo, camera=True) as pilot:
        scenes, events = await asyncio.to_thread(pass_the_door, demo)
        shown = next(scene for scene in scenes if scene.frame.index == FRAME)
        before = [event for event in events if event.kind is not EventKind.UNKNOWN]
        await show_door(pilot, demo, replace(shown, fps=15.0), *before)
        drawn = screenshot(pilot.app)
    picture = update(request, "door.svg", drawn)
    assert len(names_on(demo, drawn)) > 2
    assert names_on(demo, picture) == names_on(demo, drawn)


def names_on(demo: World, svg: str) -> set[str]:
    return {name for name in demo.ids if re.search(rf"\b{name.split()[0]}\b", svg)}


def pass_the_door(demo: World) -> tuple[list[Scene], list[KioskEvent]]:
    """What the kiosk publishes while the demo's camera plays."""
    scenes, events = list[Scene](), list[KioskEvent]()
    kiosk = open_kiosk(
        demo.settings, demo.engine, demo.cipher, SimulatedCamera(SEED, SECONDS, starts_at=NOW),
        publish_scene=scenes.append, publish_event=events.append,
    )  # fmt: skip
    kiosk.start()
    assert kiosk.wait(400)
    kiosk.stop()
    return scenes, events


def screenshot(app: App[None]) -> str:
    return app.export_screenshot(title="muster demo")


def check(request: pytest.FixtureRequest, name: str, drawn: str) -> None:
    assert without_ids(update(request, name, drawn)) == without_ids(drawn)


def update(request: pytest.FixtureRequest, name: str, drawn: str) -> str:
    """The picture as it is kept, after `--snapshot-update` the one that was drawn."""
    path = PICTURES / name
    if request.config.getoption("--snapshot-update"):
        path.write_text(drawn, encoding="utf-8")
    return path.read_text(encoding="utf-8")


def test_the_readme_shows_pictures_that_exist() -> None:
    readme = Path(__file__).parents[3] / "README.md"
    shown = re.findall(r"\]\((tests/monitor/tui/pictures/[^)]+)\)", readme.read_text(encoding="utf-8"))
    assert shown
    assert [name for name in shown if not (readme.parent / name).is_file()] == []
