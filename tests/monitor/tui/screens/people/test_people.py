"""People: from keys to rows of the database."""

import errno
import json
import re
import threading
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine
from textual.widgets import Input

from db import audit
from db.engine import reading, writing
from db.errors import DatabaseUnavailable, Interrupted
from db.faces import templates
from db.people import consents, look_alikes, people, pins
from db.privacy import erasure
from db.records.pages import Page, Want
from db.records.people import PersonSummary
from db.verification import ledger_check
from enroll.people.report import PersonReport
from monitor.attendance.pin import is_pin
from monitor.desk.people import people as people_queries
from monitor.tui.screens.people.import_report import ImportReport
from monitor.tui.screens.people.people import PeopleScreen
from monitor.tui.screens.today.today import TodayScreen
from monitor.tui.widgets.dialogs import Dialog
from monitor.tui.widgets.paged import PagedTable
from tests.db.rows import newest_entries
from tests.monitor.tui.desk_keys import (
    SIZE,
    asked,
    at_desk,
    at_door,
    done,
    fill,
    go,
    names,
    problem,
    told,
    type_at_once,
)
from tests.monitor.world import ENCODER, NOW, PEPPERS, World, settle, text_of, until


async def test_people_are_renamed_and_the_kiosk_learns_of_it(world: World) -> None:
    async with at_door(world) as pilot:
        await go(pilot, "f4", "down", "c")
        await fill(pilot, name="Alan Mathison Turing")
        assert "Alan Mathison Turing" in names(pilot, "#people")
        assert world.kiosk.renewed


async def test_a_name_is_no_markup_anywhere_on_the_screen(world: World) -> None:
    async with at_desk(world, "f4", "c") as pilot:
        await fill(pilot, name="[bold]A[/] [x")
        await go(pilot, "home")
        assert text_of(world).count("[bold]A[/] [x") == 2, "in the list, and as the title of the pane"


async def test_consent_is_written_down(world: World) -> None:
    async with at_desk(world, "f4", "o") as pilot:
        await fill(pilot, face="yes", mood="no")
        await until(lambda: "refused" in text_of(world))  # the pane is loaded once more when the change is written
    with reading(world.engine) as session:
        assert consents.current(session, world.ids["Ada Lovelace"], "mood") is False


async def test_the_consents_of_many_are_written_down_at_once_and_taken_back_at_once(world: World) -> None:
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "f4", "A")
        await until(lambda: "10 ticked (o: their consents, Esc: none)" in text_of(world))
        await go(pilot, "space")
        assert "□ Ada Lovelace" in text_of(world)
        await go(pilot, "o")
        await fill(pilot, mood="yes")
        assert "The decisions of 9 people are recorded. 1 person refused before: that stays." in told(pilot)
        assert "ticked" not in text_of(world)
        assert [kind for (_, kind), given in _decided(world).items() if given].count("mood") == 8
        await go(pilot, "ctrl+z")
        await until(lambda: "consents of 8 people" in told(pilot))
    assert {kind: given for (_, kind), given in _decided(world).items() if kind == "mood"} == {"mood": False}


async def test_consents_asked_for_while_it_is_looked_up_whom_to_tick_are_those_of_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, may_go_on = people_queries.people_found, threading.Event()

    def slowly(*args: Any, **more: Any) -> list[UUID]:
        assert may_go_on.wait(60)
        return found(*args, **more)

    monkeypatch.setattr(people_queries, "people_found", slowly)
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        await go(pilot, "f4", "space")
        await pilot.press("A", "o")
        assert not isinstance(pilot.app.screen, Dialog)
        may_go_on.set()
        await until(lambda: "Consent of 10 people" in text_of(world))


def _decided(world: World) -> dict[tuple[UUID, str], bool]:
    with reading(world.engine) as session:
        return consents.decisions(session, list(world.ids.values()))


