"""What other programs write is on the screen without a key."""

import threading
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from unittest.mock import MagicMock

import pytest
from textual.pilot import Pilot

from db import backup, changes
from db.attendance import kiosks, ledger
from db.engine import open_database, writing
from db.ids import new_id
from db.people import people
from db.records.attendance import NewEvent
from monitor.desk.change_feed import EVERY_ON_A_SERVER, ChangeFeed, News, people_feed
from monitor.desk.days.door_board import Attendee, Board, BoardEvent, Welcome, fold, renewed
from monitor.domain import EventKind
from monitor.pipeline.gallery_loader import PeopleLoader
from monitor.tui.widgets.table import Table
from monitor.vision.matching.gallery import Enrolled
from tests.monitor.tui.desk_keys import SIZE, at_desk, at_door, fill, go
from tests.monitor.world import NOW, World, came, settle, text_of


async def until(pilot: Pilot[None], world: World, text: str) -> None:
    """Wait for a text on the screen; the test's own time limit is the end of patience."""
    while text not in text_of(world):
        await pilot.pause(0.02)
        await settle(pilot)


def arrives(world: World, name: str) -> None:
    """Another program lets somebody in."""
    other = open_database(world.settings.db)
    with writing(other) as session:
        kiosk = kiosks.register(session, "door", site="main", role="auto", time_zone="Europe/Berlin", at=NOW).id
        event = NewEvent(new_id(), "check_in", world.ids[name], NOW, "Europe/Berlin", kiosk, "face", "door", NOW)
        ledger.append(session, event)
    other.dispose()


async def test_the_day_board_shows_who_came_at_a_door_of_another_program(world: World) -> None:
    async with at_desk(world, "end") as pilot:
        table = pilot.app.screen.query_one("#roster", Table)
        chosen = table.selected_key
        assert "4 present   1 late" in text_of(world)
        arrives(world, "Radia Perlman")
        await until(pilot, world, "4 present   2 late")
        assert table.selected_key == chosen, "the cursor stays where it was"


async def test_the_door_without_a_camera_follows_too(world: World) -> None:
    async with at_desk(world, "f1") as pilot:
        assert "Radia Perlman" not in text_of(world)
        arrives(world, "Radia Perlman")
        await until(pilot, world, "Radia Perlman came in")
        assert "In now 6" in text_of(world)


async def test_a_backup_that_takes_the_place_of_the_database_is_on_the_door_at_once(
    world: World, tmp_path: Path
) -> None:
    backup.back_up(world.engine, tmp_path / "new.sqlite3")
    copy = open_database(str(tmp_path / "new.sqlite3"))
    with writing(copy) as session:
        people.rename(session, world.ids["Ada Lovelace"], "Countess", at=NOW, actor="desk")
    copy.dispose()
    async with world.app().run_test(size=SIZE) as pilot:
        with writing(world.engine) as session:  # as many entries as the backup has
            people.rename(session, world.ids["Ada Lovelace"], "Augusta", at=NOW, actor="desk")
        await until(pilot, world, "Augusta")
        arrives(world, "Radia Perlman")
        await until(pilot, world, "In now 6")
        world.kiosk.renewed = 0
        database = Path(str(world.engine.url.database))
        backup.put_in_place(tmp_path / "new.sqlite3", database, tmp_path / "aside.sqlite3")
        await until(pilot, world, "In now 5")
        await until(pilot, world, "Countess")
        assert "Radia Perlman" not in text_of(world)
        assert world.kiosk.renewed


async def test_an_entry_made_void_at_the_desk_is_gone_from_the_door(world: World) -> None:
    async with at_desk(world, camera=True) as pilot:
        assert "In now 5" in text_of(world)
        await go(pilot, "f2")
        pilot.app.screen.query_one("#roster", Table).move_to(str(world.ids["Grace Hopper"]))
        await go(pilot, "enter", "x")
        await fill(pilot, reason="It was her sister")
        await go(pilot, "escape", "f1")
        await until(pilot, world, "In now 4")
        assert "Grace Hopper" not in text_of(world)


