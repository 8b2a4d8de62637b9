"""Keys that come all at once do what they do when they come one by one."""

from textual.widgets import Input, Select

from db.engine import reading
from db.people import people
from tests.monitor.tui.desk_keys import at_desk, done, type_at_once
from tests.monitor.world import World, settle, text_of


async def test_letters_behind_the_key_of_the_filter_go_into_the_filter(world: World) -> None:
    async with at_desk(world) as pilot:
        type_at_once(pilot, "f4", "slash", *"radia")  # "a", "i" and "r" would be commands to the list
        await done(pilot)
        assert pilot.app.screen.query_one("#filter", Input).value == "radia"
        await settle(pilot)
        with reading(world.engine) as session:
            assert people.get_person(session, world.ids["Radia Perlman"]).active


async def test_a_form_is_filled_and_sent_with_one_burst(world: World) -> None:
    async with at_desk(world, "f4") as pilot:
        type_at_once(pilot, "a", *"Zoe", "tab", "4", "2", "tab", "Two words")
        await done(pilot)
        assert [field.value for field in pilot.app.screen.query(Input)][:3] == ["Zoe", "42", "Two words"]


async def test_keys_behind_one_that_closes_go_to_what_is_below(world: World) -> None:
    async with at_desk(world, "f4") as pilot:
        type_at_once(pilot, "c", "escape", "f2", "slash", *"late", "enter", "end")
        await done(pilot)
        assert pilot.app.current_mode == "today"
        assert pilot.app.screen.query_one("#filter", Input).value == "late"
        assert "1 match " in text_of(world)


async def test_a_choice_that_opens_with_an_arrow_takes_the_next_arrows(world: World) -> None:
    async with at_desk(world, "f4", "o") as pilot:
        choice = pilot.app.screen.query(Select).first()
        before = choice.value
        choice.focus()
        await settle(pilot)
        type_at_once(pilot, "down", *["up"] * 9, "down", "enter")
        await done(pilot)
        one = choice.value
        type_at_once(pilot, "down", *["up"] * 9, "enter")
        await done(pilot)
        assert {one, choice.value} == {"yes", "no"}
        assert before in {"yes", "no"}
