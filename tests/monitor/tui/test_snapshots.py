"""What the screens look like. The README's pictures are such snapshots; accept changes with --snapshot-update."""

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from tests.monitor.world import World, came, scene, settle, show_door

SIZES = [(80, 24), (120, 36), (160, 45)]
SIZE_IDS = ["80x24", "120x36", "160x45"]
SCREENS = ["today", "mood", "people"]
Compare = Callable[..., bool]


def door(world: World) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def run(pilot: Pilot[None]) -> None:
        await show_door(pilot, world, scene(world, name="Radia Perlman"), came(world))

    return run


def desk(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def run(pilot: Pilot[None]) -> None:
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)

    return run


@pytest.mark.parametrize("size", SIZES, ids=SIZE_IDS)
def test_door(snap_compare: Compare, world: World, size: tuple[int, int]) -> None:
    assert snap_compare(world.app(), terminal_size=size, run_before=door(world))


@pytest.mark.parametrize("size", SIZES, ids=SIZE_IDS)
@pytest.mark.parametrize("keys", [(), ("f3", "m"), ("f4", "down")], ids=["today", "mood", "people"])
def test_desk(snap_compare: Compare, world: World, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    assert snap_compare(world.app(camera=False), terminal_size=size, run_before=desk(*keys))


@pytest.mark.parametrize("theme", ["muster-light", "muster-colour-blind"])
def test_door_in_other_colours(snap_compare: Compare, world: World, theme: str) -> None:
    assert snap_compare(world.app(theme=theme), terminal_size=(120, 36), run_before=door(world))


@pytest.mark.parametrize("keys", [(), ("f3",), ("f4",)], ids=SCREENS)
def test_with_nobody_enrolled(snap_compare: Compare, empty_world: World, keys: tuple[str, ...]) -> None:
    assert snap_compare(empty_world.app(camera=False), terminal_size=(80, 24), run_before=desk(*keys))


@pytest.mark.parametrize("size", SIZES, ids=SIZE_IDS)
def test_the_time_machine(snap_compare: Compare, world: World, size: tuple[int, int]) -> None:
    assert snap_compare(world.app(camera=False), terminal_size=size, run_before=desk("z", "comma"))


@pytest.mark.parametrize("size", SIZES, ids=SIZE_IDS)
def test_the_moods_of_one_person(snap_compare: Compare, world: World, size: tuple[int, int]) -> None:
    keys = "f3", "m", "slash", *"ada", "enter"
    assert snap_compare(world.app(camera=False), terminal_size=size, run_before=desk(*keys))
