"""What every screen shares: the palette, the top bar, the admin PIN."""

from datetime import timedelta

import pytest
from textual.command import CommandList
from textual.widgets import Button, Input

from db.engine import reading
from monitor.attendance.pin import hash_pin
from monitor.tui.commands import commands
from monitor.tui.widgets.dialogs import Dialog
from tests.db.rows import newest_entries
from tests.monitor.tui.desk_keys import at_desk, at_door, fill, go, problem
from tests.monitor.world import NOW, PEPPERS, World, came, scene, settle, show_door, text_of, until

SIZE = (80, 24)


async def test_the_palette_does_what_the_screen_behind_it_can_do(world: World) -> None:
    event = came(world)
    async with at_door(world, event, size=SIZE) as pilot:
        offered = {one.title: one for one in commands(world.apps[-1], pilot.app.screen)}
        assert {"Door", "System", "Not me", "Events", "Help", "Theme", "Screenshot", "Quit"} <= set(offered)
        assert "PIN" not in offered, "nobody has one"
        assert offered["Not me"].told == "Take back the entry just made (n)"
        await pilot.press("ctrl+p", *"not me")
        await until(lambda: pilot.app.screen.query_one("CommandList").option_count)  # type: ignore[attr-defined]
        await pilot.press("enter", "enter")
        while not world.kiosk.voided:
            await settle(pilot)
        assert world.kiosk.voided == [event]


async def test_a_screenshot_lies_in_the_home_folder(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    app = world.app(camera=False)
    home = app.config_file.parent / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    async with app.run_test(size=SIZE) as pilot:
        await go(pilot)
        next(one for one in commands(app, app.screen) if one.title == "Screenshot").run()
        await until(lambda: list(home.glob("*.svg")))


@pytest.mark.parametrize("width", [80, 60])
async def test_where_there_is_little_room_the_other_screens_have_their_keys_only(world: World, width: int) -> None:
    async with at_door(world, size=(width, 24)) as pilot:
        top = text_of(world).splitlines()[0]
        assert " F1 Door   F2   F3   F4   F5   F6 " in top
        assert top.rstrip().endswith("09:58")
        await pilot.click("TopBar", offset=(top.index("F4"), 0))
        await settle(pilot)
        assert pilot.app.current_mode == "people"


async def test_wrong_admin_pins_lock_the_desk_for_a_minute_and_are_noted(world: World) -> None:
    async with at_door(world, size=SIZE, notifications=True, admin_pin_hash=hash_pin("2718", PEPPERS)) as pilot:
        await go(pilot, "f4")
        for _ in range(4):
            await fill(pilot, pin="1111")
            assert isinstance(pilot.app.screen, Dialog)
            assert "The PIN is wrong." in text_of(world)
        await fill(pilot, pin="1111")
        assert not isinstance(pilot.app.screen, Dialog)
        assert "Try again in 60 seconds" in text_of(world)
        world.now = NOW + timedelta(seconds=61)
        await go(pilot, "f4")
        await fill(pilot, pin="2718")
        assert pilot.app.current_mode == "people"
    with reading(world.engine) as session:
        assert "lock admin PIN" in [entry.action for entry in newest_entries(session)]


async def test_the_question_for_the_admin_pin_does_not_stay_at_the_door(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.tui.screens.door.lock.LEFT_ALONE", 0.1)
    async with at_door(world, size=SIZE, admin_pin_hash=hash_pin("2718", PEPPERS)) as pilot:
        await pilot.press("f4")
        await until(lambda: not isinstance(pilot.app.screen, Dialog))
        assert pilot.app.current_mode == "door"


async def test_enter_goes_on_to_where_a_pin_is_typed_again(world: World) -> None:
    async with at_desk(world, "f6", "c", *"admin_pin", "enter", size=SIZE) as pilot:
        await pilot.press(*"271828", "enter", *"271828")
        assert [one.value for one in pilot.app.screen.query(Input)] == ["271828", "271828"]
        await pilot.press("enter")
        await settle(pilot)
        assert not isinstance(pilot.app.screen, Dialog)
        assert world.apps[-1].settings.admin_pin_hash


async def test_the_admin_pin_is_removed_only_after_a_question(world: World) -> None:
    async with at_desk(world, "f6", "c", *"admin_pin", "enter", size=SIZE) as pilot:
        await fill(pilot, pin="271828", again="271828")
        for answer in ("escape", "enter"):
            await go(pilot, "c", *"admin_pin", "enter")
            await fill(pilot)
            assert "Remove the admin PIN?" in text_of(world)
            assert world.apps[-1].settings.admin_pin_hash
            await pilot.press(answer)
            await settle(pilot)
        assert not world.apps[-1].settings.admin_pin_hash


async def test_the_admin_pin_has_digits_only(world: World) -> None:
    async with at_desk(world, "f6", "c", *"admin_pin", "enter", size=SIZE) as pilot:
        await fill(pilot, pin="abcdef", again="abcdef")
        assert await problem(pilot) == "A PIN has at least 6 digits, and nothing else."
        await go(pilot, "ctrl+q")
        assert "press the key again" in await problem(pilot), "what was typed would be lost"
        assert not world.apps[-1].settings.admin_pin_hash


async def test_leaving_with_half_typed_text_needs_the_key_twice(world: World) -> None:
    app = world.app(camera=False)
    async with app.run_test(size=SIZE) as pilot:
        await go(pilot, "f4", "i")
        await pilot.press("/", "t", "m", "p", "ctrl+c")
        assert not app.viewer.left
        assert "press the key again" in await problem(pilot)
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert app.viewer.left


@pytest.mark.parametrize("key", ["ctrl+q", "ctrl+c", "ctrl+p"])
async def test_a_locked_kiosk_is_neither_closed_nor_changed_without_the_pin(world: World, key: str) -> None:
    app = world.app(admin_pin_hash=hash_pin("2718", PEPPERS))
    async with app.run_test(size=SIZE) as pilot:
        await show_door(pilot, world, scene(world))
        await pilot.press(key)
        await until(lambda: isinstance(app.screen, Dialog))
        await fill(pilot, pin="1111")
        await until(lambda: "The PIN is wrong. Try again." in text_of(world))
        await pilot.press("escape")
        await until(lambda: not isinstance(app.screen, Dialog))
        assert app.is_running
        assert app.current_mode == "door"
        await pilot.press(key)
        await until(lambda: isinstance(app.screen, Dialog))
        app.screen.query_one("#ask-pin", Input).value = "2718"
        app.screen.query_one("#yes", Button).press()  # nothing is drawn any more by an app that ends
        await until(lambda: app.screen.query(CommandList) if key == "ctrl+p" else app.viewer.left)


async def test_reviewing_at_ones_own_desk_is_ended_without_the_pin(world: World) -> None:
    app = world.app(camera=False, admin_pin_hash=hash_pin("2718", PEPPERS))
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("escape", "ctrl+q")
        await pilot.pause()
        assert app.viewer.left


async def test_a_locked_review_shows_nobody_until_the_pin_was_typed(world: World) -> None:
    app = world.app(camera=False, admin_pin_hash=hash_pin("2718", PEPPERS))
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, Dialog)
        await go(pilot, "escape")
        assert "The desk is locked." in text_of(world)
        assert "Ada Lovelace" not in text_of(world)
        await go(pilot, "enter")
        await fill(pilot, pin="2718")
        await until(lambda: app.current_mode == "today")
        await settle(pilot)
        assert "Ada Lovelace" in text_of(world)
        app.action_lock()
        await until(lambda: app.current_mode == "locked")
