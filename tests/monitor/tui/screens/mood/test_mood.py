"""The Mood screen: back and on in time, one group or person alone, the heat map and the line over weeks."""

from datetime import date, timedelta

import pytest

from monitor.desk.days.mood_weeks import MoodWeek
from monitor.domain import MOODS
from monitor.moods.cells import MoodCell
from monitor.tui.screens.mood.charts import heat_map, hours_shown, stacked, week_line
from monitor.tui.style.text import UNICODE_SIGNS
from tests.monitor.tui.desk_keys import at_desk, fill, go, problem
from tests.monitor.world import World, text_of

MONDAY = date(2026, 3, 9)


def cell(happy: float, sightings: int, key: object = None) -> MoodCell:
    shares = tuple(happy if mood == "happy" else (1 - happy) / 7 for mood in MOODS)
    return MoodCell(key, sightings, 1, shares[:7], shares)  # type: ignore[arg-type]


async def test_weeks_go_back_and_on_and_end_today(world: World) -> None:
    async with at_desk(world, "f3", "w") as pilot:
        assert "Tue 3 Mar – Mon 9 Mar 2026" in text_of(world)
        await go(pilot, "left")
        assert "Tue 24 Feb – Mon 2 Mar 2026   40 sightings" in text_of(world)
        await go(pilot, "right", "right")
        assert "Tue 3 Mar – Mon 9 Mar 2026" in text_of(world), "there is nothing after today"
        await go(pilot, "left", "left", "t")
        assert "Tue 3 Mar – Mon 9 Mar 2026" in text_of(world)


async def test_a_group_or_a_person_alone_and_everybody_again(world: World) -> None:
    async with at_desk(world, "f3", "m", "slash", size=(120, 45)) as pilot:
        await fill(pilot, whom="nobody of that name")
        assert "Nobody and no group is called" in await problem(pilot)
        await fill(pilot, whom="orbits")
        await go(pilot)
        assert "Orbits   20 sightings" in text_of(world)
        assert "Katherine Johnson" in text_of(world)
        assert "Ada Lovelace" not in text_of(world)
        await go(pilot, "escape")
        assert "85 sightings" in text_of(world)
        pilot.app.screen.query_one("#people").focus()
        await go(pilot, "home", "enter")
        assert "Ada Lovelace   11 sightings" in text_of(world)
        assert "Happy by week" in text_of(world)
        await go(pilot, "h")
        assert "Sad by week" in text_of(world)
        await go(pilot, "escape")
        assert "85 sightings" in text_of(world)


async def test_without_names_nobody_is_shown_alone(world: World) -> None:
    async with at_desk(world, "f3", "slash", mood="aggregate") as pilot:
        await fill(pilot, whom="Ada Lovelace")
        await go(pilot)
        assert "Moods are kept without names" in text_of(world)


@pytest.mark.parametrize("width", [46, 75, 110])
def test_the_heat_map_of_a_whole_day_fits(width: int) -> None:
    cells = [cell(0.3, 40 if 6 <= hour < 20 else 5, (day, hour)) for day in range(7) for hour in range(24)]
    chart = heat_map(cells, "happy", width, "#ffcc00", "#000000")
    assert max(map(len, chart.plain.splitlines())) <= width
    hours, _ = hours_shown(cells, width)
    assert {*range(6, 20)} <= {*hours}, "what has to go is where the fewest were seen"
    assert (len(hours) == 24) == (width >= 75)


@pytest.mark.parametrize("width", range(-1, 12))
def test_charts_are_drawn_also_where_hardly_any_room_is_left(width: int) -> None:
    cells = [cell(0.3, 40, (day, hour)) for day in range(7) for hour in range(24)]
    heat_map(cells, "happy", width, "#ffcc00", "#000000")
    stacked(cells, ["All"] * len(cells), width, UNICODE_SIGNS, dict.fromkeys(MOODS, "yellow"), "happy")
    week_line([MoodWeek(MONDAY, cell(0.3, 12), cell(0.3, 80))], "happy", width, UNICODE_SIGNS, "yellow", width)


async def test_the_help_opens_beside_the_charts_at_80x24(world: World) -> None:
    async with at_desk(world, "f3", "m", "question_mark", size=(80, 24)) as pilot:
        assert "Next mood" in text_of(world)
        await go(pilot, "escape")
        assert "85 sightings" in text_of(world)


def test_a_week_beyond_the_usual_band_is_said_and_one_of_few_sightings_is_hidden() -> None:
    weeks = [
        MoodWeek(MONDAY - timedelta(days=7 * back), cell(share, seen), cell(0.3, 80))
        for back, share, seen in ((2, 0.3, 12), (1, 1.0, 4), (0, 0.9, 12))
    ]
    chart = week_line(weeks, "happy", 60, UNICODE_SIGNS, "yellow").plain
    drawn = "\n".join(chart.splitlines()[:8])
    assert (drawn.count("●"), drawn.count("◇")) == (1, 1)
    assert "Week 11: more happy than usual, 90% of 12 (usual 3% to 59%)" in chart
    few = week_line([weeks[1]], "happy", 60, UNICODE_SIGNS, "yellow").plain
    assert "fewer than five times" in few


async def test_a_wide_screen_shows_bars_and_ranges_of_people_and_the_weeks_of_the_one_under_the_cursor(
    world: World,
) -> None:
    async with at_desk(world, "f3", "m", size=(160, 45)) as pilot:
        head = next(line for line in text_of(world).splitlines() if "95 % range" in line and "Name" in line)
        assert " ".join(head.split()) == "│Name Seen Mostly Share of each mood Happy 95 % range Unsure │"
        assert "By person; usual not known: seen too seldom in the 4 weeks before" in text_of(world)
        ada = next(line for line in text_of(world).splitlines() if "│Ada Lovelace" in line)
        assert ada.count("█") + ada.count("▄") + ada.count("·") > 40
        assert "27%    10–57 %    18%" in ada
        assert "Happy by week: Ada Lovelace" in text_of(world)
        pilot.app.screen.query_one("#people").focus()
        await go(pilot, "down", "h")
        assert "Sad by week: Alan Turing" in text_of(world)
        assert "Sad 95 % range" in text_of(world)


@pytest.mark.parametrize(("height", "rows"), [(7, 4), (13, 8), (40, 16)])
def test_the_line_over_weeks_is_drawn_for_the_height_of_its_pane(height: int, rows: int) -> None:
    weeks = [MoodWeek(MONDAY, cell(0.3, 12), cell(0.3, 80))]
    assert week_line(weeks, "happy", 60, UNICODE_SIGNS, "yellow", height).plain.count("%") == rows
