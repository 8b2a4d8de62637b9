"""The roll call in the app: one key, no PIN, and each name ticked off by a key."""

from collections.abc import Callable

import pytest
from textual.widgets import Static

from monitor.desk.programs import roll_call
from monitor.tui.screens.rollcall.rollcall import RollCallScreen
from monitor.tui.widgets.table import Table
from tests.monitor.tui.desk_keys import SIZE, go
from tests.monitor.tui.screens.test_desk_snapshots import fail
from tests.monitor.tui.test_snapshots import SIZE_IDS, SIZES, desk
from tests.monitor.world import World

Compare = Callable[..., bool]


async def test_f9_lists_who_is_inside_and_space_ticks_them_off_without_a_pin(world: World) -> None:
    app = world.app(admin_pin_hash="scrypt$not$typed")
    async with app.run_test(size=SIZE) as pilot:
        await go(pilot, "f9")
        screen = app.screen
        assert isinstance(screen, RollCallScreen)

        def said() -> str:
            return str(screen.query_one("#summary", Static).render())

        assert said() == "5 people are inside. Press f to start a roll call."
        assert all(row.cells[2] for row in screen.query_one(Table).rows), "with their groups"
        await go(pilot, "f", "space")
        assert said() == "! 4 MISSING   ✓ 1 here   5 inside at 09:58"
        await go(pilot, "end", "enter")
        assert said() == "! 5 MISSING   ✓ 0 here   5 inside at 09:58"
        assert screen.query_one(Table).selected_key is not None
        await go(pilot, "x", "enter")
        assert said() == "5 people are inside. Press f to start a roll call."


@pytest.mark.parametrize("size", SIZES, ids=SIZE_IDS)
def test_a_roll_call_under_way(snap_compare: Compare, world: World, size: tuple[int, int]) -> None:
    assert snap_compare(world.app(camera=False), terminal_size=size, run_before=desk("f9", "f", "space"))


def test_when_the_database_fails(snap_compare: Compare, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roll_call, "roll_call_view", fail)
    assert snap_compare(world.app(camera=False), terminal_size=(80, 24), run_before=desk("f9"))
