"""The system screen: findings, camera, retention and the audit log, from keys to rows and files."""

import re
import threading
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from db import audit
from db.attendance import ledger
from db.engine import reading, writing
from db.errors import DatabaseError
from db.observations import moods, sightings
from db.people import people
from db.programs import webhooks
from monitor.config_outbound import Webhook
from monitor.desk.days import corrections
from monitor.desk.maintenance import system
from monitor.doctor.check import Check, Status
from monitor.domain import EventKind, Frame, KioskEvent, RgbImage
from monitor.errors import MusterError, SourceError
from monitor.sources.camera import CameraInfo
from monitor.tui.screens.people.people import PeopleScreen
from monitor.tui.screens.system.camera_choice import CameraChoice
from monitor.tui.screens.system.system import SystemScreen
from monitor.tui.widgets.paged import PagedTable
from monitor.tui.widgets.table import Table
from tests.db.rows import newest_entries
from tests.monitor.tui.desk_keys import SIZE, at_desk, at_door, fill, go, problem
from tests.monitor.world import FINDINGS, NOW, World, settle, text_of


class Grey:
    """A camera that sees nothing but grey; as a file it would have no end."""

    live = True
    warning: str | None = None

    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = threading.Event()

    def open(self) -> None:
        if self.name not in {"0", "rtsp://door.example/1"}:
            raise SourceError(f"Camera {self.name} does not open; close the program that uses it.")

    def read(self) -> Frame:
        self.closed.wait(0.01)
        return Frame(0, NOW, 0.0, np.full((480, 640, 3), 128, np.uint8))

    def close(self) -> None:
        self.closed.set()


async def until(pilot: Pilot[None], world: World, text: str) -> None:
    for _ in range(3000):
        await pilot.pause(0.02)
        if text in text_of(world):
            return
    raise AssertionError(text_of(world))


async def test_the_doctors_findings_are_shown_with_what_to_do_and_looked_at_again(world: World) -> None:
    rounds = []

    def checks(*_: object) -> Iterator[Check]:
        rounds.append(1)
        yield from FINDINGS if len(rounds) == 1 else FINDINGS[:1]

    world.machine = replace(world.machine, checks=checks)
    async with at_desk(world, "f6") as pilot:
        shown = text_of(world)
        rows = [row.cells for row in pilot.app.screen.query_one("#needs", Table).rows]
        assert [(sign, what) for sign, what, _ in rows] == [
            ("!!", "template key"), ("!", "backup"), ("!", "consent"),
        ], "the worst first, then in the order of what a hand is for"  # fmt: skip
        assert "No camera is connected." not in shown, "the desk needs none"
        assert "Give this account the right" in shown
        assert "System: 3 things need a hand, 2 work" in shown
        await go(pilot, "r")
        assert "System: 2 things need a hand, 1 work" in text_of(world)


async def test_a_receiver_in_trouble_is_said_until_it_takes_messages_again(world: World) -> None:
    with writing(world.engine) as session:
        webhooks.take(session, "chat", lambda _: True, NOW)
        webhooks.add(session, "chat", "unknown", NOW, NOW, door="door", text=None)
        session.flush()
        (waiting,) = webhooks.due(session, "chat", NOW, 1)
        webhooks.failed(session, waiting, "It did not answer within 10 seconds.", NOW, away=True)
    hook = Webhook(name="chat", url="http://127.0.0.1:9/")
    async with world.app(camera=False, webhooks=(hook,)).run_test(size=SIZE) as pilot:
        await go(pilot, "f6")
        needs = pilot.app.screen.query_one("#needs", Table)
        assert [row.cells[1] for row in needs.rows] == ["template key", "webhooks", "backup", "consent"]
        assert "It did not answer within 10 seconds." in str(needs.rows[1].cells[2])
        with writing(world.engine) as session:
            webhooks.delivered(session, "chat", [waiting], NOW)
        await until(pilot, world, "System: 3 things need a hand, 3 work")
        assert [row.cells[1] for row in needs.rows] == ["template key", "backup", "consent"]


async def test_after_checks_that_failed_the_next_run(world: World) -> None:
    rounds = []

    def checks(*_: object) -> Iterator[Check]:
        rounds.append(1)
        if len(rounds) == 1:
            raise MusterError("The camera's driver does not answer.")
        yield from FINDINGS[:1]

    world.machine = replace(world.machine, checks=checks)
    async with at_desk(world, "f6") as pilot:
        shown = [check.name for check in cast(SystemScreen, pilot.app.screen)._findings]
        await go(pilot, "r")
        found = [check.name for check in cast(SystemScreen, pilot.app.screen)._findings]
    assert (shown, found) == ([], [FINDINGS[0].name])


