"""Number and PIN at the door, from the keys to the ledger."""

from datetime import timedelta

import pytest
from textual.pilot import Pilot

from db.attendance import ledger
from db.engine import reading, writing
from db.errors import WrongKey
from db.ids import new_id
from db.people import people, pins
from monitor.attendance.pin import hash_pin
from monitor.domain import EventKind, KioskEvent
from monitor.recording.recorder import Recorder
from monitor.tui.widgets.dialogs import Dialog
from tests.db.rows import newest_entries
from tests.monitor.tui.desk_keys import SIZE, at_desk, at_door
from tests.monitor.world import NOW, PEPPERS, World, scene, settle, show_door, text_of


def unknown(seconds: float = 0) -> KioskEvent:
    return KioskEvent(EventKind.UNKNOWN, NOW + timedelta(seconds=seconds), track=2, sighting=new_id())


@pytest.fixture
def with_pins(world: World) -> World:
    """Radia Perlman, who has not come yet, has the number 17 and the PIN 2718."""
    radia = world.ids["Radia Perlman"]
    with writing(world.engine) as session:
        people.set_number(session, radia, "17", at=NOW, actor="test")
        pins.set_pin(session, radia, hash_pin("2718", PEPPERS))
    return world


async def give(pilot: Pilot[None], number: str, pin: str) -> None:
    """Type into the open dialog as somebody does who knows no mouse."""
    for text in (number, pin):
        await pilot.press(*text, "enter")
        await settle(pilot)
    await settle(pilot)


@pytest.mark.parametrize("size", [(80, 24), SIZE])
async def test_a_face_that_is_not_recognised_twice_is_offered_the_pin(with_pins: World, size: tuple[int, int]) -> None:
    async with at_door(with_pins, unknown(), size=size) as pilot:
        assert "number and PIN" not in text_of(with_pins)
        await pilot.press("p")
        assert not isinstance(pilot.app.screen, Dialog), "before the offer the key does nothing"
        await show_door(pilot, with_pins, scene(with_pins), unknown(), unknown(5))
        assert "number and PIN" in text_of(with_pins)
        assert "p PIN" in text_of(with_pins), "the footer has the key"
        with_pins.now = NOW + timedelta(seconds=36)
        with_pins.door.tick()
        await settle(pilot)
        assert "number and PIN" not in text_of(with_pins)


async def test_where_nobody_has_a_pin_none_is_offered(world: World) -> None:
    async with at_door(world, unknown(), unknown(5)):
        assert "Please see the desk." in text_of(world)


async def test_a_pin_that_was_set_while_the_door_runs_is_offered(world: World) -> None:
    async with at_desk(world, camera=True) as pilot:
        radia = world.ids["Radia Perlman"]
        with writing(world.engine) as session:
            people.set_number(session, radia, "17", at=NOW, actor="test")
            pins.set_pin(session, radia, hash_pin("2718", PEPPERS))
        await show_door(pilot, world, scene(world), unknown(), unknown(5))
        assert "number and PIN" in text_of(world)


async def test_without_a_picture_the_pin_is_offered_to_all(with_pins: World) -> None:
    lost = KioskEvent(EventKind.SOURCE_LOST, NOW, text="Camera 0 gives no pictures; trying again.")
    async with at_door(with_pins, lost) as pilot:
        await pilot.press("p")
        assert isinstance(pilot.app.screen, Dialog)


async def test_the_right_pin_writes_a_check_in_and_greets(with_pins: World) -> None:
    world = with_pins
    async with at_door(world, unknown(), unknown(5)) as pilot:
        recorder = Recorder(
            world.engine, world.cipher, world.settings, publish=world.kiosk.on_event, clock=lambda: world.now
        )
        world.kiosk.record_pin = recorder.record_pin  # type: ignore[method-assign,assignment]
        await pilot.press("p")
        await settle(pilot)
        assert "2718" not in text_of(world)
        await give(pilot, "17", "2718")
        recorder.close()
        await settle(pilot)
        assert "CHECKED IN" in text_of(world)
        assert "Radia Perlman came in" in text_of(world)
    with reading(world.engine) as session:
        written = ledger.of_person(session, world.ids["Radia Perlman"], since=NOW)[-1]
    assert (written.kind, written.method, written.at) == ("check_in", "pin", NOW)


