"""The Shifts screen with keys: add, change, end, import; leave on Today and People."""

from datetime import date, time, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from db.attendance import holidays, leave, shifts
from db.calendar import Holiday, Leave, Shift
from db.engine import reading, writing
from db.ids import new_id
from monitor.tui.screens.shifts.shift_dialog import ShiftDialog
from monitor.tui.screens.shifts.shifts import ShiftsScreen
from monitor.tui.widgets.dialogs import Dialog
from monitor.tui.widgets.table import Table
from tests.monitor.tui.desk_keys import at_desk, fill, go, problem, told
from tests.monitor.world import NOW, World, settle, text_of

TODAY = NOW.date()
DAY = timedelta(days=1)


def kept(world: World) -> tuple[list[Shift], list[Holiday], list[Leave]]:
    with reading(world.engine) as session:
        return (
            shifts.all_shifts(session),
            holidays.all_holidays(session),
            leave.leave_between(session, TODAY - 400 * DAY),
        )


def sentence(pilot: Pilot[None]) -> str:
    assert isinstance(pilot.app.screen, ShiftDialog)
    return str(pilot.app.screen.query_one("#sentence", Static).render())


async def type_line(pilot: Pilot[None], line: str) -> None:
    pilot.app.screen.query_one("#line", Input).value = line
    await settle(pilot)


async def test_three_keys_add_the_usual_shift_for_everybody(world: World) -> None:
    with writing(world.engine) as session:
        (old,) = shifts.all_shifts(session)
        shifts.remove(session, old.id, at=NOW, actor="test")
    async with at_desk(world, "f7", "a") as pilot:
        assert "It counts for 10 people. Days before Tue 10 Mar 2026 stay as they are." in sentence(pilot)
        await go(pilot, "enter")
        assert isinstance(pilot.app.screen, ShiftsScreen)
        assert "mon-fri 09:00-17:30" in told(pilot)
    ((added,), _, _) = kept(world)
    assert (added.start, added.end, added.break_minutes, added.valid_from) == (time(9), time(17, 30), 30, TODAY + DAY)


async def test_the_line_and_the_fields_say_the_same(world: World) -> None:
    async with at_desk(world, "f7", "a", size=(80, 24)) as pilot:
        await type_line(pilot, "networks mon,tue 22-6 break 45 paid from 1 apr every 2 weeks")
        values = {box.id: box.value for box in pilot.app.screen.query(Input)}
        assert (values["whose"], values["days"], values["from"], values["to"]) == (
            "networks",
            "mon,tue",
            "22:00",
            "06:00",
        )
        assert (values["break"], values["valid_from"], values["every"]) == ("45", "2026-04-01", "2 weeks")
        assert "Networks: mon,tue 22:00-06:00 (ends on the next day), every second week" in sentence(pilot)
        pilot.app.screen.query_one("#to", Input).value = "6:30"
        await settle(pilot)
        line = pilot.app.screen.query_one("#line", Input).value
        assert line == "networks mon,tue 22:00-06:30 break 45 paid from 2026-04-01 every 2 weeks"
        pilot.app.screen.query_one("#to", Input).value = "late"
        await settle(pilot)
        assert "'late' is not a time of day" in sentence(pilot)
        await go(pilot, "enter")
        assert isinstance(pilot.app.screen, ShiftDialog), "nothing is written while a part is not understood"
        await go(pilot, "escape")
    assert len(kept(world)[0]) == 1


async def test_a_shift_in_the_way_is_said_and_nothing_is_written(world: World) -> None:
    async with at_desk(world, "f7", "a") as pilot:
        assert "There is a shift at this time already: Everybody" in sentence(pilot)
        await go(pilot, "enter")
        assert isinstance(pilot.app.screen, ShiftDialog)
    assert len(kept(world)[0]) == 1


async def test_a_shift_of_24_hours_is_asked_about_before_it_is_written(world: World) -> None:
    async with at_desk(world, "f7", "a") as pilot:
        await type_line(pilot, "person ada mon-fri 09:00-09:00")
        await go(pilot, "enter")
        assert sentence(pilot) == "This shift lasts 24 hours. If that is meant, press Enter again."
        assert len(kept(world)[0]) == 1
        await go(pilot, "enter")
        assert len(kept(world)[0]) == 2


async def test_a_change_begins_tomorrow_and_an_end_keeps_the_past(world: World) -> None:
    async with at_desk(world, "f7", "c") as pilot:
        await type_line(pilot, "mon-fri 8-16")
        await go(pilot, "enter")
        ((old, new), _, _) = kept(world)
        assert (old.start, old.valid_to) == (time(9), TODAY)
        assert (new.start, new.valid_from) == (time(8), TODAY + DAY)
        await go(pilot, "end", "x", "enter")
        ((old,), _, _) = kept(world)
        assert old.valid_to == TODAY
        await go(pilot, "x")
        await fill(pilot, last="")
        assert "It changes" in told(pilot)
    assert kept(world)[0] == []