async def test_those_whose_consent_is_missing_are_listed_until_they_are_asked(world: World) -> None:
    with writing(world.engine) as session:
        for name, person in world.ids.items():
            for kind in ("face", "mood"):
                if name not in ("Ada Lovelace", "Grace Hopper"):
                    consents.set_consent(session, person, kind, True, at=NOW, actor="test")
    async with at_desk(world, "f4") as pilot:
        assert "consent missing 2 (v: list them)" in text_of(world)
        await go(pilot, "v")
        assert names(pilot, "#people") == ["Ada Lovelace", "Grace Hopper"]
        await go(pilot, "o")
        await fill(pilot, mood="unasked")
        assert names(pilot, "#people") == ["Ada Lovelace", "Grace Hopper"], "not asked is no answer"
        await go(pilot, "o")
        await fill(pilot, mood="no")
        assert names(pilot, "#people") == ["Grace Hopper"]
        await go(pilot, "v")
        assert len(names(pilot, "#people")) > 5


async def test_number_and_notes_are_kept_and_untrusted(world: World) -> None:
    async with at_desk(world, "f4", "c") as pilot:
        await fill(pilot, number="A-17", notes="[red]mind[/] the \x1b[31mstep\u202e")
        await until(lambda: "A-17" in text_of(world))  # the pane is loaded once more when the change is written
        assert "[red]mind[/] the step" in text_of(world)
        await go(pilot, "down", "c")
        await fill(pilot, number="A-17")
        assert "belongs to somebody else already" in await problem(pilot)
        await go(pilot, "escape")
        assert "A-17" not in text_of(world), "the number is somebody else's"
    with reading(world.engine) as session:
        ada = people.get_person(session, world.ids["Ada Lovelace"])
        assert ada.number == "A-17"
        assert people.get_person(session, world.ids["Alan Turing"]).number is None
        assert [one.action for one in newest_entries(session, person=ada.id)[:2]] == ["notes", "number"]


async def test_notes_on_several_lines_are_not_cut_by_another_change(world: World) -> None:
    several = "left-handed\n" + "often late, " * 300
    with writing(world.engine) as session:
        people.set_notes(session, world.ids["Ada Lovelace"], several, at=NOW, actor="test")
    async with at_desk(world, "f4", "c") as pilot:
        assert "several lines" in asked(pilot)
        assert not pilot.app.screen.query("#ask-notes")
        await fill(pilot, number="A-17")
    with reading(world.engine) as session:
        ada = people.get_person(session, world.ids["Ada Lovelace"])
    assert (ada.number, ada.notes) == ("A-17", several)


async def test_of_long_notes_nothing_is_lost_when_a_word_is_changed(world: World) -> None:
    with writing(world.engine) as session:
        people.set_notes(session, world.ids["Ada Lovelace"], "often late " * 300, at=NOW, actor="test")
    async with at_desk(world, "f4", "c") as pilot:
        before = pilot.app.screen.query_one("#ask-notes", Input).value
        await fill(pilot, notes=before.replace("often", "never"))
    with reading(world.engine) as session:
        assert people.get_person(session, world.ids["Ada Lovelace"]).notes.split() == ["never", "late"] * 300


async def test_a_key_that_was_pressed_before_a_load_that_failed_opens_nothing_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = people_queries.person_details
    fails, asked_for = [False], threading.Event()
    go_on = threading.Event()

    def details(*given: Any) -> Any:
        if fails[0]:
            asked_for.set()
            assert go_on.wait(60)
            raise DatabaseUnavailable("The database cannot be reached.")
        return real(*given)

    monkeypatch.setattr(people_queries, "person_details", details)
    async with at_desk(world, "f4") as pilot:
        fails[0] = True
        await pilot.press("down")
        await until(asked_for.is_set)
        await pilot.press("c")
        await pilot.pause()
        go_on.set()
        await settle(pilot)
        fails[0] = False
        screen = pilot.app.screen
        assert isinstance(screen, PeopleScreen)
        screen._load_person()
        await settle(pilot)
        assert not isinstance(pilot.app.screen, Dialog)


