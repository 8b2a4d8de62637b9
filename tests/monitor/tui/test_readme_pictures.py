"""The pictures in the README are what the app draws; `--snapshot-update` draws them anew."""

import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from db.attendance import kiosks
from db.engine import writing
from db.ids import new_id
from db.observations import moods, sightings
from db.records import MoodSample, SightingRecord
from monitor.domain import MoodScores
from tests.monitor.world import NAMES, NOW, World, came, scene, settle, show_door

PICTURES = Path(__file__).parent / "pictures"


def without_ids(svg: str) -> str:
    """The drawing without the class names that Rich derives from a hash of itself."""
    return re.sub(r"terminal-\d+", "terminal", svg)


async def test_the_door(world: World, request: pytest.FixtureRequest) -> None:
    async with world.app().run_test(size=(120, 36)) as pilot:
        await show_door(pilot, world, scene(world, name="Radia Perlman"), came(world))
        drawn = pilot.app.export_screenshot(title="muster kiosk")
    check(request, "door.svg", drawn)


@pytest.mark.parametrize(("name", "keys"), [("today", ["f2"]), ("mood", ["f3", "m"])])
async def test_the_desk(world: World, request: pytest.FixtureRequest, name: str, keys: list[str]) -> None:
    come_and_go_all_day(world)
    async with world.app(camera=False).run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        drawn = pilot.app.export_screenshot(title="muster review")
    check(request, f"{name}.svg", drawn)


def come_and_go_all_day(world: World) -> None:
    """Adds moods from eight to five on the working days before today; people are happiest at noon and on Fridays."""
    random = np.random.default_rng(2)
    days = [NOW - timedelta(days=back) for back in range(1, 15)]
    asked = [(name, group) for name, group in NAMES if name != "Donald Knuth"]  # who refused moods
    with writing(world.engine) as session:
        (kiosk,) = kiosks.all_kiosks(session)
        for day in (day for day in days if day.weekday() < 5):
            for hour in range(7, 16):
                lunch = 1 - abs(hour - 11) / 4
                for name, group in random.permutation(asked)[: random.integers(2, 8)].tolist():
                    weights = [0.2, 0.05, 0.05, 0.6 + 1.6 * lunch + 0.3 * day.weekday(), 0.5, 0.2, 1.5]
                    scores = MoodScores(tuple(random.dirichlet(weights).tolist()), 0.45)
                    at = day.replace(hour=hour, minute=int(random.integers(60)))
                    person = world.ids[name]
                    sighting = SightingRecord(new_id(), kiosk.id, 1, at, at, 20, person, person, 0.95, None, None, 0.9)
                    sightings.add(session, world.cipher, sighting)
                    sample = MoodSample(at, person, sighting.id, group, None, scores.label, scores.probabilities)
                    moods.add(session, kiosk.id, sample)


def check(request: pytest.FixtureRequest, name: str, drawn: str) -> None:
    path = PICTURES / name
    if request.config.getoption("--snapshot-update"):
        PICTURES.mkdir(exist_ok=True)
        path.write_text(drawn, encoding="utf-8")
    assert without_ids(path.read_text(encoding="utf-8")) == without_ids(drawn)


def test_the_readme_shows_pictures_that_exist() -> None:
    readme = Path(__file__).parents[3] / "README.md"
    shown = re.findall(r"\]\((tests/monitor/tui/pictures/[^)]+)\)", readme.read_text(encoding="utf-8"))
    assert shown
    assert [name for name in shown if not (readme.parent / name).is_file()] == []