async def test_somebody_enrolled_by_another_program_is_known_to_the_door(world: World) -> None:
    async with at_door(world) as pilot:
        other = open_database(world.settings.db)
        with writing(other) as session:
            people.add_person(session, "Annie Easley", at=NOW, actor="command line")
        other.dispose()
        while not world.kiosk.renewed:
            await pilot.pause(0.02)
        await settle(pilot)


def test_a_board_that_is_loaded_again_keeps_what_only_the_door_knows(world: World) -> None:
    ada, tim = new_id(), new_id()
    known = Attendee(ada, "Ada", NOW, None, True, "happy", NOW)
    unknown = replace(came(world), kind=EventKind.UNKNOWN, person=None, name=None, attendance=None)
    board = fold(Board({ada: known, tim: replace(known, person=tim, name="Tim")}), unknown)
    loaded = Board(
        {ada: replace(known, name="Ada L.", mood=None)}, (BoardEvent(NOW, EventKind.CHECK_IN, "Ada L.", None),)
    )
    now = renewed(board, loaded)
    assert now.attendees == {ada: replace(known, name="Ada L.")}, "the name is new, the mood stays, and Tim is gone"
    assert {line.kind for line in now.events} == {EventKind.CHECK_IN, EventKind.UNKNOWN}
    assert now.greeting is not None
    assert now.greeting.welcome is Welcome.UNKNOWN


async def test_what_this_door_wrote_itself_is_not_loaded_again(world: World) -> None:
    event = came(world)
    async with at_door(world, event) as pilot:
        controller = world.apps[-1].controller
        board = controller.board
        assert event.attendance is not None
        controller.hear(News((event.attendance,), people=False))
        await settle(pilot)
        assert controller.board is board
        controller.hear(News((new_id(),), people=False))
        await settle(pilot)
        assert "Radia Perlman" not in {one.name for one in controller.board.attendees.values()}, (
            "the database has no such row"
        )


class _After(threading.Event):
    """Is set after so many pauses, and does not wait for them."""

    def __init__(self, pauses: int) -> None:
        super().__init__()
        self.left = pauses
        self.waited: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        self.left -= 1
        if not self.left:
            self.set()
        return self.is_set()


def test_a_server_that_many_share_is_asked_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def state(_: object) -> str:
        asked.append(f"commit {len(asked)}")
        return asked[0]

    monkeypatch.setattr(changes, "state", state)
    monkeypatch.setattr(changes, "heads", lambda _: None)
    connection = MagicMock(**{"dialect.name": "postgresql"})
    engine = MagicMock(**{"connect.return_value.__enter__.return_value": connection})
    feed, stopped = ChangeFeed(engine, lambda _: None), _After(pauses=4)
    feed._stopped = stopped
    feed._run()
    assert stopped.waited == [EVERY_ON_A_SERVER] * 4
    assert len(asked) == 1 + 3, "once at first, and once after each pause but the last"


def test_whoever_is_enrolled_or_erased_meanwhile_is_given_to_a_headless_door(world: World) -> None:
    given: SimpleQueue[Enrolled] = SimpleQueue()
    people_now = PeopleLoader(world.engine, world.cipher, world.settings)
    feed = people_feed(world.engine, lambda: given.put(people_now.load()))
    feed.start()
    try:
        other = open_database(world.settings.db)
        with writing(other) as session:
            people.rename(session, world.ids["Radia Perlman"], "Radia P.", at=NOW, actor="desk")
        other.dispose()
        enrolled = given.get(timeout=60)
    finally:
        feed.stop()
    assert enrolled.gallery.name_of(world.ids["Radia Perlman"]) == "Radia P."


def test_what_was_written_while_the_database_was_away_is_told_later(world: World) -> None:
    told: SimpleQueue[News] = SimpleQueue()
    feed = ChangeFeed(world.engine, told.put)
    feed._stopped = _After(pauses=1)
    feed.start()
    feed.stop()
    arrives(world, "Radia Perlman")
    feed._stopped = _After(pauses=1)
    feed._run()  # connects once more, as after an error
    assert len(told.get_nowait().attendance) == 1
    assert told.empty()
