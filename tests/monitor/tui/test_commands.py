"""The palette: everything by name, by several words, on every screen."""

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot

from monitor.keys import Keys
from monitor.tui.commands import ByName, commands
from monitor.tui.runtime.actions import ACTIONS
from monitor.tui.screens.people.picker import PersonPicker
from monitor.tui.screens.people.visitors import VisitorsScreen
from monitor.tui.screens.system.settings_list import SettingsList
from monitor.tui.widgets.dialogs import Dialog
from tests.monitor.tui.desk_keys import SIZE, at_desk, go, told
from tests.monitor.world import World, settle


async def found(pilot: Pilot[None], query: str) -> list[str]:
    """The titles that the palette finds, the best first."""
    provider = ByName(pilot.app.screen)
    hits = [hit async for hit in provider.search(query)]
    return [str(hit.match_display) for hit in sorted(hits, key=lambda hit: -hit.score)]  # type: ignore[union-attr]


@pytest.mark.parametrize("words", ["merge", "same person", "unite", "double", "MERGE"])
async def test_an_action_is_found_by_every_word_that_people_have_for_it(world: World, words: str) -> None:
    async with at_desk(world, "f4") as pilot:
        assert (await found(pilot, words))[0] == "Merge"


async def test_what_is_not_meant_by_any_word_is_not_found(world: World) -> None:
    async with at_desk(world, "f4") as pilot:
        assert await found(pilot, "zzzz") == []


INSIDE = {"day", "review", "capture", "settings", "repair", "month", "why", "machine", "wall", "sheet", "users"}
"""Screens that another screen leads to, whose actions are offered there."""


@pytest.mark.parametrize("screen", ["f2", "f3", "f4", "f5", "f6", "f7"])
async def test_every_action_is_offered_everywhere(world: World, screen: str) -> None:
    async with at_desk(world, screen) as pilot:
        offered = list(commands(world.apps[-1], pilot.app.screen))
        sentences = {one.told.rpartition(" (")[0] for one in offered}
        here = getattr(pilot.app.screen, "mode", "")
        missing = {
            action.name
            for action in ACTIONS.values()
            if action.sentence not in sentences
            and action.place not in {*INSIDE, "door", here, "desk"}
            and action.key != "palette"
        }
        assert missing == set()
        assert len(offered) == len({(one.title, one.told) for one in offered}), "nothing is offered twice"


async def test_the_palette_opens_over_a_dialog_that_came_over_the_palette(world: World) -> None:
    async with at_desk(world, "f4", "ctrl+p") as pilot:
        pilot.app.push_screen(Dialog("Take back"))
        await go(pilot, "ctrl+p", "ctrl+p")
        assert [type(screen) for screen in pilot.app.screen_stack[1:]] == [CommandPalette, Dialog, CommandPalette]


async def test_an_action_of_another_screen_is_done_there(world: World) -> None:
    async with at_desk(world, "f2") as pilot:
        await choose(pilot, "configuration")
        assert isinstance(pilot.app.screen, SettingsList)


async def test_for_an_action_on_a_row_the_screen_is_opened_and_the_key_is_told(world: World) -> None:
    async with at_desk(world, "f2", notifications=True) as pilot:
        await choose(pilot, "it is somebody")
        assert isinstance(pilot.app.screen, VisitorsScreen)
        assert "Choose the row, then press u" in told(pilot)


async def test_an_action_on_the_row_under_the_cursor_is_done_at_once(world: World) -> None:
    async with at_desk(world, "f4") as pilot:
        await choose(pilot, "same person")
        assert isinstance(pilot.app.screen, PersonPicker)


async def test_keys_are_settings_for_screens_palette_and_footer_alike(world: World) -> None:
    app = world.app(camera=False, keys=Keys(merge="f8", palette="ctrl+k", people="f10"))
    async with app.run_test(size=SIZE) as pilot:
        await go(pilot, "f4")
        assert pilot.app.current_mode == "today"
        await go(pilot, "f10", "u")
        assert not isinstance(pilot.app.screen, PersonPicker)
        assert next(one.told for one in commands(app, app.screen) if one.title == "Merge").endswith("(F8)")
        await go(pilot, "f8")
        assert isinstance(pilot.app.screen, PersonPicker)
        await go(pilot, "escape", "ctrl+k")
        assert isinstance(pilot.app.screen, CommandPalette)


async def choose(pilot: Pilot[None], words: str) -> None:
    """Type into the palette and take what comes first."""
    await pilot.press("ctrl+p", *words)
    while not pilot.app.screen.query_one("CommandList").option_count:  # type: ignore[attr-defined]
        await pilot.pause(0.05)
    while isinstance(pilot.app.screen, CommandPalette):
        await pilot.press("enter")
        await settle(pilot)
    await settle(pilot)
