"""What the desk's screens share: the PIN, help, plain letters, and the small screens."""

import pytest
from rich.cells import cell_len

from monitor.attendance.pin import hash_pin, is_pin
from monitor.config_sources import load_settings
from monitor.desk.days import moods
from monitor.desk.days.moods import Range, mood_view
from monitor.domain import MOODS
from monitor.moods.cells import MoodCell
from monitor.tui.screens.day_sheet import DaySheet
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.screens.mood.charts import stacked
from monitor.tui.screens.mood.mood import MoodScreen
from monitor.tui.screens.today.today import TodayScreen
from monitor.tui.style.text import UNICODE_SIGNS
from monitor.tui.widgets.dialogs import Dialog
from monitor.tui.widgets.help import ScreenHelp
from tests.monitor.tui.desk_keys import SIZE, at_desk, at_door, fill, go
from tests.monitor.world import NOW, PEPPERS, World, came, settle, text_of


def test_a_screen_without_its_parts_is_refused_when_it_is_defined() -> None:
    with pytest.raises(TypeError, match="HalfAScreen must define body, query_job"):

        class HalfAScreen(DeskScreen[int]):
            def show(self, loaded: int) -> None:
                raise AssertionError(loaded)


async def test_moods_by_person_show_only_where_people_are_kept(world: World) -> None:
    async with at_desk(world, "f3", "m"):
        assert "Ada Lovelace" in text_of(world)
        assert "85 sightings" in text_of(world)
    async with at_desk(world, "f3", "m", mood="aggregate"):
        assert "Ada Lovelace" not in text_of(world)
        assert "hidden: fewer than five people" in text_of(world)


async def test_of_many_people_those_seen_most_are_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = mood_view(world.engine, world.settings, Range.MONTH, NOW)
    monkeypatch.setattr(moods, "MOST", 3)
    part = mood_view(world.engine, world.settings, Range.MONTH, NOW)
    assert (whole.more, part.more) == (0, len(whole.people) - 3)
    assert [one.cell.sightings for one in part.people] == [one.cell.sightings for one in whole.people[:3]]
    assert set(part.people) <= set(whole.people)
    async with at_desk(world, "f3", "m", size=(120, 60)):
        assert f"and {part.more} more, se" in text_of(world)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_charts_have_the_width_of_their_panes_from_the_start(world: World, size: tuple[int, int]) -> None:
    async with at_desk(world, "f3", size=size) as pilot:
        first = text_of(world)
        screen = pilot.app.screen
        assert isinstance(screen, MoodScreen)
        assert screen.loaded is not None
        screen.show(screen.loaded)
        await go(pilot)
        assert text_of(world) == first


def test_the_names_of_groups_line_up_in_every_script() -> None:
    shares = (1.0, *[0.0] * 7)
    cells = [MoodCell(key, 5, 5, shares[:7], shares) for key in ("山の会", "Night")]
    chart = stacked(cells, ["山の会", "Night"], 40, UNICODE_SIGNS, dict.fromkeys(MOODS, "#ffffff"), "happy")
    assert len({cell_len(line) for line in chart.plain.splitlines()}) == 1


async def test_the_ledger_is_verified_on_request(world: World) -> None:
    async with at_desk(world, "f6", "V"):
        assert "✓ Ledger and database file are whole: 187 entries, head " in text_of(world)


async def test_with_a_pin_the_desk_is_locked(world: World) -> None:
    async with at_door(world, admin_pin_hash=hash_pin("2718", PEPPERS)) as pilot:
        await go(pilot, "f4")
        await fill(pilot, pin="1111")
        assert pilot.app.current_mode == "door"
        await fill(pilot, pin="2718")  # it is asked for again
        assert pilot.app.current_mode == "people"
        world.apps[-1].action_lock()
        await settle(pilot)
        assert pilot.app.current_mode == "door"
        await go(pilot, "f2")
        assert isinstance(pilot.app.screen, Dialog)
        await fill(pilot, pin="2718")
        await go(pilot, "enter")
        assert isinstance(pilot.app.screen, DaySheet)
        world.apps[-1].action_lock()
        await go(pilot, "f2")
        await fill(pilot, pin="2718")
        assert isinstance(pilot.app.screen, TodayScreen), "nothing is left open behind the lock"


async def test_a_pin_that_is_set_counts_at_once_and_is_kept_hashed(world: World) -> None:
    async with at_desk(world, "f6", "c", *"admin_pin", "enter") as pilot:
        await fill(pilot, pin="27", again="27")
        assert "at least 6" in text_of(world)
        await fill(pilot, pin="271828", again="271828")
        kept = world.apps[-1].settings.admin_pin_hash
        written = world.apps[-1].config_file.read_text(encoding="utf-8")
    assert is_pin("271828", kept, PEPPERS)
    assert not is_pin("271829", kept, PEPPERS)
    assert kept in written
    assert "271828" not in written


async def test_help_says_what_the_keys_do(world: World) -> None:
    async with at_desk(world, "question_mark", size=(160, 45)):
        shown = text_of(world)
        assert shown.index("Here (Esc closes the help)") < shown.index("Everywhere")


async def test_letters_alone_draw_every_screen(world: World) -> None:
    app = world.app()
    app.ascii_only = True
    async with at_door(world, came(world), size=(80, 24)) as pilot:
        await go(pilot, "f2", "f3", "f4", "f5", "f6", "f1")
        assert pilot.app.current_mode == "door"


async def test_the_theme_that_is_chosen_is_kept(world: World) -> None:
    app = world.app(camera=False)
    app.config_file.write_text('site = "north"  # stays\ntheme = "muster-dark"\n')
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        app.theme = "muster-light"
        await settle(pilot)
        assert app.config_file.read_text() == 'site = "north"  # stays\ntheme = "muster-light"\n'
    assert load_settings(app.config_file).theme == "muster-light"


async def test_an_unknown_theme_is_said_and_left_as_it_is(world: World) -> None:
    app = world.app(camera=False, theme="[red]pink")
    app.config_file.write_text('theme = "[red]pink"\n')
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        assert app.theme == "muster-dark"
        (told,) = app._notifications
        assert told.message.startswith("There is no theme '[red]pink'")
    assert app.config_file.read_text() == 'theme = "[red]pink"\n'


async def test_help_is_scrolled_and_closed_with_keys_and_the_focus_goes_back(world: World) -> None:
    async with at_desk(world, "question_mark", size=(80, 24)) as pilot:
        panel = pilot.app.screen.query_one(ScreenHelp)
        assert panel.has_focus
        before = text_of(world)
        assert "Here (Esc closes the help)" in before
        await go(pilot, "pagedown")
        assert panel.scroll_offset.y > 0
        assert text_of(world) != before
        await go(pilot, "escape")
        assert not pilot.app.screen.query(ScreenHelp)
        assert pilot.app.screen.query_one("#roster").has_focus


async def test_what_a_job_finds_while_the_app_ends_is_not_shown(world: World) -> None:
    shown: list[str] = []
    app = world.app()
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot)
        app.on_work_app_done(app.Done(lambda: shown.append("running")))
    app.on_work_app_done(app.Done(lambda: shown.append("ended")))
    assert shown == ["running"]
