"""Jumping: letters on panes and rows, and where the next key goes."""

from textual.widgets import Static

from monitor.tui.jump import Jump
from monitor.tui.widgets.table import Table
from tests.monitor.tui.desk_keys import at_desk, go
from tests.monitor.world import World


async def test_a_small_letter_goes_to_a_row_and_the_screen_stays_as_it_is(world: World) -> None:
    async with at_desk(world, "f4") as pilot:
        table = pilot.app.screen.query_one("#people", Table)
        await go(pilot, "ctrl+o")
        assert isinstance(pilot.app.screen, Jump)
        third = table.row_at(2)
        assert third is not None
        assert "Hopper" in world.apps[-1].export_screenshot(), "what one jumps to is seen"
        letters = {str(one.render()) for one in pilot.app.screen.query(Static)}
        assert {"a", "s", "d", "A", "S"} <= letters
        await go(pilot, "d")
        assert table.selected_key == third.key
        assert table.has_focus


async def test_a_capital_goes_to_a_pane(world: World) -> None:
    async with at_desk(world, "f6") as pilot:
        panes = [one.id for one in pilot.app.screen.focus_chain]
        assert len(panes) == 3
        for letter, pane in zip("ASD", panes, strict=True):
            await go(pilot, "ctrl+o", letter)
            assert pilot.app.focused is not None
            assert pilot.app.focused.id == pane


async def test_any_other_key_stays_and_does_nothing(world: World) -> None:
    async with at_desk(world, "f4", "ctrl+o", "f2") as pilot:
        assert pilot.app.current_mode == "people"
        assert not isinstance(pilot.app.screen, Jump)
        before = pilot.app.screen.query_one("#people", Table).selected_key
        await go(pilot, "ctrl+o", "escape")
        assert pilot.app.screen.query_one("#people", Table).selected_key == before


async def test_it_works_in_a_dialog_with_a_list_and_on_rows_far_down(world: World) -> None:
    async with at_desk(world, "f4", "end", size=(80, 12)) as pilot:
        table = pilot.app.screen.query_one("#people", Table)
        first = table.row_at(table.scroll_offset.y)
        assert first is not None
        assert table.scroll_offset.y
        await go(pilot, "ctrl+o", "a")
        assert table.selected_key == first.key