async def test_a_pin_for_the_door_is_set_and_removed(world: World) -> None:
    async with at_desk(world, "f4", "c", notifications=True) as pilot:
        await fill(pilot, pin="abcd", again="abcd")
        assert "has at least 6 digits" in text_of(world)
        await fill(pilot, pin="271828", again="271828")
        assert "has no number to type before the PIN" in await problem(pilot)
        await fill(pilot, number="17")
        with reading(world.engine) as session:
            found = pins.find(session, "17")
            assert found is not None
            assert found.pin_hash is not None
            assert is_pin("271828", found.pin_hash, PEPPERS)
            assert newest_entries(session)[0].action == "set pin"
        await go(pilot, "c")
        await fill(pilot, pin="-")
    with reading(world.engine) as session:
        found = pins.find(session, "17")
        assert found is not None
        assert found.pin_hash is None
        assert newest_entries(session)[0].action == "remove pin"


async def test_merging_moves_everything(world: World) -> None:
    with writing(world.engine) as session:
        (ada,) = templates.load_members(session, world.cipher, world.ids["Ada Lovelace"], ENCODER)[:1]
        twin = people.add_person(session, "Ada King", at=NOW, actor="test").id
        templates.add_template(
            session, world.cipher, twin, content_hash="99" * 32, encoder=ENCODER, embedding=ada.embedding,
            quality={}, source="king.jpg", at=NOW,
        )  # fmt: skip
        look_alikes.replace_for(session, twin, [(world.ids["Ada Lovelace"], 1.0)], at=NOW)
    async with at_desk(world, "f4", "u", *"lovelace", "enter") as pilot:
        assert "All data of Ada King moves to Ada Lovelace" in text_of(world)
        assert "do not look like one person" not in text_of(world)
        await fill(pilot)
        assert "Ada King" not in names(pilot, "#people")
    with reading(world.engine) as session:
        assert people.count_people(session) == 10
        assert len(templates.list_templates(session, world.ids["Ada Lovelace"])) == 4
        assert look_alikes.by_person(session).keys() == {
            world.ids[name] for name in ("Grace Hopper", "Margaret Hamilton")
        }
        assert ledger_check.verify(session).whole


async def test_on_a_small_screen_the_answers_are_in_view_below_the_faces(world: World) -> None:
    with writing(world.engine) as session:
        for number, name in enumerate(("Ada Lovelace", "Grace Hopper")):
            people.set_number(session, world.ids[name], str(number), at=NOW, actor="test")
    async with at_desk(world, "f4", "u", *"hopper", "enter", size=(80, 24)):
        assert "Which number stays" in text_of(world)
        assert "Merge anyway" in text_of(world)


async def test_people_who_do_not_look_alike_are_merged_only_when_the_desk_knows_better(world: World) -> None:
    async with at_desk(world, "f4", "u", *"hopper", "enter") as pilot:
        shown = asked(pilot)
        assert "Ada Lovelace and Grace Hopper do not look like one person (similarity " in shown
        assert "All data of Ada Lovelace (Engines) moves to" in shown
        await go(pilot, "enter")
        assert "Ada Lovelace" in names(pilot, "#people"), "the safe answer is the first"
        await go(pilot, "u", *"hopper", "enter")
        await fill(pilot)
        assert "Ada Lovelace" not in names(pilot, "#people")
    with reading(world.engine) as session:
        assert people.count_people(session) == 9
        assert look_alikes.by_person(session) == {}, "the marks were looked for again with the new template"
        assert ledger_check.verify(session).whole


async def test_erasing_asks_and_the_safe_answer_is_the_first(world: World) -> None:
    async with at_desk(world, "f4", "x", "enter") as pilot:
        assert len(names(pilot, "#people")) == 10
        await go(pilot, "x")
        await fill(pilot)
        assert len(names(pilot, "#people")) == 9
        assert "Erased: 3 images, 1 consent, " in told(pilot)
        assert "Nothing was found in the database file any more." in told(pilot)
    with reading(world.engine) as session:
        assert people.find_by_name(session, "Ada Lovelace") == []


