"""Needs you: from one key to a repaired day in the ledger."""

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session
from textual.widgets import Static

from db.attendance import kiosks, leave, ledger, shifts
from db.calendar import Leave, Shift
from db.engine import reading, writing
from db.ids import new_id
from db.people import people
from db.records.attendance import NewEvent, Presence
from monitor.attendance.days import Period
from monitor.attendance.summary import DaySummary, Status
from monitor.desk.days.attendance import attendance
from monitor.tui.screens.day_sheet import DaySheet
from monitor.tui.screens.today.needs_you import NeedsYouScreen
from monitor.tui.screens.today.today import TodayScreen
from monitor.tui.widgets.table import Table
from tests.monitor.tui.desk_keys import at_desk, fill, go, told
from tests.monitor.world import NOW, World, text_of

MONDAY = datetime(2026, 3, 2, tzinfo=ZoneInfo("Europe/Berlin"))


@pytest.fixture
def forgetful(empty_world: World) -> World:
    """Ada and Bob forgot to leave on Monday; Cleo did not come, and was sick on Tuesday."""
    world = empty_world
    with writing(world.engine) as session:
        start = MONDAY - timedelta(days=1)
        kiosk = kiosks.register(session, "door", site="HQ", role="auto", time_zone="Europe/Berlin", at=start).id
        ada, bob, cleo = (people.add_person(session, name, at=start, actor="t").id for name in ("Ada", "Bob", "Cleo"))
        shifts.add(session, Shift(new_id(), frozenset({0, 1}), time(9), time(17, 30)), at=start, actor="t")
        sick = Leave(new_id(), cleo, MONDAY.date() + timedelta(days=1), MONDAY.date() + timedelta(days=1), "sick")
        leave.add(session, sick, at=start, actor="t")
        for person in (ada, bob):
            append(session, kiosk, person, "check_in", MONDAY + timedelta(hours=8, minutes=50))
            append(session, kiosk, person, "check_in", MONDAY + timedelta(days=1, hours=9))
            append(session, kiosk, person, "check_out", MONDAY + timedelta(days=1, hours=17, minutes=30))
            append(session, kiosk, person, "check_in", NOW - timedelta(hours=1))
    return world


def append(session: Session, kiosk: UUID, person: UUID, kind: Presence, at: datetime) -> None:
    ledger.append(session, NewEvent(new_id(), kind, person, at, "Europe/Berlin", kiosk, "face", "door", at))


def monday_of(world: World, name: str) -> DaySummary:
    day = MONDAY.date()
    found = attendance(world.engine, world.settings, Period(day, day), NOW)
    return next(one.summary for one in found if one.person.name == name)


def listed(world: World) -> list[tuple[str, ...]]:
    return [row.cells for row in world.apps[-1].screen.query_one("#repairs", Table).rows]


def evidence(world: World) -> str:
    return str(world.apps[-1].screen.query_one("#evidence", Static).content)


async def test_three_days_are_repaired_by_four_keys_from_anywhere(forgetful: World) -> None:
    async with at_desk(forgetful, "f4", "exclamation_mark") as pilot:
        assert isinstance(pilot.app.screen, NeedsYouScreen)
        assert listed(forgetful) == [
            ("□ Mon  2", "Mar", "Ada", "came 08:50, never left", "left 17:30, the shift's end"),
            ("□ Mon  2", "Mar", "Bob", "came 08:50, never left", "left 17:30, the shift's end"),
            ("□ Mon  2", "Mar", "Cleo", "absent, no reason", "leave: sick, as on Tue 3"),
        ]
        assert "!3" in text_of(forgetful), "the header counts them"
        await pilot.press("f", "f", "f")
        await go(pilot)
        assert listed(forgetful) == []
        assert "!3" not in text_of(forgetful)
    ada = monday_of(forgetful, "Ada")
    assert (ada.status, ada.present, ada.marks) == (Status.LEFT, timedelta(hours=8, minutes=40), "m")
    assert monday_of(forgetful, "Bob").present == ada.present
    assert monday_of(forgetful, "Cleo").status is Status.ON_LEAVE


