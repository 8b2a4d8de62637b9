"""Keys that are about a row say so where a list has none."""

import pytest

from tests.monitor.tui.desk_keys import at_desk, told
from tests.monitor.world import World


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (("f4", "x"), "The list is empty, so 'Erase' has nothing to do."),
        (("f4", "c"), "The list is empty, so 'Change' has nothing to do."),
        (("f5", "u"), "The list is empty, so 'Merge' has nothing to do."),
        (("f2", "l"), "The list is empty, so 'Leave' has nothing to do."),
        (("exclamation_mark", "f"), "The list is empty, so 'Repair' has nothing to do."),
        (("f4", "enter"), "The list is empty: there is nothing to open."),
        (("f2", "enter"), "The list is empty: there is nothing to open."),
    ],
)
async def test_a_key_without_a_row_says_that_the_list_is_empty(
    empty_world: World, keys: tuple[str, ...], said: str
) -> None:
    async with at_desk(empty_world, *keys, notifications=True) as pilot:
        assert told(pilot) == said


async def test_a_key_with_a_row_does_what_it_says(world: World) -> None:
    async with at_desk(world, "f4", "x", notifications=True) as pilot:
        assert "empty" not in told(pilot)
        assert pilot.app.screen.is_modal