async def test_a_folder_that_is_not_there_is_said(world: World) -> None:
    async with at_desk(world, "f4", "i", notifications=True) as pilot:
        await fill(pilot, path="/nowhere/at/all")
        assert "/nowhere/at/all does not exist" in await problem(pilot)
        assert pilot.app.screen.query_one("#ask-path", Input).value == "/nowhere/at/all"


async def test_the_group_of_an_import_goes_with_it(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: list[object] = []

    def taken(*asked: object, **_: object) -> list[PersonReport]:
        given.extend(asked)
        return []

    monkeypatch.setattr(people_queries, "import_folder", taken)
    async with at_desk(world, "f4", "i", size=(80, 24)) as pilot:
        for line in (
            "Folder, ZIP, CSV or XLSX; the right arrow completes",
            "Group, where the files name none (optional)",
        ):
            assert line in text_of(world), "each label is whole at 80 columns"
        await fill(pilot, path=str(tmp_path), group=" Lab ")
    assert tmp_path in given
    assert " Lab " in given


async def test_letters_gather_into_one_question_and_the_older_one_is_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, threading.Event]] = []
    real = people_queries.people_page

    def page(
        engine: Engine, search: str, want: Want, stop: threading.Event, *, consent_missing: bool = False
    ) -> Page[PersonSummary]:
        asked.append((search, stop))
        if search == "b":
            assert stop.wait(60), "nobody gave the older question up"
            raise Interrupted("given up")
        return real(engine, search, want, stop, consent_missing=consent_missing)

    monkeypatch.setattr(people_queries, "people_page", page)
    monkeypatch.setattr("monitor.tui.screens.desk.LETTERS", 1.0)  # a busy machine must not come between two letters
    async with at_desk(world, "f4", notifications=True) as pilot:
        asked.clear()
        box = pilot.app.screen.query_one("#filter", Input)
        box.value = "b"
        while not asked:
            await pilot.pause(0.02)
        for text in ("ba", "bar", "barb"):
            box.value = text
        await go(pilot)
        assert [search for search, _ in asked] == ["b", "barb"]
        assert names(pilot, "#people") == ["Barbara Liskov"]
        assert "10 people enrolled, 1 match" in text_of(world)
        assert "Not loaded" not in text_of(world)


async def test_who_was_erased_elsewhere_meanwhile_is_said_and_leaves_the_list(world: World) -> None:
    async with at_desk(world, "f4", "c", notifications=True) as pilot:
        with writing(world.engine) as session:
            erasure.erase(session, world.ids["Ada Lovelace"], at=NOW, actor="elsewhere")
        await fill(pilot, group="Poets")
        assert "they may have been erased or merged" in await problem(pilot)
        await go(pilot, "escape")
        assert "Ada Lovelace" not in names(pilot, "#people")


