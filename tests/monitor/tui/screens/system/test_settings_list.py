"""Settings on the System screen: found, changed, and taken back."""

import tomllib

from monitor.tui.screens.system.settings_list import SettingsList
from monitor.tui.widgets.dialogs import Dialog
from monitor.tui.widgets.table import Table
from tests.monitor.tui.desk_keys import SIZE, fill, go, problem, told
from tests.monitor.world import World, text_of


async def test_a_setting_is_found_by_a_part_of_its_sentence_changed_and_taken_back(world: World) -> None:
    app = world.app(camera=False)
    app.config_file.write_text('site = "north"  # here\n', encoding="utf-8")
    async with app.run_test(size=SIZE, notifications=True) as pilot:
        await go(pilot, "f6", "c", *"forgotten set", "enter")
        assert isinstance(pilot.app.screen, Dialog)
        assert "Where a forgotten check-out is set" in text_of(world)
        await fill(pilot, value="shift_end")
        assert "close = shift_end is written, and holds from the next start." in told(pilot)
        assert isinstance(pilot.app.screen, SettingsList)
        assert tomllib.loads(app.config_file.read_text(encoding="utf-8")) == {"site": "north", "close": "shift_end"}
        assert pilot.app.screen.query_one(Table).rows[0].cells == ("close", "shift_end", "file")
        await go(pilot, "down", "x")
        assert pilot.app.screen.query_one(Table).rows[0].cells == ("close", "never", "default")
    assert app.config_file.read_text(encoding="utf-8") == 'site = "north"  # here\n'


async def test_a_value_that_makes_no_sense_is_said_and_not_written(world: World) -> None:
    app = world.app(camera=False)
    async with app.run_test(size=SIZE) as pilot:
        await go(pilot, "f6", "c", *"target_fpir", "enter")
        await fill(pilot, value="2")
        assert "less than 1" in await problem(pilot)
        assert not app.config_file.exists()
        await fill(pilot, value="0.02")
    assert tomllib.loads(app.config_file.read_text(encoding="utf-8")) == {"target_fpir": 0.02}


async def test_a_key_that_has_another_meaning_is_refused_beside_those_in_the_file(world: World) -> None:
    app = world.app(camera=False)
    app.config_file.write_text('[keys]\nchange = "B"\n', encoding="utf-8")
    async with app.run_test(size=SIZE) as pilot:
        await go(pilot, "f6", "c", *"keys.merge", "enter")
        await fill(pilot, value="B")
        assert "B is the key of change and of merge" in await problem(pilot)
        await fill(pilot, value="N")
    assert tomllib.loads(app.config_file.read_text(encoding="utf-8")) == {"keys": {"change": "B", "merge": "N"}}
