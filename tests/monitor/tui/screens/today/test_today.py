"""Today: from keys to rows of the ledger."""

import threading
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from textual.widgets import Input

from db import audit
from db.attendance import kiosks, ledger, shifts
from db.calendar import Shift
from db.engine import reading, writing
from db.ids import new_id
from db.people import people
from db.records.attendance import NewEvent
from db.verification import ledger_check
from monitor.desk.actor import Actor
from monitor.desk.days import corrections
from monitor.tui.app import MusterApp
from monitor.tui.screens.day_sheet import DaySheet
from monitor.tui.screens.today.today import TodayScreen
from monitor.tui.widgets.table import Table
from tests.db.rows import newest_entries
from tests.monitor.tui.desk_keys import at_desk, at_door, fill, go, names, problem, told
from tests.monitor.world import NOW, World, came, settle, text_of


async def test_the_roster_tells_who_came_and_who_did_not(world: World) -> None:
    async with at_desk(world) as pilot:
        shown = text_of(world)
        assert "Mon 9 Mar 2026   4 present   1 late   1 left   4 absent" in shown
        status = {row.cells[1]: row.cells[0] for row in pilot.app.screen.query_one("#roster", Table).rows}
        assert status["Alan Turing"] == "○ left"
        assert status["Edsger Dijkstra"] == "◐ late"
        assert status["Tim Berners-Lee"] == "✗ absent"


async def test_after_a_visit_somebody_is_still_due_and_the_board_says_when(world: World) -> None:
    tim, hour = world.ids["Tim Berners-Lee"], timedelta(hours=1)
    by: Actor = {"at": NOW, "actor": "Ada"}
    with writing(world.engine) as session:
        night = Shift(new_id(), frozenset(range(7)), time(22), time(6), tim, valid_from=NOW.date())
        shifts.add(session, night, at=NOW, actor="Ada")
    corrections.add(world.engine, world.settings, tim, "check_in", NOW - hour, "visited", **by)
    corrections.add(world.engine, world.settings, tim, "check_out", NOW - hour / 2, "visited", **by)
    async with at_desk(world) as pilot:
        (row,) = [
            row.cells for row in pilot.app.screen.query_one("#roster", Table).rows if row.cells[1].startswith("Tim")
        ]
        assert (row[0], row[4:6], row[7]) == ("→ due 22:00", ("08:58", "09:28"), "0:30")


async def test_a_day_before_anybody_was_enrolled_does_not_say_that_nobody_is(world: World) -> None:
    async with at_desk(world, "g") as pilot:
        await fill(pilot, day="2020-01-06")
        shown = text_of(world)
        assert "Nobody was enrolled on this day." in shown
        assert "Press F4" not in shown


async def test_the_filter_works_while_typing_and_escape_clears_it(world: World) -> None:
    async with at_desk(world, "slash", "o", "r", "b") as pilot:
        assert names(pilot, "#roster") == ["Katherine Johnson", "Margaret Hamilton"]
        await go(pilot, "escape")
        assert len(names(pilot, "#roster")) == 10


async def test_enter_is_for_the_list_that_was_asked_for(world: World) -> None:
    async with at_desk(world) as pilot:
        await pilot.press("slash", *"hopper", "enter", "enter")
        await go(pilot)
        assert isinstance(pilot.app.screen, DaySheet)
        assert "Grace Hopper Mon 9 Mar 2026" in text_of(world)


async def test_the_day_sheet_has_help_and_says_what_no_longer_counts(world: World) -> None:
    async with at_desk(world, "enter", "x", size=(80, 24), notifications=True) as pilot:
        await fill(pilot, reason="not her")
        toast, sheet = (pilot.app.screen.query_one(name).region for name in ("Toast", "#entries"))
        assert not toast.overlaps(sheet), "what is said covers no entry"
        await go(pilot, "home", "c")
        assert isinstance(pilot.app.screen, DaySheet), "there is nothing to correct"
        assert "This entry no longer counts." in told(pilot)
        pilot.app.clear_notifications()
        await go(pilot, "question_mark")
        assert "A person's day" in text_of(world)
        await go(pilot, "escape", "ctrl+z")
        assert "Taken back" in told(pilot)


async def test_a_wall_shows_who_is_in_now(world: World) -> None:
    async with at_desk(world, "v") as pilot:
        shown = text_of(world)
        assert "5 people are in now" in shown
        assert "Grace Hopper" in shown
        assert "Alan Turing" not in shown, "he has left"
        await go(pilot, "v")
        assert isinstance(pilot.app.screen, TodayScreen)


async def test_sorting_goes_through_the_columns(world: World) -> None:
    async with at_desk(world, "s", "s") as pilot:
        assert names(pilot, "#roster")[:2] == ["Barbara Liskov", "Donald Knuth"], "by first arrival"


