"""The desk: from keys to rows of the database."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from conftest_tui import NOW, World, came, scene, settle, show_door
from test_door_screen import text_of
from textual.pilot import Pilot
from textual.widgets import Button, Input, Select

from db import audit, consents, kiosks, ledger, people, pins, sightings
from db.engine import reading, writing
from db.ids import new_id
from db.records import SightingRecord
from monitor.pin import hash_pin, is_pin
from monitor.tui import visitor_queries
from monitor.tui.dialogs import Dialog
from monitor.tui.screens.desk import DeskScreen
from monitor.tui.screens.picker import PersonPicker
from monitor.tui.table import Table

SIZE = (120, 36)


async def go(pilot: Pilot[None], *keys: str) -> None:
    """Press keys one after another, each when the one before has had its effect."""
    await settle(pilot)
    for key in keys:
        await pilot.press(key)
        await settle(pilot)
    while getattr(pilot.app.screen, "_settle", None) is not None:  # letters gather before the database is asked
        await pilot.pause(0.02)
    await settle(pilot)


async def fill(pilot: Pilot[None], **values: str) -> None:
    """Fill the dialog in and press its button."""
    for key, value in values.items():
        widget = pilot.app.screen.query_one(f"#ask-{key}", (Input, Select))  # type: ignore[arg-type]
        widget.value = value
    pilot.app.screen.query_one("#yes", Button).press()
    await settle(pilot)


def names(pilot: Pilot[None], table: str) -> list[str]:
    return [row.cells[1 if table == "#roster" else 0] for row in pilot.app.screen.query_one(table, Table).rows]


async def test_the_roster_tells_who_came_and_who_did_not(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await settle(pilot)
        shown = text_of(world)
        assert "Mon 9 Mar 2026   4 present   1 late   4 absent   1 left" in shown
        status = {row.cells[1]: row.cells[0] for row in pilot.app.screen.query_one("#roster", Table).rows}
        assert status["Alan Turing"] == "○ left"
        assert status["Edsger Dijkstra"] == "◐ late"
        assert status["Tim Berners-Lee"] == "✗ absent"


async def test_the_filter_works_while_typing_and_escape_clears_it(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "slash", "o", "r", "b")
        assert names(pilot, "#roster") == ["Katherine Johnson", "Margaret Hamilton"]
        await go(pilot, "escape")
        assert len(names(pilot, "#roster")) == 10


async def test_sorting_goes_through_the_columns(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "s", "s")
        assert names(pilot, "#roster")[:2] == ["Barbara Liskov", "Donald Knuth"], "by first arrival"


async def test_other_days_are_one_key_away(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "left", "left", "left")
        assert "Fri 6 Mar 2026" in text_of(world)
        await go(pilot, "t")
        assert "Mon 9 Mar 2026" in text_of(world)


async def test_any_day_is_found_by_its_date(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "d")
        await fill(pilot, day="9 March")
        assert "such as 2026-03-09" in text_of(world)
        await fill(pilot, day="2026-03-10")
        assert "still to come" in text_of(world)
        await fill(pilot, day="2026-02-27")
        assert "Fri 27 Feb 2026   1 absent   9 left" in text_of(world)
        await go(pilot, "t")
        assert "Mon 9 Mar 2026" in text_of(world)


def test_a_screen_without_its_parts_is_refused_when_it_is_defined() -> None:
    with pytest.raises(TypeError, match="HalfAScreen must define body, query_job"):

        class HalfAScreen(DeskScreen[int]):
            def show(self, loaded: int) -> None:
                raise AssertionError(loaded)


async def test_a_new_check_in_appears_and_the_selection_stays(world: World) -> None:
    async with world.app().run_test(size=SIZE) as pilot:
        await show_door(pilot, world, scene(world))
        await go(pilot, "f2", "down", "down")
        table = pilot.app.screen.query_one("#roster", Table)
        before = table.selected_key
        world.kiosk.on_event(came(world))
        await pilot.pause(0.3)
        await settle(pilot)
        assert table.selected_key == before


async def test_a_correction_is_a_new_row_with_its_reason(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "enter", "c")
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
        assert ledger.verify(session).whole


async def test_a_void_needs_a_reason(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "enter", "v")
        await fill(pilot, reason="  ")
        assert "Reason: please fill this in." in text_of(world)
        await fill(pilot, reason="test")
    with reading(world.engine) as session:
        assert ledger.of_person(session, world.ids["Ada Lovelace"])[-1].kind == "void"


async def test_a_wrong_time_is_not_taken(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "enter", "a")
        await fill(pilot, kind="check_out", at="25:00", reason="test")
        assert "such as 08:58" in text_of(world)


async def test_a_day_is_exported_without_formulas(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "f4", "r")
        await fill(pilot, value="=1+1")
        await go(pilot, "f2", "e")
    lines = (tmp_path / "muster-2026-03-09.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 11
    assert any("'=1+1" in line for line in lines)


async def test_people_are_renamed_and_the_kiosk_learns_of_it(world: World) -> None:
    async with world.app().run_test(size=SIZE) as pilot:
        await show_door(pilot, world, scene(world))
        await go(pilot, "f4", "down", "r")
        await fill(pilot, value="Alan Mathison Turing")
        assert "Alan Mathison Turing" in names(pilot, "#people")
        assert world.kiosk.enrolled is not None
        assert len(world.kiosk.enrolled.gallery) == 10


async def test_a_name_is_no_markup_anywhere_on_the_screen(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "f4", "r")
        await fill(pilot, value="[bold]A[/] [x")
        await go(pilot, "home")
        assert text_of(world).count("[bold]A[/] [x") == 2, "in the list, and as the title of the pane"


async def test_consent_is_written_down(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "f4", "c")
        await fill(pilot, face="yes", mood="no")
        assert "refused" in text_of(world)
    with reading(world.engine) as session:
        assert consents.current(session, world.ids["Ada Lovelace"], "mood") is False


async def test_number_and_notes_are_kept_and_untrusted(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "f4", "n")
        await fill(pilot, value="A-17")
        await go(pilot, "t")
        await fill(pilot, value="[red]mind[/] the \x1b[31mstep\u202e")
        assert "A-17" in text_of(world)
        assert "[red]mind[/] the step" in text_of(world)
        await go(pilot, "down", "n")
        await fill(pilot, value="A-17")
        assert "A-17" not in text_of(world), "the number is somebody else's"
    with reading(world.engine) as session:
        ada = people.get_person(session, world.ids["Ada Lovelace"])
        assert ada.number == "A-17"
        assert people.get_person(session, world.ids["Alan Turing"]).number is None
        assert [one.action for one in audit.newest(session, person=ada.id)[:2]] == ["notes", "number"]


async def test_a_pin_for_the_door_is_set_and_removed(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE, notifications=True) as pilot:
        await go(pilot, "f4", "p")
        await fill(pilot, pin="abcd", again="abcd")
        assert "has at least 4 digits" in text_of(world)
        await fill(pilot, pin="2718", again="2718")
        assert "has no number to type before the PIN" in text_of(world)
        await go(pilot, "n")
        await fill(pilot, value="17")
        await go(pilot, "p")
        await fill(pilot, pin="2718", again="2718")
        with reading(world.engine) as session:
            found = pins.find(session, "17")
            assert found is not None
            assert found.pin_hash is not None
            assert is_pin("2718", found.pin_hash)
            assert audit.newest(session)[0].action == "door pin"
        await go(pilot, "p")
        await fill(pilot, pin="", again="")
    with reading(world.engine) as session:
        found = pins.find(session, "17")
        assert found is not None
        assert found.pin_hash is None
        assert audit.newest(session)[0].action == "door pin removed"


async def test_merging_moves_everything(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "f4", "m", *"hopper", "enter")
        assert "Everything of Ada Lovelace becomes that of Grace Hopper" in text_of(world)
        await fill(pilot)
        assert "Ada Lovelace" not in names(pilot, "#people")
    with reading(world.engine) as session:
        assert people.count_people(session) == 9
        assert ledger.verify(session).whole


async def test_erasing_asks_and_the_safe_answer_is_the_first(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "f4", "x", "enter")
        assert len(names(pilot, "#people")) == 10
        await go(pilot, "x")
        await fill(pilot)
        assert len(names(pilot, "#people")) == 9
    with reading(world.engine) as session:
        assert people.find_by_name(session, "Ada Lovelace") == []


async def test_a_folder_that_is_not_there_is_said(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE, notifications=True) as pilot:
        await go(pilot, "f4", "i")
        await fill(pilot, path="/nowhere/at/all")
        assert "/nowhere/at/all" in text_of(world)
        assert not isinstance(pilot.app.screen, Dialog)


async def test_one_visitor_of_three_days_is_one_row_and_can_be_named(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "f5")
        assert [row.cells[1:3] for row in pilot.app.screen.query_one("#visitors", Table).rows] == [("3", "3")]
        await go(pilot, "n")
        await fill(pilot, name="Mary Shelley")
        assert "No unknown faces are kept." in text_of(world)
    with reading(world.engine) as session:
        (mary,) = people.find_by_name(session, "Mary Shelley")
        assert sightings.count_visitors(session) == 0
        assert len(people.load_gallery(session, world.cipher, "dlib-resnet-v1")) >= 1
        assert sightings.between(session, NOW.replace(hour=0), NOW, person=mary.id)


async def test_a_visitor_can_turn_out_to_be_somebody_enrolled(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE, notifications=True) as pilot:
        await go(pilot, "f5", "m", *"nobody", "enter")
        assert isinstance(pilot.app.screen, PersonPicker)
        assert "Nobody matches." in text_of(world)
        pilot.app.screen.query_one(Input).value = ""
        await go(pilot, *"hopper", "enter")
        assert "Added to Grace Hopper." in text_of(world)
    with reading(world.engine) as session:
        assert sightings.count_visitors(session) == 0
        assert len(sightings.between(session, NOW - timedelta(days=3), NOW, person=world.ids["Grace Hopper"])) > 2


async def test_older_visitors_follow_at_the_end_of_the_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitor_queries, "BATCH", 2)
    random = np.random.default_rng(9)
    with writing(world.engine) as session:
        kiosk = kiosks.all_kiosks(session)[0].id
        for index in range(5):
            face = random.normal(size=128).astype(np.float32)
            at = NOW - timedelta(days=5 + index)
            record = SightingRecord(new_id(), kiosk, index, at, at, 9, None, None, None, None, None, 0.9)
            sightings.add(session, world.cipher, record, embedding=face / np.linalg.norm(face))
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "f5")
        assert "8 visits; older ones follow" in text_of(world)
        for _ in range(6):
            await go(pilot, "end")
        assert "6 unknown visitors, 8 visits" in text_of(world)
        assert "older ones follow" not in text_of(world)


async def test_a_visitor_can_be_discarded(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "f5", "x")
        await fill(pilot)
    with reading(world.engine) as session:
        assert sightings.count_visitors(session) == 0


async def test_moods_by_person_show_only_where_people_are_kept(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "f3", "m")
        assert "Ada Lovelace" in text_of(world)
        assert "85 sightings" in text_of(world)
    async with world.app(camera=False, mood="aggregate").run_test(size=SIZE) as pilot:
        await go(pilot, "f3", "m")
        assert "Ada Lovelace" not in text_of(world)
        assert "hidden: fewer than five people" in text_of(world)


async def test_the_ledger_is_verified_on_request(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "f6", "v")
        assert "✓ The ledger is whole: 187 events" in text_of(world)


async def test_with_a_pin_the_desk_is_locked(world: World) -> None:
    async with world.app(admin_pin_hash=hash_pin("2718")).run_test(size=SIZE) as pilot:
        await show_door(pilot, world, scene(world))
        await go(pilot, "f4")
        await fill(pilot, pin="1111")
        assert pilot.app.current_mode == "door"
        await go(pilot, "f4")
        await fill(pilot, pin="2718")
        assert pilot.app.current_mode == "people"
        world.apps[-1].lock()
        await settle(pilot)
        assert pilot.app.current_mode == "door"
        await go(pilot, "f2")
        assert isinstance(pilot.app.screen, Dialog)


async def test_a_pin_that_is_set_counts_at_once_and_is_kept_hashed(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "f6", "p")
        await fill(pilot, pin="27", again="27")
        assert "at least 4" in text_of(world)
        await fill(pilot, pin="2718", again="2718")
        kept = world.apps[-1].settings.admin_pin_hash
        written = world.apps[-1].config_file.read_text(encoding="utf-8")
    assert is_pin("2718", kept)
    assert not is_pin("2719", kept)
    assert kept in written
    assert "2718" not in written


async def test_help_says_what_the_keys_do(world: World) -> None:
    async with world.app(camera=False).run_test(size=(160, 45)) as pilot:
        await go(pilot, "question_mark")
        assert "Everybody and their day" in text_of(world)


async def test_letters_alone_draw_every_screen(world: World) -> None:
    app = world.app()
    app.ascii_only = True
    async with world.app().run_test(size=(80, 24)) as pilot:
        await show_door(pilot, world, scene(world), came(world))
        await go(pilot, "f2", "f3", "f4", "f5", "f6", "f1")
        assert pilot.app.current_mode == "door"
