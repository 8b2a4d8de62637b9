"""The month and the week: people by days."""

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.desk.days import corrections
from monitor.tui.screens.day_sheet import DaySheet
from monitor.tui.screens.person_sheet import PersonSheet
from monitor.tui.screens.today.month import MonthScreen
from monitor.tui.screens.today.today import TodayScreen
from monitor.tui.widgets.table import Table
from tests.monitor.tui.desk_keys import at_desk, fill, go, names, problem, told
from tests.monitor.world import NOW, World, text_of


def cells(world: World, name: str) -> tuple[str, ...]:
    rows = world.apps[-1].screen.query_one("#grid", Table).rows
    return next(row.cells for row in rows if row.cells[0] == name)


@pytest.mark.parametrize(("size", "days"), [((80, 24), 14), ((160, 45), 31)])
async def test_the_month_has_everybodys_days_and_exact_sums(world: World, size: tuple[int, int], days: int) -> None:
    async with at_desk(world, "m", size=size) as pilot:
        assert isinstance(pilot.app.screen, MonthScreen)
        shown = cells(world, "Tim Berners-Lee")
        assert shown[1:10] == ("·", "✗", "✗", "✗", "✗", "✗", "·", "·", "✗")
        assert len(shown) == days + 3
        assert shown[-2:] == ("0:00", "−40:00")
        assert cells(world, "Ada Lovelace")[9] == "1●", "still in the house"
        assert "Mar 2026   10 people" in text_of(world)
        assert ", . Back, on" in text_of(world), "dimmed, for there is no later month yet"


async def test_hours_of_a_month_that_nobody_knows_are_a_question_mark(world: World) -> None:
    came = NOW - timedelta(days=3)
    tim = world.ids["Tim Berners-Lee"]
    corrections.add(world.engine, world.settings, tim, "check_in", came, "forgotten", at=NOW, actor="Ada")
    async with at_desk(world, "m", size=(80, 24)):
        assert cells(world, "Tim Berners-Lee")[-2] == "?"


async def test_days_weeks_and_months_are_gone_through_and_a_day_is_opened(world: World) -> None:
    async with at_desk(world, "m", "w", "escape", "m") as pilot:
        assert "\n Mar 2026   10 people" in text_of(world), "m is the month, whatever was shown last"
        await go(pilot, "w")
        assert cells(world, "Tim Berners-Lee")[1] == "✗"
        await go(pilot, "comma", "left")
        assert "Sun 1 Mar 2026   not expected" in text_of(world), "a week and a day before the 9th"
        await go(pilot, "m", "comma")
        assert "Feb 2026" in text_of(world)
        await go(pilot, "t", "left", "left", "left", "enter")
        assert isinstance(pilot.app.screen, DaySheet)
        assert "Ada Lovelace Fri 6 Mar 2026" in text_of(world)
        await go(pilot, "escape", "d")
        assert isinstance(pilot.app.screen, TodayScreen)
        assert names(pilot, "#roster")[0] == "Ada Lovelace"


async def test_a_month_is_written_to_a_sheet_to_sign(world: World, tmp_path: Path) -> None:
    file = tmp_path / "march.html"
    async with at_desk(world, "m", "e") as pilot:
        await fill(pilot, file=str(file))
        await go(pilot)
        assert f"Written to {file}" in told(pilot)
    assert file.read_text().count("<section>") == 10


@pytest.mark.parametrize("way", [("f2", "enter", "m"), ("m", "enter", "m"), ("f4", "m")])
async def test_a_persons_sheet_is_reached_from_today_month_and_people(world: World, way: tuple[str, ...]) -> None:
    async with at_desk(world, *way) as pilot:
        assert isinstance(pilot.app.screen, PersonSheet)
        rows = pilot.app.screen.query_one("#days", Table).rows
        assert [row.cells[0] for row in rows][-2:] == ["Mon 2026-03-09", "Total"]
        assert "Ada Lovelace   Sun 1 Mar 2026 to Tue 31 Mar 2026" in text_of(world)


async def test_a_sheet_shows_any_days_opens_one_and_is_printed(world: World, tmp_path: Path) -> None:
    file = tmp_path / "ada.html"
    async with at_desk(world, "f4", "m", "comma", size=(80, 24), notifications=True) as pilot:
        assert "Sun 1 Feb 2026 to Sat 28 Feb 2026" in text_of(world)
        await go(pilot, "g")
        await fill(pilot, first="2026-03-09", last="2026-03-05")
        assert "after the last" in await problem(pilot)
        await fill(pilot, first="2026-03-05", last="2026-03-09")
        assert "Thu 5 Mar 2026 to Mon 9 Mar 2026" in text_of(world)
        await go(pilot, "comma")
        assert "Sat 28 Feb 2026 to Wed 4 Mar 2026" in text_of(world)
        await go(pilot, "full_stop", "enter")
        assert isinstance(pilot.app.screen, DaySheet)
        await go(pilot, "escape", "e")
        await fill(pilot, file=str(file))
        await go(pilot)
        assert f"Written to {file}" in told(pilot)
    page = file.read_text()
    assert page.count("<section>") == 1
    assert "<h1>Ada Lovelace</h1>" in page
    assert "2026-03-05 to 2026-03-09" in page


async def test_m_goes_from_what_needs_you_to_the_month(world: World) -> None:
    async with at_desk(world, "exclamation_mark", "m") as pilot:
        assert isinstance(pilot.app.screen, MonthScreen)