async def test_the_order_is_turned_round_from_the_keyboard(world: World) -> None:
    async with at_desk(world, "S") as pilot:
        assert names(pilot, "#roster")[:2] == ["Tim Berners-Lee", "Radia Perlman"]
        await go(pilot, "S")
        assert names(pilot, "#roster")[:2] == ["Ada Lovelace", "Alan Turing"]


async def test_the_keys_of_the_filter_are_told_while_it_is_typed(world: World) -> None:
    async with at_desk(world, "slash", "o", "r", "b") as pilot:
        assert "Esc Clear" in text_of(world)
        await go(pilot, "enter")
        assert pilot.app.screen.query_one("#roster").has_focus
        assert "Esc Clear" not in text_of(world)
        assert names(pilot, "#roster") == ["Katherine Johnson", "Margaret Hamilton"]


async def test_other_days_are_one_key_away(world: World) -> None:
    async with at_desk(world, "left", "left", "left") as pilot:
        assert "Fri 6 Mar 2026" in text_of(world)
        await go(pilot, "t")
        assert "Mon 9 Mar 2026" in text_of(world)


async def test_any_day_is_found_by_its_date(world: World) -> None:
    async with at_desk(world, "g") as pilot:
        await fill(pilot, day="the other day")
        assert "write it like 2026-11-27" in text_of(world)
        await fill(pilot, day="2026-03-10")
        assert "in the future" in text_of(world)
        await fill(pilot, day="2026-02-27")
        assert "Fri 27 Feb 2026   9 left   1 absent" in text_of(world)
        await go(pilot, "g")
        await fill(pilot, day="26 feb")
        assert "Thu 26 Feb 2026" in text_of(world)
        await go(pilot, "t")
        assert "Mon 9 Mar 2026" in text_of(world)


async def test_a_new_check_in_appears_and_the_selection_stays(world: World) -> None:
    async with at_door(world) as pilot:
        await go(pilot, "f2", "down", "down")
        table = pilot.app.screen.query_one("#roster", Table)
        before = table.selected_key
        world.kiosk.on_event(came(world))
        await pilot.pause(0.3)
        await settle(pilot)
        assert table.selected_key == before


async def test_a_correction_is_a_new_row_with_its_reason(world: World) -> None:
    async with at_desk(world, "enter", "c") as pilot:
        await fill(pilot, kind="check_in", at="08:30", reason="came by the back door")
        assert "corrected: came in" in text_of(world)
        assert "came by the back door" in text_of(world)
        await go(pilot, "escape")
        assert "08:30" in text_of(world)
    with reading(world.engine) as session:
        events = ledger.of_person(session, world.ids["Ada Lovelace"])
        assert [event.kind for event in events[-2:]] == ["check_in", "correction"]
        assert events[-1].target == events[-2].id
        assert audit.reasons(session, [events[-1].id]) == {events[-1].id: "came by the back door"}
        assert ledger_check.verify(session).whole


async def test_a_void_needs_a_reason(world: World) -> None:
    async with at_desk(world, "enter", "x") as pilot:
        await fill(pilot, reason="  ")
        assert "Reason: please fill this in." in text_of(world)
        await fill(pilot, reason="test")
    with reading(world.engine) as session:
        assert ledger.of_person(session, world.ids["Ada Lovelace"])[-1].kind == "void"


async def test_a_wrong_time_is_not_taken(world: World) -> None:
    async with at_desk(world, "enter", "a", *"25:00", "tab", "tab", *"test", "enter") as pilot:
        assert "such as 08:58" in text_of(world)
        assert pilot.app.focused is pilot.app.screen.query_one("#ask-at")
        await fill(pilot, at="09:59")
        assert "in the future" in text_of(world)
        await go(pilot, "escape")


async def test_a_persons_day_shows_no_entries_of_the_next(world: World) -> None:
    async with at_desk(world, "left", "left", "left", "left", "enter") as pilot:
        assert "Thu 5 Mar 2026" in text_of(world)
        assert [row.cells[1] for row in pilot.app.screen.query_one("#entries", Table).rows] == ["came in", "left"]


async def test_a_night_shifts_morning_is_corrected_on_the_right_day(world: World) -> None:
    ada, thursday = world.ids["Ada Lovelace"], datetime(2026, 3, 5, tzinfo=UTC)
    with writing(world.engine) as session:
        night = Shift(new_id(), frozenset(range(7)), time(22), time(6), person=ada)
        shifts.add(session, night, at=NOW, actor="test")
        kiosk = kiosks.all_kiosks(session)[0].id
        for hours, kind in ((21, "check_in"), (29, "check_out")):
            at = thursday + timedelta(hours=hours)
            ledger.append(session, NewEvent(new_id(), kind, ada, at, "Europe/Berlin", kiosk, "face", "door", at))  # type: ignore[arg-type]
    async with at_desk(world, "left", "left", "left", "left", "enter") as pilot:
        rows = pilot.app.screen.query_one("#entries", Table).rows
        assert [row.cells[0] for row in rows[-2:]] == ["22:00", "6 Mar 06:00"]
        await go(pilot, "end", "c")
        await fill(pilot, at="11:59", reason="stayed longer")
        await go(pilot, "a")
        await fill(pilot, at="00:30", reason="back again")
        await go(pilot, "a")
        await fill(pilot, at="12:30", reason="before the shift")
    with reading(world.engine) as session:
        written = [event.at for event in ledger.of_person(session, ada)][-3:]
    assert written == [thursday + timedelta(hours=hours) for hours in (34 + 59 / 60, 23.5, 11.5)]