async def test_the_pin_is_masked(with_pins: World) -> None:
    async with at_door(with_pins, unknown(), unknown(5)) as pilot:
        await pilot.press("p", "1", "7", "enter", "2", "7", "1", "8")
        await settle(pilot)
        assert "17" in text_of(with_pins)
        assert "2718" not in text_of(with_pins)
        assert "\u2022\u2022\u2022\u2022" in text_of(with_pins)


@pytest.mark.parametrize(("number", "pin"), [("17", "2719"), ("99", "2718")])
async def test_a_wrong_number_and_a_wrong_pin_are_told_alike(with_pins: World, number: str, pin: str) -> None:
    async with at_door(with_pins, unknown(), unknown(5)) as pilot:
        await pilot.press("p")
        await give(pilot, number, pin)
        assert with_pins.kiosk.by_pin == []
        assert "Number and PIN do not match. Try again." in " ".join(text_of(with_pins).split())


async def test_a_fault_of_the_database_is_told_to_the_desk_and_not_at_the_door(
    with_pins: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise WrongKey("The face templates were encrypted with another key.")

    monkeypatch.setattr("monitor.tui.screens.door.pin_entry.person_of", fails)
    async with at_door(with_pins, unknown(), unknown(5), notifications=True) as pilot:
        await pilot.press("p")
        await give(pilot, "17", "2718")
        shown = " ".join(text_of(with_pins).split())
        assert "PINs cannot be checked now." in shown
        assert "encrypted" not in shown
    assert "encrypted with another key" in caplog.text


async def test_five_wrong_ones_lock_the_number_for_a_minute_and_are_noted(with_pins: World) -> None:
    world = with_pins
    async with at_door(world, unknown(), unknown(5), notifications=True) as pilot:
        await pilot.press("p")
        for attempt in range(5):
            assert isinstance(pilot.app.screen, Dialog), f"try {attempt + 1}"
            await pilot.press(*["backspace"] * 2)
            await give(pilot, "17", "0000")
        assert not isinstance(pilot.app.screen, Dialog)
        assert "Try again in 60 s" in text_of(world)
        await pilot.press("p")
        await give(pilot, "17", "2718")
        assert world.kiosk.by_pin == [], "the right PIN is not taken meanwhile"
        world.now = NOW + timedelta(seconds=61)
        world.kiosk.on_event(unknown(59))
        world.kiosk.on_event(unknown(60))
        await settle(pilot)
        await pilot.press("p")
        await give(pilot, "17", "2718")
        assert world.kiosk.by_pin == [world.ids["Radia Perlman"]]
    with reading(world.engine) as session:
        entries = newest_entries(session)
    assert [(one.at, one.actor) for one in entries if one.action == "lock PIN entry"] == [(NOW, "door")]
    assert [one.action for one in entries].count("wrong pin") == 5


async def test_a_dialog_that_was_left_alone_closes(with_pins: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.tui.screens.door.pin_entry.LEFT_ALONE", 0.1)
    async with at_door(with_pins, unknown(), unknown(5)) as pilot:
        await pilot.press("p")
        while isinstance(pilot.app.screen, Dialog):
            await pilot.pause(0.05)
        assert with_pins.kiosk.by_pin == []


async def test_a_badge_reader_types_the_number_and_only_the_pin_is_asked(with_pins: World) -> None:
    async with at_door(with_pins, badges=True) as pilot:
        await pilot.press("1", "7", "enter")
        await settle(pilot)
        dialog = pilot.app.screen
        assert isinstance(dialog, Dialog)
        assert dialog.focused is dialog.query_one("#ask-pin")
        await pilot.press(*"2718", "enter")
        await settle(pilot)
        assert with_pins.kiosk.by_pin == [with_pins.ids["Radia Perlman"]]


@pytest.mark.parametrize(("badges", "keys"), [(False, "17"), (True, ""), (True, "1x")])
async def test_without_the_setting_or_a_number_nothing_opens(with_pins: World, badges: bool, keys: str) -> None:
    async with at_door(with_pins, badges=badges) as pilot:
        await pilot.press(*keys, "enter")
        await settle(pilot)
        assert not isinstance(pilot.app.screen, Dialog)
