"""The line of keys: whole keys only, the important ones first, help always."""

import pytest

from monitor.tui.widgets.key_bar import KeyBar
from tests.monitor.tui.desk_keys import at_desk, go
from tests.monitor.world import World


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (42, "/ Filter  m Month  l Leave  ← Day   ? Help"),
        (80, "/ Filter  m Month  l Leave  ← Day  g Date  y Why  e Export"),
        (160, "z Time machine  s Sort  Ctrl+P Commands"),
    ],
)
async def test_no_key_is_cut_and_help_is_always_there(world: World, width: int, told: str) -> None:
    async with at_desk(world, size=(width, 24)) as pilot:
        shown = pilot.app.screen.query_one(KeyBar).render().plain
        assert told in shown
        assert shown.endswith("? Help")
        assert len(shown) == width


async def test_a_key_is_clicked_and_two_that_belong_together_share_their_words(world: World) -> None:
    async with at_desk(world, "left", size=(80, 24)) as pilot:
        bar = pilot.app.screen.query_one(KeyBar)
        line = bar.render().plain
        assert "← → Day" in line
        assert "Sun 8 Mar 2026" in str(pilot.app.screen.query_one("#summary").render())
        await pilot.click(KeyBar, offset=(line.index("→"), 0))
        await go(pilot)
        assert "Mon 9 Mar 2026" in str(pilot.app.screen.query_one("#summary").render())
