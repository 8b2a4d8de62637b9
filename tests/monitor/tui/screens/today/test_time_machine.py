"""The time machine: the board as it was at any minute, from keys to what the ledger knew then."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from db.attendance import ledger
from db.engine import reading
from monitor.attendance.pin import hash_pin
from monitor.desk.days import corrections
from monitor.desk.days.day_board import BoardPage
from monitor.desk.days.time_machine import Moment
from monitor.tui.screens.today.time_machine import TimeMachine, slider
from monitor.tui.screens.today.today import TodayScreen
from monitor.tui.screens.why import WhyScreen
from tests.monitor.tui.desk_keys import at_desk, at_door, fill, go, names, problem
from tests.monitor.world import NOW, PEPPERS, World, settle, text_of


async def test_the_board_is_as_it_was_at_each_minute(world: World) -> None:
    async with at_desk(world, "f2", "z") as pilot:
        assert "as it was at 09:58" in text_of(world)
        await go(pilot, "comma", "comma")
        assert "as it was at 09:15" in text_of(world)
        assert "5 present   1 late   4 absent" in text_of(world)
        await go(pilot, "left", "left", "left", "left")
        assert "as it was at 08:55" in text_of(world)
        assert "3 present   7 due" in text_of(world)
        await go(pilot, "full_stop")
        assert "as it was at 08:56" in text_of(world)
        assert "4 present   6 due" in text_of(world)
        await go(pilot, "g")
        await fill(pilot, at="25:00")
        await fill(pilot, at="9:20")
        assert "as it was at 09:20" in text_of(world)
        await go(pilot, "t", "right")
        assert "as it was at 09:58" in text_of(world), "there is nothing after now"
        await go(pilot, "slash", *"knuth", "enter")
        assert names(pilot, "#roster") == ["Donald Knuth"]
        await go(pilot, "enter")
        assert isinstance(pilot.app.screen, WhyScreen), "the day sheet is of now"
        await go(pilot, "escape", "escape", "escape")
        shown: object = pilot.app.screen
        assert type(shown) is TodayScreen


async def test_a_board_that_comes_after_it_was_left_is_dropped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_desk(world, "f2", "z") as pilot:
        left, load = Event(), TimeMachine.query_job

        def late(screen: TimeMachine) -> Callable[[], BoardPage]:
            job = load(screen)

            def loaded() -> BoardPage:
                left.wait()
                return job()

            return loaded

        monkeypatch.setattr(TimeMachine, "query_job", late)
        await pilot.press("comma", "escape")
        left.set()
        await settle(pilot)
        shown: object = pilot.app.screen
        assert type(shown) is TodayScreen


async def test_what_was_corrected_later_is_not_counted_before(world: World) -> None:
    ada = world.ids["Ada Lovelace"]
    with reading(world.engine) as session:
        (event,) = [one for one in ledger.of_person(session, ada, NOW - timedelta(hours=12)) if one.kind == "check_in"]
    at = NOW - timedelta(minutes=10)
    corrections.void(world.engine, world.settings, event.id, "not her", at=at, actor="test")
    async with at_desk(world, "f2", "z", "comma") as pilot:
        assert "as it was at 09:48" in text_of(world)
        assert "09:48 Ada Lovelace entry made void" in text_of(world)
        screen = pilot.app.screen
        assert isinstance(screen, TimeMachine)
        assert screen.loaded is not None
        assert ada not in screen.loaded.day.came
        await go(pilot, "left")
        assert ada in screen.loaded.day.came


async def test_the_day_plays_until_now_and_stops(world: World) -> None:
    async with at_desk(world, "f2", "z", "left", "left", "space") as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, TimeMachine)
        assert screen._play is not None
        for _ in range(3):
            screen._next_frame()
        assert screen._play is None
        assert screen.now == NOW.replace(second=0)


async def test_from_the_door_it_asks_for_the_pin_and_the_lock_leaves_it(world: World) -> None:
    async with at_door(world, admin_pin_hash=hash_pin("2718", PEPPERS)) as pilot:
        await go(pilot, "z")
        assert not isinstance(pilot.app.screen, TimeMachine)
        await fill(pilot, pin="2718")
        await go(pilot)
        assert isinstance(pilot.app.screen, TimeMachine)
        world.apps[-1].action_lock()
        await settle(pilot)
        assert pilot.app.current_mode == "door"
        assert not isinstance(pilot.app.screen, TimeMachine)


def test_the_slider_shows_when_how_much_happened() -> None:
    start = datetime(2026, 3, 9, 6, tzinfo=UTC)
    known = [Moment(start + timedelta(minutes=minutes), "check_in", "Ada") for minutes in (0, 60, 61, 119, 120)]
    bars, line = slider(known, start, start + timedelta(minutes=60), start + timedelta(minutes=120), 12)
    assert bars == "▄     █    ▄", "two in one cell are the most, and the last instant is not on it"
    assert line == "━━━━━━●─────"


async def test_beside_the_board_stands_what_other_shifts_and_another_threshold_would_have_said(world: World) -> None:
    async with at_desk(world, "f2", "z", "c", target_fpir=0.1) as pilot:
        await fill(pilot, minutes="15 or so", target="1000")
        assert await problem(pilot) == "Both are numbers, such as -15 and 1000."
        await fill(pilot, minutes="15", target="1000000")
        assert "15 min later: Edsger Dijkstra would not be late." in text_of(world)
        assert "of 5 faces" in text_of(world)
        assert "Ada Lovelace and 2 more" in text_of(world)
        assert "1 late" in text_of(world), "the board itself stays as it was"
        await go(pilot, "c")
        await fill(pilot, minutes="-15", target="100")
        assert "15 min earlier: Ada Lovelace, Alan Turing would be late." in text_of(world)
        assert "all get the same answer" in text_of(world)
        await go(pilot, "g")
        await fill(pilot, at="9:10")
        assert "of 4 faces" in text_of(world), "the answer is of the minute that is shown"
