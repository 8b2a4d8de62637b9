"""The pictures in the README are what the app draws; `--snapshot-update` draws them anew."""

import re
from pathlib import Path

import pytest
from conftest_tui import World, came, scene, settle, show_door

PICTURES = Path(__file__).parent / "pictures"


def without_ids(svg: str) -> str:
    """The drawing without the class names that Rich derives from a hash of itself."""
    return re.sub(r"terminal-\d+", "terminal", svg)


async def test_the_door(world: World, request: pytest.FixtureRequest) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        await show_door(pilot, world, scene(world, name="Radia Perlman"), came(world))
        drawn = pilot.app.export_screenshot(title="muster kiosk")
    check(request, "door.svg", drawn)


@pytest.mark.parametrize(("key", "name"), [("f2", "today"), ("f3", "mood")])
async def test_the_desk(world: World, request: pytest.FixtureRequest, key: str, name: str) -> None:
    async with world.app(camera=False).run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press(key)
        await settle(pilot)
        drawn = pilot.app.export_screenshot(title="muster review")
    check(request, f"{name}.svg", drawn)


def check(request: pytest.FixtureRequest, name: str, drawn: str) -> None:
    path = PICTURES / name
    if request.config.getoption("--snapshot-update"):
        PICTURES.mkdir(exist_ok=True)
        path.write_text(drawn, encoding="utf-8")
    assert without_ids(path.read_text(encoding="utf-8")) == without_ids(drawn)


def test_the_readme_shows_pictures_that_exist() -> None:
    readme = Path(__file__).parents[2] / "README.md"
    shown = re.findall(r"\]\((tests/tui/pictures/[^)]+)\)", readme.read_text(encoding="utf-8"))
    assert shown
    assert [name for name in shown if not (readme.parent / name).is_file()] == []