async def test_holidays_are_imported_added_and_removed(world: World) -> None:
    async with at_desk(world, "f7", "tab", "i", *"de-be", "enter") as pilot:
        assert "holidays added" in told(pilot)
        days = kept(world)[1]
        assert date(2026, 10, 3) in {one.day for one in days}
        await go(pilot, "a")
        await fill(pilot, day="24 dec", name="Eve", half="afternoon")
        added = next(one for one in kept(world)[1] if one.day == date(2026, 12, 24))
        assert (added.name, added.half) == ("Eve", "afternoon")
        key = pilot.app.screen.query_one("#holidays", Table).selected_key
        await go(pilot, "x", "left", "enter")
        assert key not in {str(one.id) for one in kept(world)[1]}


async def test_a_long_note_of_a_leave_is_kept_when_its_days_are_changed(world: World) -> None:
    note = "the certificate is in the second drawer " * 20
    with writing(world.engine) as session:
        first = Leave(new_id(), world.ids["Ada Lovelace"], TODAY, TODAY, "sick", note=note)
        leave.add(session, first, at=NOW, actor="test")
    async with at_desk(world, "f7", "tab", "tab", "c") as pilot:
        await fill(pilot, to=(TODAY + DAY).isoformat())
        (changed,) = kept(world)[2]
        assert (changed.last, changed.note) == (TODAY + DAY, note.strip())
        await go(pilot, "c")
        await fill(pilot, note=f"{note}now")
        assert kept(world)[2][0].note == f"{note}now"


async def test_leave_is_entered_changed_and_removed(world: World) -> None:
    async with at_desk(world, "f7", "tab", "tab", "a") as pilot:
        await fill(pilot, who="lovelace", kind="s", to="13 mar")
        (one,) = kept(world)[2]
        assert (one.person, one.kind, one.last) == (world.ids["Ada Lovelace"], "sick", date(2026, 3, 13))
        await go(pilot, "c")
        await fill(pilot, half="m")
        assert kept(world)[2][0].half == "morning"
        await go(pilot, "a")
        await fill(pilot, who="nobody at all")
        assert "Nobody enrolled" in await problem(pilot)
        await go(pilot, "escape", "x", "left", "enter")
    assert kept(world)[2] == []


async def test_three_keys_enter_a_sick_day_on_today_and_people(world: World) -> None:
    for screen, name in (("f2", "Ada Lovelace"), ("f4", "Ada Lovelace")):
        async with at_desk(world, screen, "l", size=(80, 24)) as pilot:
            assert isinstance(pilot.app.screen, Dialog)
            await go(pilot, "s", "enter")
            (one,) = kept(world)[2]
            assert (one.person, one.first, one.last, one.kind) == (world.ids[name], TODAY, TODAY, "sick")
        with writing(world.engine) as session:
            leave.remove(session, one.id, at=NOW, actor="test")


async def test_a_list_is_imported_and_says_what_it_left_out(world: World, tmp_path: Path) -> None:
    file = tmp_path / "shifts.csv"
    file.write_text("name,days,from,to\nada LOVELACE,sat,8,12\nnobody,sat,8,12\n")
    async with at_desk(world, "f7", "i") as pilot:
        await fill(pilot, file=str(file))
        assert "1 added, 0 there already. 1 left out: Row 3" in told(pilot)
    assert len(kept(world)[0]) == 2


async def test_on_a_narrow_screen_one_list_is_shown_at_a_time(world: World) -> None:
    with writing(world.engine) as session:
        (old,) = shifts.all_shifts(session)
        shifts.remove(session, old.id, at=NOW, actor="test")
    async with at_desk(world, "f7", size=(80, 24)) as pilot:
        assert "Press a to add one" in text_of(world)
        assert "Ada Lovelace" not in text_of(world)
        await go(pilot, "v", "v", "v")
        assert "[No shift 10]" in text_of(world)
        assert "Ada Lovelace" in text_of(world)
        await go(pilot, "a")
        assert pilot.app.screen.query_one("#line", Input).value.startswith("Engines ")
        await go(pilot, "escape", "tab")
        assert "[Shifts 0]" in text_of(world)


@pytest.mark.parametrize(("columns", "rule"), [(100, False), (160, True)])
async def test_the_head_line_is_whole_sentences_at_every_width(world: World, columns: int, rule: bool) -> None:
    with writing(world.engine) as session:
        (old,) = shifts.all_shifts(session)
        shifts.remove(session, old.id, at=NOW, actor="test")
    async with at_desk(world, "f7", size=(columns, 36)):
        shown = text_of(world)
        assert "10 people have none: never absent or late." in shown
        assert ("Who is expected when" in shown) is rule
