"""What the app offers when nobody is enrolled."""

from collections.abc import Callable

import pytest
from textual.widgets import Button, Select

from monitor.attendance.pin import hash_pin
from monitor.config_sources import load_settings
from monitor.tui.screens.door.first_steps import FirstSteps
from monitor.tui.widgets.dialogs import Dialog
from tests.monitor.tui.desk_keys import SIZE, at_desk, fill, problem
from tests.monitor.world import PEPPERS, World, scene, settle, show_door, text_of


@pytest.mark.parametrize("size", [(80, 24), SIZE], ids=["80x24", "120x36"])
def test_the_first_steps(snap_compare: Callable[..., bool], empty_world: World, size: tuple[int, int]) -> None:
    assert snap_compare(empty_world.app(first_steps=True), terminal_size=size, run_before=settle)


@pytest.mark.parametrize("camera", [True, False], ids=["kiosk", "review"])
@pytest.mark.parametrize(
    ("keys", "title"),
    [("1", "Enrol from files"), ("2", "Enrol from the camera"), (("down", "enter"), "Enrol from the camera")],
)
async def test_a_step_leads_to_its_dialog(
    empty_world: World, camera: bool, keys: str | tuple[str, ...], title: str
) -> None:
    async with at_desk(empty_world, *keys, camera=camera, first_steps=True) as pilot:
        assert isinstance(pilot.app.screen, Dialog)
        assert title in text_of(empty_world)
        assert pilot.app.current_mode == "people"


async def test_the_admin_pin_comes_before_enrolment(empty_world: World) -> None:
    app = empty_world.app(first_steps=True, admin_pin_hash=hash_pin("2718", PEPPERS))
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("1")
        await settle(pilot)
        assert "Admin PIN" in text_of(empty_world)
        assert pilot.app.current_mode == "door"


async def test_the_rule_of_the_pin_is_said_before_one_is_typed(empty_world: World) -> None:
    async with at_desk(empty_world, "7", camera=True, first_steps=True, pin_digits=8):
        assert "at least 8 digits" in " ".join(text_of(empty_world).split())


async def test_the_demo_is_what_the_app_is_left_for(empty_world: World) -> None:
    app = empty_world.app(first_steps=True)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("3")
    assert app.afterwards == "demo"
    assert empty_world.kiosk.stopped.is_set()


@pytest.mark.parametrize("key", ["8", "escape"])
async def test_the_camera_runs_behind_it_and_once_dismissed_it_is_gone(empty_world: World, key: str) -> None:
    app = empty_world.app(first_steps=True)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, FirstSteps)
        assert empty_world.kiosk.started.is_set()
        await pilot.press(key)
        await show_door(pilot, empty_world, scene(empty_world))
        app.viewer.show_today()
        await pilot.press("f2", "f1")
        await settle(pilot)
        assert empty_world.door.is_current


async def test_where_somebody_is_enrolled_it_never_comes(world: World) -> None:
    async with at_desk(world, camera=True, first_steps=True) as pilot:
        assert pilot.app.screen is world.door


async def test_a_kiosk_without_an_admin_pin_proposes_one(empty_world: World) -> None:
    app = empty_world.app(first_steps=True)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("7")
        await settle(pilot)
        await fill(pilot, pin="271828", again="271828")
        assert app.settings.admin_pin_hash in app.config_file.read_text()
        assert isinstance(app.screen, FirstSteps)
        assert "7  Set an admin PIN" in text_of(empty_world)
        assert "it is set" in text_of(empty_world)


async def test_at_ones_own_desk_no_pin_is_proposed(empty_world: World) -> None:
    async with at_desk(empty_world, first_steps=True):
        assert "Welcome to Muster" in text_of(empty_world)
        assert "Set an admin PIN" not in text_of(empty_world)


@pytest.mark.parametrize(("key", "mode", "seen"), [("4", "shifts", "Add a shift"), ("6", "people", "consent")])
async def test_shifts_and_consents_are_done_on_their_screens(
    empty_world: World, key: str, mode: str, seen: str
) -> None:
    async with at_desk(empty_world, key, camera=True, first_steps=True) as pilot:
        assert pilot.app.current_mode == mode
        assert seen in text_of(empty_world)
        await pilot.press("escape")
        await settle(pilot)
        if mode == "shifts":
            await pilot.press("escape")  # the first closes the dialog
            await settle(pilot)
        assert isinstance(pilot.app.screen, FirstSteps)
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(pilot.app.screen, FirstSteps), "only until it is left"


async def test_what_is_kept_of_moods_is_written_and_holds_at_once(empty_world: World) -> None:
    app = empty_world.app(camera=False, first_steps=True)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("5")
        await settle(pilot)
        await fill(pilot, mood="off")
        assert load_settings(app.config_file).mood == "off"
        assert app.settings.mood == "off"
        assert "nothing: moods are off" in text_of(empty_world)


async def test_a_kiosk_starts_anew_with_what_is_kept_of_moods(empty_world: World) -> None:
    app = empty_world.app(first_steps=True)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await pilot.press("5")
        await settle(pilot)
        pilot.app.screen.query_one("#ask-mood", Select).value = "aggregate"
        pilot.app.screen.query_one("#yes", Button).press()
        while app.afterwards == "nothing":
            await pilot.pause(0.02)
    assert app.afterwards == "again"
    assert load_settings(app.config_file).mood == "aggregate"


async def test_a_variable_that_counts_more_is_named(empty_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_MOOD", "aggregate")
    async with at_desk(empty_world, "5", camera=True, first_steps=True) as pilot:
        await fill(pilot, mood="off")
        assert "MUSTER_MOOD says aggregate" in await problem(pilot)


async def test_they_are_found_again_and_say_what_is_done(world: World) -> None:
    app = world.app(first_steps=True)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert app.screen is world.door
        await app.run_action("first_steps")
        await settle(pilot)
        shown = text_of(world)
        assert "10 people enrolled" in shown
        assert "1 shift" in shown


async def test_a_locked_desk_asks_for_the_pin_before_the_steps(world: World) -> None:
    app = world.app(admin_pin_hash=hash_pin("2718", PEPPERS))
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        await app.run_action("first_steps")
        await settle(pilot)
        assert isinstance(app.screen, Dialog)