async def test_the_day_that_would_be_is_shown_with_what_is_written_and_why(forgetful: World) -> None:
    async with at_desk(forgetful, "exclamation_mark") as pilot:
        shown = evidence(forgetful)
        for part in (
            "??????",
            "8:40",
            "+ left Mon 2 Mar 17:30, by hand, desk",
            "forgot to leave; the shift's end",
            "08:50 came in",
        ):
            assert part in shown
        await go(pilot, "end")
        assert "leave Mon 2 Mar: sick, desk" in evidence(forgetful)


@pytest.mark.parametrize(
    ("size", "ascii_only", "shown"),
    [((72, 24), True, "[ ] Mon  2 Ada"), ((80, 24), False, "□ Mon  2 Mar Ada"), ((80, 24), True, "[ ] Mon  2 Mar Ada")],
)
async def test_the_day_is_whole_and_has_its_month_where_it_fits(
    forgetful: World, size: tuple[int, int], ascii_only: bool, shown: str
) -> None:
    async with at_desk(forgetful, "exclamation_mark", size=size, ascii_only=ascii_only):
        assert shown in text_of(forgetful)


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_another_time_with_a_reason_of_its_own(forgetful: World, size: tuple[int, int]) -> None:
    async with at_desk(forgetful, "exclamation_mark", "c", size=size) as pilot:
        await fill(pilot, at="16:15", reason="doctor")
        await go(pilot)
        assert "Ada, Mon 2 Mar: left 16:15." in told(pilot)
        assert [name for _, _, name, *_ in listed(forgetful)] == ["Bob", "Cleo"]
        await go(pilot, "enter")
        assert isinstance(pilot.app.screen, DaySheet)
    assert monday_of(forgetful, "Ada").present == timedelta(hours=7, minutes=25)


async def test_ticked_days_are_repaired_after_one_question(forgetful: World) -> None:
    async with at_desk(forgetful, "exclamation_mark", "space", "space", "f") as pilot:
        assert monday_of(forgetful, "Ada").incomplete, "nothing is written before the answer"
        await fill(pilot)
        await go(pilot)
        assert "2 days are repaired." in told(pilot)
        assert [name for _, _, name, *_ in listed(forgetful)] == ["Cleo"]


async def test_a_repair_that_is_taken_back_has_the_cursor_again(forgetful: World) -> None:
    async with at_desk(forgetful, "exclamation_mark", "down", "f") as pilot:
        table = pilot.app.screen.query_one("#repairs", Table)
        assert [row[2] for row in listed(forgetful)] == ["Ada", "Cleo"]
        await go(pilot, "ctrl+z")
        assert [row[2] for row in listed(forgetful)] == ["Ada", "Bob", "Cleo"]
        assert table.cursor == 1


async def test_a_day_is_set_aside_and_put_back(forgetful: World) -> None:
    async with at_desk(forgetful, "exclamation_mark", "end", "x") as pilot:
        await fill(pilot, reason="on purpose")
        await go(pilot)
        assert [name for _, _, name, *_ in listed(forgetful)] == ["Ada", "Bob"]
        await go(pilot, "v")
        assert listed(forgetful) == [("□ Mon  2", "Mar", "Cleo", "absent, no reason", "x on purpose, desk")]
        await go(pilot, "x", "v")
        assert [name for _, _, name, *_ in listed(forgetful)] == ["Ada", "Bob", "Cleo"]
        await go(pilot, "escape")
        assert isinstance(pilot.app.screen, TodayScreen)
    with reading(forgetful.engine) as session:
        assert len(ledger.between(session, MONDAY, MONDAY + timedelta(days=1))) == 2, "the ledger is as it was"