async def test_what_needs_a_hand_is_done_with_one_key_and_undone(world: World, tmp_path: Path) -> None:
    async with at_desk(world, "f6", "home", "down", "f") as pilot:
        (tmp_path / "backups").mkdir()
        await fill(pilot, folder=str(tmp_path / "backups"))
        await go(pilot, "f2", "f6")
        assert "backup" not in [row.cells[1] for row in pilot.app.screen.query_one("#needs", Table).rows]
        await go(pilot, "end", "enter")
        screen = pilot.app.screen
        assert isinstance(screen, PeopleScreen)
        assert "these are listed (v: everybody)" in text_of(world)
        await go(pilot, "v", "f6", "end", "f")
        assert "these are listed (v: everybody)" in text_of(world), "also when everybody was listed meanwhile"


async def test_the_audit_log_has_the_values_before_and_after(world: World) -> None:
    ada = world.ids["Ada Lovelace"]
    with writing(world.engine) as session:
        people.set_group(session, ada, "Types", at=NOW, actor="test")
        (event,) = [one for one in ledger.of_person(session, ada, NOW - timedelta(hours=12)) if one.kind == "check_in"]
    corrections.correct(
        world.engine, world.settings, event.id, "check_in", NOW - timedelta(hours=2), "the clock", at=NOW, actor="test"
    )
    async with at_desk(world, "f6", size=(160, 45)):
        shown = text_of(world)
        assert "group: Ada Lovelace" in shown
        assert "Engines → Types" in shown
        before = event.at.astimezone(world.settings.zone)
        assert f"came in 9 Mar {before:%H:%M} → 07:58" in shown


async def test_the_demos_key_is_no_finding_because_it_is_kept_nowhere(world: World) -> None:
    async with at_desk(world, "f6", source="demo"):
        assert "System: 1 thing needs a hand" in text_of(world), "the consents"
        assert "template key" not in text_of(world)


async def test_the_camera_is_chosen_after_a_look_through_it(world: World) -> None:
    cameras = (CameraInfo(0, "Built-in [red]"), CameraInfo(2, "Busy"))
    world.machine = replace(world.machine, cameras=lambda: cameras, open_source=Grey, turn_needed=lambda _: 0)
    app = world.app(camera=False)
    app.config_file.write_text('site = "north"  # here\n', encoding="utf-8")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await go(pilot, "f6", "c", *"source")
        await pilot.press("enter")
        await until(pilot, world, "640x480")
        assert "Built-in [red]" in text_of(world)
        screen = pilot.app.screen
        assert isinstance(screen, CameraChoice)
        await pilot.press("down")
        await until(pilot, world, "Camera 2 does not open; close the program that uses it.")
        assert "No picture" in text_of(world)
        await pilot.press("up", "enter")
        await until(pilot, world, "Camera 0 is used from the next start on.")
    written = app.config_file.read_text(encoding="utf-8")
    assert tomllib.loads(written) == {"site": "north", "source": "0"}
    assert "# here" in written


async def test_a_camera_on_its_side_is_proposed_to_be_turned_and_both_are_written(world: World) -> None:
    asked: list[int] = []

    def turn_needed(pictures: Sequence[RgbImage]) -> int:
        asked.append(len(pictures))
        return 270 if len(asked) > 1 else 0

    world.machine = replace(
        world.machine, cameras=lambda: (CameraInfo(0, "Door"),), open_source=Grey, turn_needed=turn_needed
    )
    app = world.app(camera=False)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await go(pilot, "f6", "c", *"source")
        await pilot.press("enter")
        await until(pilot, world, "rotate = 270 with the choice.")
        await pilot.press("enter")
        await until(pilot, world, "Camera 0 is used from the next start on.")
    written = tomllib.loads(app.config_file.read_text(encoding="utf-8"))
    assert (written["source"], written["rotate"]) == ("0", 270)


async def test_the_camera_key_works_beside_the_audit_log_and_the_choice_can_be_left_before_it_is_listed(
    world: World,
) -> None:
    go_on = threading.Event()
    world.machine = replace(world.machine, cameras=lambda: (go_on.wait(60), ())[1])
    async with at_desk(world, "f6", "tab", "tab") as pilot:
        assert pilot.app.screen.query_one(PagedTable).has_focus
        await go(pilot, "c", *"source")
        await pilot.press("enter")
        while not isinstance(pilot.app.screen, CameraChoice):  # not settled: the list of cameras waits for `go_on`
            await pilot.pause(0.01)
        await pilot.press("escape")
        while isinstance(pilot.app.screen, CameraChoice):
            await pilot.pause(0.01)
        go_on.set()
        await settle(pilot)
        assert pilot.app.current_mode == "system"
        assert not isinstance(pilot.app.screen, CameraChoice)