async def test_everything_about_a_person_goes_into_one_archive_and_none_on_a_full_disk(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with at_desk(world, "f4", "e", notifications=True) as pilot:
        with monkeypatch.context() as patch:
            patch.setattr(zipfile.ZipFile, "writestr", raise_full)
            await fill(pilot, file=str(tmp_path / "ada.zip"))
        assert "No space left on device" in await problem(pilot)
        assert list(tmp_path.glob("ada*")) == []
        await fill(pilot, file=str(tmp_path / "ada.zip"))
        assert "Keep the file safe" in told(pilot)
    with zipfile.ZipFile(tmp_path / "ada.zip") as archive:
        assert json.loads(archive.read("person.json"))["person"]["name"] == "Ada Lovelace"


async def test_who_has_anothers_name_is_told_apart(world: World) -> None:
    async with at_desk(world, "f4", "c") as pilot:
        await fill(pilot, name="Alan Turing")
        assert "2 people have this name now" in told(pilot)
        await go(pilot, "c")
        await fill(pilot, number="17")
        await until(
            lambda: "Number      17" in text_of(world)
        )  # the pane is loaded once more when the change is written
        await go(pilot, "x")
        assert "Delete Alan Turing (17)" in text_of(world)


async def test_the_pane_is_scrolled_with_keys_and_begins_anew_with_the_next_person(world: World) -> None:
    async with at_desk(world, "f4", size=(80, 24)) as pilot:
        shown = text_of(world)
        assert "23 Feb 2026" in shown
        assert "recorded by test" in shown
        assert re.search(r"1  23 Feb 2026  3\d px, 0\.[45]", shown)
        assert "Mood, two weeks" not in shown
        await go(pilot, "tab", "end")
        assert "Mood, two weeks" in text_of(world)
        await go(pilot, "tab", "down")
        assert pilot.app.screen.query_one("#person").scroll_offset.y == 0


async def test_who_was_found_stays_under_the_cursor_when_the_filter_is_cleared(world: World) -> None:
    with writing(world.engine) as session:
        for index in range(300):
            people.add_person(session, f"Person {index:03}", at=NOW, actor="test")
    async with world.app(camera=False).run_test(size=(80, 24)) as pilot:
        for mode, table in (("f4", "#people"), ("f2", "#roster")):
            type_at_once(pilot, mode, "slash", *"son 200", "enter", "escape")
            await done(pilot)
            found = pilot.app.screen.query_one(table, PagedTable)
            assert found.count == 310
            assert found.selected_key == str(person_named(world, "Person 200"))
            assert "Person 200" in text_of(world)


async def test_a_person_is_found_without_the_accents_of_the_name_wherever_one_looks(world: World) -> None:
    with writing(world.engine) as session:
        people.rename(session, world.ids["Katherine Johnson"], "Zoë Öztürk", at=NOW, actor="test")
    async with world.app(camera=False).run_test(size=SIZE) as pilot:
        for mode, table in (("f4", "#people"), ("f2", "#roster")):
            await go(pilot, mode, "slash", *"zoe oz", "enter")
            assert names(pilot, table) == ["Zoë Öztürk"]
            await go(pilot, "escape")
            pilot.app.screen.query_one("#filter", Input).value = "Özt"
            await go(pilot)
            assert names(pilot, table) == ["Zoë Öztürk"]
            await go(pilot, "escape")
        await go(pilot, "f4", "home", "u", *"zoe")
        assert [row.cells[0] for row in pilot.app.screen.query_one(PagedTable).rows] == ["Zoë Öztürk"]


async def test_the_row_under_the_cursor_stays_in_view_in_a_smaller_window(world: World) -> None:
    async with at_desk(world, "f4", "end", size=(120, 36)) as pilot:
        assert "Tim Berners-Lee" in text_of(world)
        await pilot.resize_terminal(80, 12)
        await go(pilot)
        table = pilot.app.screen.query_one("#people", PagedTable)
        assert 0 <= table.cursor - table.scroll_offset.y < table.size.height - 1


async def test_a_key_is_for_the_person_under_the_cursor_not_for_the_one_still_shown(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_desk(world, "f4") as pilot:
        await pilot.press("slash", *"hopper", "enter", "c")
        await go(pilot)
        await fill(pilot, active="no")
        with reading(world.engine) as session:
            assert [name for name in world.ids if not people.get_person(session, world.ids[name]).active] == [
                "Grace Hopper"
            ]
        await go(pilot, "escape", "home")
        go_on, load = threading.Event(), people_queries.person_details
        monkeypatch.setattr(people_queries, "person_details", lambda *args: go_on.wait(60) and load(*args))
        await pilot.press("down", "c", "down")
        go_on.set()
        await go(pilot)
        assert not isinstance(pilot.app.screen, Dialog)
        with reading(world.engine) as session:
            assert people.get_person(session, world.ids["Ada Lovelace"]).active
            assert people.get_person(session, world.ids["Barbara Liskov"]).active


def person_named(world: World, name: str) -> UUID:
    with reading(world.engine) as session:
        return people.find_by_name(session, name)[0].id


async def test_who_is_inactive_is_said_in_words_however_long_the_name(world: World) -> None:
    async with at_desk(world, "f4", "c", size=(80, 24)) as pilot:
        await fill(pilot, name="Long " * 40, active="no")
        assert "inactive" in text_of(world)


async def test_the_report_of_an_enrolment_waits_until_the_screen_is_shown_again(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    go_on = threading.Event()
    report = PersonReport("Ada Lovelace", 1, 1, ())
    monkeypatch.setattr(people_queries, "import_folder", lambda *_, **__: go_on.wait(60) and [report])
    async with at_desk(world, "f4", "i") as pilot:
        pilot.app.screen.query_one("#ask-path", Input).value = str(tmp_path)
        await pilot.press("enter")
        await until(lambda: isinstance(pilot.app.screen, PeopleScreen))  # not settled: the import waits for `go_on`
        await pilot.press("f2")
        await until(lambda: isinstance(pilot.app.screen, TodayScreen))
        go_on.set()
        await go(pilot)
        assert isinstance(pilot.app.screen, TodayScreen)
        await go(pilot, "f4")
        assert isinstance(pilot.app.screen, ImportReport)
        await go(pilot, "escape", "f2", "f4")
        assert isinstance(pilot.app.screen, PeopleScreen)


def raise_full(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_ctrl_z_takes_back_what_was_done_last(world: World) -> None:
    async with at_desk(world, "f4", "c") as pilot:
        await fill(pilot, name="Countess of Lovelace")
        assert "Ctrl+Z takes it back" in told(pilot)
        await go(pilot, "ctrl+z")
        assert "Ada Lovelace" in names(pilot, "#people")
        assert "Taken back: the renaming of Ada Lovelace to Countess of Lovelace." in told(pilot)


async def test_what_is_passed_over_is_said_before_an_older_act_is_taken_back(world: World) -> None:
    with writing(world.engine) as session:
        ada = world.ids["Ada Lovelace"]
        people.rename(session, ada, "Ada Byron", at=NOW - timedelta(seconds=2), actor="office")
        audit.note(session, "set admin pin", at=NOW - timedelta(seconds=1), actor="office")
    async with at_desk(world, "ctrl+z") as pilot:
        question = asked(pilot)
        assert "a new admin PIN, cannot be taken back. What can be is the renaming" in question
        await go(pilot, "enter")
        assert "Taken back: the renaming of Ada Lovelace to Ada Byron." in told(pilot)


async def test_what_somebody_else_did_is_asked_about(world: World) -> None:
    with writing(world.engine) as session:
        people.rename(session, world.ids["Ada Lovelace"], "Ada Byron", at=NOW, actor="office")
    async with at_desk(world, "f4", "ctrl+z") as pilot:
        assert "the renaming of Ada Lovelace to Ada Byron" in asked(pilot)
        assert "by office" in asked(pilot)


async def test_what_was_done_long_ago_is_asked_about(world: World) -> None:
    with writing(world.engine) as session:
        ada = world.ids["Ada Lovelace"]
        people.rename(session, ada, "Ada Byron", at=NOW - timedelta(minutes=11), actor="office")
    async with at_desk(world, "f4", "ctrl+z") as pilot:
        assert "the renaming of Ada Lovelace to Ada Byron" in asked(pilot)
        await go(pilot, "escape")
        assert "Ada Byron" in names(pilot, "#people")


async def test_on_a_small_terminal_the_list_has_the_whole_width(world: World) -> None:
    async with at_desk(world, "f4", size=(40, 12)):
        lines = text_of(world).splitlines()
        assert lines[2].strip().startswith("! consent missing"), "the empty line above is taken, too"
        assert "│Ada Lovelace              3 yes / ?" in lines[5]