async def test_a_persons_day_follows_what_is_written_meanwhile(world: World) -> None:
    async with at_desk(world, "enter") as pilot:
        table = pilot.app.screen.query_one("#entries", Table)
        assert table.count == 1
        with writing(world.engine) as session:
            kiosk, ada = kiosks.all_kiosks(session)[0].id, world.ids["Ada Lovelace"]
            ledger.append(
                session, NewEvent(new_id(), "check_out", ada, NOW, "Europe/Berlin", kiosk, "face", "door", NOW)
            )
        while table.count != 2:
            await pilot.pause(0.02)
        assert [row.cells[1] for row in table.rows] == ["came in", "left"]


async def test_a_persons_day_can_be_left_before_it_is_loaded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    load = corrections.person_entries
    monkeypatch.setattr(corrections, "person_entries", lambda *args: go_on.wait(60) and load(*args))
    async with at_desk(world) as pilot:
        await pilot.press("enter", "escape")
        await pilot.pause()
        go_on.set()
        await settle(pilot)
        assert pilot.app.is_running


@pytest.mark.parametrize("ending", ["csv", "xlsx", "json"])
async def test_a_day_is_exported_without_formulas(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    with writing(world.engine) as session:
        people.rename(session, world.ids["Ada Lovelace"], "=1+1", at=NOW, actor="test")
    file = tmp_path / f"day.{ending}"
    async with at_desk(world, "e") as pilot:
        assert str(tmp_path / "muster-2026-03-09.csv") == pilot.app.screen.query_one("#ask-file", Input).value
        await fill(pilot, file=str(file))
        assert "Written to" in told(pilot)
    with reading(world.engine) as session:
        noted = next(one for one in newest_entries(session) if one.action == "export report")
    assert (noted.actor, noted.detail["file"], noted.detail["from"]) == ("desk", str(file), "2026-03-09")
    if ending == "xlsx":
        rows = [row for sheet in load_workbook(file) for row in list(sheet.iter_rows())[1:-1]]
        assert len(rows) == 10, "a sheet a group, each with its heads and its total"
        assert {
            (cell.value, cell.data_type, cell.quotePrefix) for row in rows for cell in row if cell.value == "=1+1"
        } == {("=1+1", "s", True)}
    else:
        lines = file.read_text(encoding="utf-8").splitlines()
        assert len(lines) == (11 if ending == "csv" else 10)
        assert any(("'=1+1" if ending == "csv" else '"=1+1"') in line for line in lines)


async def test_an_export_that_cannot_be_written_is_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    downloads: list[Path] = []
    monkeypatch.setattr(MusterApp, "is_web", True)
    monkeypatch.setattr(MusterApp, "deliver_binary", lambda _, file: downloads.append(file))
    there = tmp_path / "there.csv"
    there.write_text("mine")
    async with at_desk(world, "e") as pilot:
        for name, said in (
            ("there.csv", "there already"), ("day.doc", "end in .csv"), ("no/folder.csv", "cannot be written"),
        ):  # fmt: skip
            await fill(pilot, file=str(tmp_path / name))
            assert said in await problem(pilot)
            assert pilot.app.screen.query_one("#ask-file", Input).value == str(tmp_path / name)
        await fill(pilot, file=str(tmp_path / "new.csv"))
        assert isinstance(pilot.app.screen, TodayScreen)
    assert there.read_text() == "mine"
    assert downloads == [tmp_path / "new.csv"], "in a browser it is a download, too"
    assert (tmp_path / "new.csv").exists()


@pytest.mark.parametrize(("width", "cut"), [(80, True), (160, False)])
async def test_where_columns_are_left_out_the_head_of_the_table_says_so(world: World, width: int, cut: bool) -> None:
    async with at_desk(world, "f2", size=(width, 30)):
        (head,) = [line for line in text_of(world).splitlines() if "Status" in line and "Name" in line]
        assert ("…" in head) == cut


async def test_counts_that_do_not_fit_in_words_are_told_by_their_signs(world: World) -> None:
    async with at_desk(world, "f2", size=(50, 30)):
        assert "● 4   ◐ 1   ○ 1   ✗ 4" in text_of(world)