async def test_the_finding_about_the_terminal_follows_the_window(world: World) -> None:
    def terminal(*_: object) -> Iterator[Check]:
        width, height = world.apps[-1].size
        status = Status.OK if width >= 80 else Status.WARN
        yield Check("terminal", status, f"{width}x{height} cells.", "Make it larger.")

    world.machine = replace(world.machine, checks=terminal, terminal=terminal)
    async with at_desk(world, "f6") as pilot:
        assert "120x36 cells." in text_of(world)
        await pilot.resize_terminal(60, 20)
        await until(pilot, world, "60x20 cells.")
        assert "120x36" not in text_of(world)
        assert "System: 3 things need a hand" in text_of(world)


async def test_a_backup_that_cannot_be_written_is_asked_for_again(world: World, tmp_path: Path) -> None:
    async with at_desk(world, "f6", "b") as pilot:
        await fill(pilot, folder=str(tmp_path / "nowhere"))
        assert "cannot be written" in await problem(pilot)
        (tmp_path / "copies").mkdir()
        await fill(pilot, folder=str(tmp_path / "copies"))
    assert len(list((tmp_path / "copies").iterdir())) == 1


async def test_a_stream_that_does_not_open_is_not_written(world: World) -> None:
    world.machine = replace(world.machine, cameras=lambda: (), open_source=Grey)
    app = world.app(camera=False)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await go(pilot, "f6", "c", *"source", "enter")
        assert "No camera is connected." in text_of(world)
        other = pilot.app.screen.query_one("#other", Input)
        other.focus()
        other.value = "rtsp://nowhere.example"
        await go(pilot, "enter")
        assert "does not open" in text_of(world)
        assert not app.config_file.exists()
        other.value = "rtsp://door.example/1"
        await go(pilot, "enter")
        assert "is used from the next start on." in text_of(world)
    assert tomllib.loads(app.config_file.read_text(encoding="utf-8")) == {"source": "rtsp://door.example/1"}


async def test_a_purge_says_what_goes_and_leaves_the_ledger(world: World) -> None:
    app = world.app(camera=False, keep_visitors_days=1, keep_sightings_days=10, keep_moods_days=10)
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await go(pilot, "f6", "x")
        assert "2 sightings of unknown people (2 with a face)" in text_of(world)
        with reading(world.engine) as session:
            before = ledger.count(session), moods.count(session)
        await fill(pilot)
        await settle(pilot)
        assert re.search(r"Deleted: \d+ rows\.", text_of(world))
        await go(pilot, "x")
        assert "There is no expired data." in text_of(world)
    with reading(world.engine) as session:
        assert ledger.count(session) == before[0]
        assert 0 < moods.count(session) < before[1]
        assert sightings.count_visitors(session) == 1
        assert not sightings.between(session, NOW - timedelta(days=30), NOW - timedelta(days=11))
        assert newest_entries(session, limit=1)[0].action == "purge"


async def test_the_audit_log_is_paged_to_its_first_entry(world: World) -> None:
    with writing(world.engine) as session:
        for index in range(400):
            audit.note(session, f"note {index}", at=NOW - timedelta(days=30, minutes=index), actor="test")
    async with at_desk(world, "f6", "tab", "tab") as pilot:
        table = pilot.app.screen.query_one(PagedTable)
        assert table.has_focus
        assert len(table.rows) < 200
        await go(pilot, "end")
        assert "note 399" in text_of(world)
        assert table.selected_key is not None
        await go(pilot, "home")
        assert "calibrate" in text_of(world)


async def test_a_database_that_fails_is_said_and_loaded_again_when_it_answers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise DatabaseError("The database does not answer; try again in a moment.")

    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        with monkeypatch.context() as patch:
            patch.setattr(system, "system_view", fail)
            await go(pilot, "f6")
            assert "! The database does not answer; try again in a moment." in text_of(world)
        await go(pilot, "f2", "f6")
        assert "10 people, 187 entries" in text_of(world)
        assert "does not answer" not in text_of(world)


async def test_a_film_that_ended_has_no_cable(world: World) -> None:
    ended = KioskEvent(EventKind.SOURCE_LOST, NOW, text="The video or folder has ended.")
    async with at_door(world, ended, source="film.mp4") as pilot:
        await go(pilot, "f6")
        screen = pilot.app.screen
        assert isinstance(screen, SystemScreen)
        (camera,) = (one for one in screen._needs() if one.name == "camera")
        assert camera.advice == "Start Muster again to play it once more, or choose another camera or file."
