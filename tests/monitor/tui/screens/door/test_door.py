"""The door: what someone sees who comes in."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from db.engine import writing
from db.ids import new_id
from db.people import people, pins
from monitor.desk.days.door_board import Asked, Greeting, Welcome
from monitor.domain import EventKind, KioskEvent, Question, Scene
from monitor.errors import SourceError
from monitor.language import Language, language_of
from monitor.tui.runtime import kiosk_controller
from monitor.tui.runtime.running_kiosk import RunningKiosk
from monitor.tui.screens.door.greeting import SHOWN_FOR, GreetingPanel, words_for
from monitor.tui.screens.system.system_text import settings_text
from monitor.tui.style.text import UNICODE_SIGNS
from monitor.tui.widgets.banner import ROWS, large
from monitor.tui.widgets.header import MoodBar
from monitor.tui.widgets.table import Table
from tests.monitor.tui.desk_keys import at_desk, at_door
from tests.monitor.world import NOW, World, came, happy, scene, settle, show_door, text_of, until


async def test_a_check_in_is_greeted_by_name_and_joins_those_who_are_in(world: World) -> None:
    async with at_door(world, came(world), shown=scene(world, name="Radia Perlman")):
        shown = text_of(world)
        assert "✓ CHECKED IN" in shown
        assert "Good morning," in shown
        assert "in at 09:58 · happy" in shown
        assert "In now 6 – came today 7" in shown
        assert "Radia Perlman came in" in shown
        assert "Radia Perlman · happy" in shown, "the name stands at the box"
        assert "25 frames/s · 2 dropped · 10 people enrolled" in shown


async def test_nobody_at_the_door_reads_moods_unless_the_setting_says_so(world: World) -> None:
    world.settings = world.settings.model_copy(update={"door_moods": False})
    async with at_door(world, came(world), shown=scene(world, name="Radia Perlman")):
        shown = text_of(world)
        assert "✓ CHECKED IN" in shown
        assert "in at 09:58" in shown
        assert "happy" not in shown
        assert "Mood" not in shown.replace("F3 Mood", "")


async def test_not_me_within_ten_seconds_takes_the_entry_back(world: World) -> None:
    event = came(world)
    async with at_door(world, event) as pilot:
        await pilot.press("n")
        await settle(pilot)
        assert world.kiosk.voided == [event]
        shown = text_of(world)
        assert "In now 5 – came today 6" in shown
        assert "TAKEN BACK" in shown
        assert "The entry at 09:58 is void." in shown
        assert "Not Radia Perlman: taken back" in shown
        await pilot.press("n")
        await settle(pilot)
        assert len(world.kiosk.voided) == 1, "it is taken back once"


async def test_an_entry_can_be_taken_back_although_somebody_else_is_greeted_since(world: World) -> None:
    event, at = came(world), NOW + timedelta(seconds=4)
    async with at_door(world, event, size=(80, 24)) as pilot:
        world.now = at
        await show_door(pilot, world, scene(world), KioskEvent(EventKind.UNKNOWN, at, track=2, sighting=new_id()))
        assert "We have not met." in text_of(world)
        assert "n (6): not Radia Perl…" in text_of(world)
        await pilot.press("n")
        await settle(pilot)
        assert world.kiosk.voided == [event]


async def test_who_is_taken_back_is_as_before_although_somebody_else_came_since(world: World) -> None:
    """Radia was never in today; Ada, who came after her, was in before."""
    event, at = came(world), NOW + timedelta(seconds=4)
    async with at_door(world, came(world, "Ada Lovelace", NOW - timedelta(minutes=5))) as pilot:
        await show_door(pilot, world, scene(world), event)
        world.now = at
        controller = world.apps[-1].controller
        controller._happened(came(world, "Ada Lovelace", at))
        controller._taken_back(event)
        await settle(pilot)
        attendees = controller.board.attendees
        assert event.person not in attendees
        assert attendees[world.ids["Ada Lovelace"]].person == world.ids["Ada Lovelace"]


async def test_after_ten_seconds_the_key_does_nothing(world: World) -> None:
    async with at_door(world, came(world)) as pilot:
        world.now = NOW + timedelta(seconds=10)
        await pilot.press("n")
        await settle(pilot)
        assert world.kiosk.voided == []


async def test_a_refusal_of_the_database_is_said(world: World) -> None:
    async with at_door(world, came(world), notifications=True) as pilot:

        def refuse(event: KioskEvent) -> None:
            raise SourceError("The database does not answer; try again in a moment.")

        world.kiosk.not_me = refuse  # type: ignore[method-assign]
        await pilot.press("n")
        await settle(pilot)
        assert "The database does not answer" in text_of(world)
        assert "In now 6" in text_of(world)


async def test_the_greeting_goes_after_a_while(world: World) -> None:
    async with at_door(world, came(world), size=(80, 24)) as pilot:
        world.now = NOW + timedelta(seconds=13)
        world.door.tick()
        await settle(pilot)
        assert "Look at the camera." in text_of(world)
        assert not world.apps[-1].screen.query_one(GreetingPanel).has_class("-came")


async def test_all_moods_of_the_day_are_named_where_they_fit_closer_together(world: World) -> None:
    async with at_door(world, size=(80, 24)) as pilot:
        bar = pilot.app.screen.query_one(MoodBar)
        bar.show((("happy", 0.6), ("surprise", 0.003), ("neutral", 0.397)), "")
        await settle(pilot)
        assert "█ happy 60% ▄ neutral 40% ▞ surprise <1%" in text_of(world)
        bar.show((("happy", 0.6), ("neutral", 0.4)), "")
        await settle(pilot)
        assert "██ happy 60%  ▄▄ neutral 40%" in text_of(world)


async def test_an_unknown_face_is_sent_to_the_desk(world: World) -> None:
    unknown = KioskEvent(EventKind.UNKNOWN, NOW, track=2, mood=happy(), sighting=new_id())
    async with at_door(world, unknown, size=(80, 24)):
        assert "? NOT RECOGNISED" in text_of(world)
        assert "Please see the desk." in text_of(world)


async def test_a_lost_camera_is_shown_until_it_is_back(world: World) -> None:
    lost = KioskEvent(EventKind.SOURCE_LOST, NOW, text="Camera 0 gives no pictures; trying again.")
    async with at_door(world, lost) as pilot:
        assert text_of(world).count("Camera 0 gives no pictures; trying again.") >= 2
        assert "! NO PICTURE" in text_of(world)
        assert "frames/s" not in text_of(world), "that was before"
        await show_door(pilot, world, scene(world), KioskEvent(EventKind.SOURCE_BACK, NOW))
        assert "● camera 0" in text_of(world)


async def test_entries_that_cannot_be_written_are_said_over_the_picture(world: World) -> None:
    async with at_door(world) as pilot:
        world.kiosk.trouble = "Entries wait to be written. The database is locked; close what holds it."
        world.door.tick()
        await show_door(pilot, world, scene(world, index=2))
        assert text_of(world).count("Entries wait to be written.") == 2
        world.kiosk.trouble = None
        await show_door(pilot, world, scene(world, index=3))
        assert "locked" not in text_of(world)
        assert "● camera 0" in text_of(world)


async def test_a_password_in_the_source_is_nowhere_to_be_seen(world: World) -> None:
    async with at_door(world, source="rtsp://guard:s3cret@10.0.0.7/door"):
        assert "● rtsp://10.0.0.7/door" in text_of(world)
    assert "s3cret" not in settings_text(world.apps[-1].settings).plain


async def test_a_kiosk_that_cannot_start_says_why(world: World) -> None:
    def fail(*_: object) -> RunningKiosk:
        raise SourceError("There is no camera 7; choose another with --source.")

    app = world.app(kiosk_factory=fail)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await app.workers.wait_for_complete()
        await settle(pilot)
        assert "There is no camera 7" in text_of(world)


async def test_a_name_with_markup_and_escapes_is_shown_as_text(world: World) -> None:
    event = came(world, name="Ada Lovelace", track=None)
    nasty = KioskEvent(event.kind, event.at, event.person, "[red]Bobby[/] \x1b[2JTables\u202e", attendance=new_id())
    async with at_door(world, nasty, size=(160, 45)):
        shown = text_of(world)
        assert "[red]Bobby[/] Tables" in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown


async def test_on_a_narrow_terminal_a_key_brings_the_events(world: World) -> None:
    async with at_door(world, came(world), size=(80, 24)) as pilot:
        await greeting_over(pilot, world)
        assert not pilot.app.screen.query_one("#events", Table).region
        await pilot.press("v")
        await settle(pilot)
        assert "Radia Perlman came in" in text_of(world)


async def test_moods_without_people_are_not_written_at_faces(world: World) -> None:
    async with at_door(world, mood="aggregate"):
        assert "Ada Lovelace" in text_of(world)
        assert "Ada Lovelace · happy" not in text_of(world)


async def test_leaving_stops_the_kiosk(world: World) -> None:
    async with at_door(world) as pilot:
        await pilot.press("ctrl+c")
    assert world.kiosk.stopped.is_set()


async def test_scenes_are_never_queued(world: World) -> None:
    async with at_door(world) as pilot:
        for index in range(200):
            shown = scene(world, index=index) if index in (0, 199) else world.apps[-1].controller.scene
            assert shown is not None
            world.kiosk.on_scene(shown)
        last = world.apps[-1].controller.scene
        assert last is not None
        assert last.frame.index == 199
        while world.door.camera.picture is None or world.door.camera.picture.scene is not last:
            await pilot.pause(0.05)


async def test_help_says_what_the_door_is_for_although_nothing_has_the_focus(world: World) -> None:
    async with at_door(world, came(world), size=(80, 24)) as pilot:
        await pilot.press("question_mark")
        await settle(pilot)
        assert "Here (Esc closes the help)" in text_of(world)
        assert "CHECKED IN" in text_of(world), "on a narrow terminal the picture makes room, not the greeting"
        await pilot.press("question_mark")
        await settle(pilot)
        assert pilot.app.screen.query_one("#camera").region


@pytest.mark.parametrize("name", ["Yannick Rowanberry", "Wendell Teakettle", "Elisabeth Schmidt", "Hello"])
def test_names_are_large_beside_the_portrait_on_a_narrow_terminal(name: str) -> None:
    assert len(large(name, 21)) >= ROWS


async def test_names_of_those_who_are_in_are_whole_on_a_narrow_terminal(world: World) -> None:
    event = replace(came(world), name="Kasper Wheatley-Moss")
    async with at_door(world, event, size=(80, 24)) as pilot:
        await greeting_over(pilot, world)
        assert "● Kasper Wheatley-Moss" in text_of(world)


async def greeting_over(pilot: Pilot[None], world: World) -> None:
    """Until the greeting has gone, its direction in large letters leaves little room for the lists."""
    world.now += SHOWN_FOR
    world.door.tick()
    await settle(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (160, 45)])
@pytest.mark.parametrize("way", [EventKind.CHECK_IN, EventKind.CHECK_OUT])
async def test_the_direction_is_as_large_as_the_name(world: World, size: tuple[int, int], way: EventKind) -> None:
    async with at_door(world, replace(came(world), kind=way), size=size) as pilot:
        shown = pilot.app.screen.query_one("#direction", Static)
        lines = str(shown.render()).splitlines()
        assert len(lines) == (8 if size == (160, 45) else ROWS)
        assert shown.region.height == len(lines)
        assert shown.region.bottom < size[1]
        arrow = [line[: len(lines)].strip() for line in lines]
        rows = [line.index(part) for line, part in zip(lines, arrow, strict=True)]
        assert (rows[0] == rows[len(lines) // 2]) is (way is EventKind.CHECK_IN)  # its point is on the other side
        await greeting_over(pilot, world)
        assert not shown.display


async def test_a_terminal_too_low_for_the_direction_keeps_the_greeting(world: World) -> None:
    async with at_door(world, came(world), size=(80, 20)) as pilot:
        assert not pilot.app.screen.query_one("#direction").display
        assert "CHECKED IN" in text_of(world)


async def test_the_direction_is_told_in_plain_letters_where_there_are_no_others(world: World) -> None:
    async with at_door(world, came(world), ascii_only=True):
        assert ">>> I N" in text_of(world)


@pytest.mark.parametrize(("role", "told"), [("in", "in"), ("out", "out"), ("auto", "in and out")])
async def test_the_door_says_which_it_is_and_what_passing_it_means(world: World, role: str, told: str) -> None:
    async with at_door(world, role=role, kiosk="North [red]entrance"):
        assert f"Door: North [red]entrance · {told} ─" in text_of(world)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_door_speaks_german(world: World, size: tuple[int, int]) -> None:
    async with at_door(world, came(world), size=size, language="de"):
        shown = text_of(world)
        for words in ("EINGECHECKT", "Guten Morgen,", "rein um 09:58", "Falsch? Taste n (10)", "Mo. 9. März 2026"):
            assert words in shown
        assert "Tür: door · Ein- und Ausgang" in shown
        assert "Stimmung des Tages" in shown
        assert re.search(r"│  Name +Ein ", shown)


async def test_a_narrow_status_line_leaves_out_whole_parts(world: World) -> None:
    async with at_door(world, size=(60, 24), language="de", source="/films/clip.mp4"):
        status = text_of(world).splitlines()[-2].strip()
        assert status.startswith("● clip.mp4 · ")
        assert status.endswith(" ausgelassen")


async def test_in_forty_columns_the_status_line_is_whole_though_there_is_no_picture(world: World) -> None:
    async with at_desk(world, size=(40, 24), camera=True, language="de", source="/films/clip.mp4"):
        await until(lambda: world.kiosks)
        world.kiosk.on_scene(scene(world))
        await until(lambda: "Bilder/s" in text_of(world))
        assert text_of(world).splitlines()[-2].strip() == "● clip.mp4 · 25 Bilder/s"


async def test_lists_that_were_scrolled_and_left_alone_show_the_newest_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_door(world, *(came(world, name) for name in world.ids), size=(80, 24)) as pilot:
        present = pilot.app.screen.query_one("#present", Table)
        present.scroll_end(animate=False)
        await settle(pilot)
        world.door.tick()
        assert present.scroll_offset.y > 0
        monkeypatch.setattr("monitor.tui.screens.door.door.LEFT_ALONE", 0)
        world.door.tick()
        assert present.scroll_offset.y == 0


@pytest.mark.parametrize("name", ["Tomás", "Łukasz", "Ζωή", "Иван", "Nguyễn"])
def test_names_with_other_letters_are_large_too(name: str) -> None:
    assert len(large(name, 40)) == ROWS


def test_what_has_no_room_in_large_letters_stands_below_them_though_it_is_cut_there() -> None:
    assert large("Zoë Ångström-Lindqvist von der Heide", 21)[-1] == "Ångström-Lindqvist von der Heide"


def test_letters_that_are_unreadable_when_large_stand_as_text() -> None:
    assert large("王小明", 40) == ("王小明",)


async def test_with_plain_letters_nothing_else_is_drawn_but_names_stay(world: World) -> None:
    event = came(world)
    accented = KioskEvent(event.kind, event.at, event.person, "Tomás Müller", track=1, attendance=new_id())
    async with at_door(world, accented, notifications=True, ascii_only=True) as pilot:
        for keys in ((), ("question_mark",), ("question_mark", "f4"), ("i",), ("escape", "ctrl+p")):
            await pilot.press(*keys)
            await settle(pilot)
            drawn = {char for char in text_of(world) if ord(char) > 127}
            assert drawn <= set("áü"), keys
            if not keys:
                assert "Tomás Müller came in" in text_of(world)


async def test_with_16_colours_the_app_has_a_theme_of_its_own_until_another_is_chosen(world: World) -> None:
    app = world.app(few_colours=True, theme="muster-light")
    async with app.run_test(size=(80, 24)) as pilot:
        await show_door(pilot, world, scene(world))
        assert app.theme == "muster-16-colours"
        assert world.door.camera.picture is not None
        styles = [segment.style for strip in world.door.camera.picture.strips for segment in strip if segment.style]
        colours = {style.color.get_truecolor() for style in styles if style.color}
        greys = {colour for colour in colours if len(set(colour)) == 1}
        assert len(greys) > 2
        assert len(colours - greys) == 3, "of the boxes: known, unknown, deciding"
        app.theme = "muster-light"
        await settle(pilot)
    assert 'theme = "muster-light"' in app.config_file.read_text()


async def test_a_long_notice_is_whole_on_a_narrow_terminal(world: World) -> None:
    sentence = "Camera 0 does not exist, this machine has none; connect one or choose another source."
    async with at_door(world, KioskEvent(EventKind.SOURCE_LOST, NOW, text=sentence), size=(80, 24)):
        picture = [line[1:43].strip() for line in text_of(world).splitlines()]
        assert sentence in " ".join(line for line in picture if line and not set(line) & set("▀─"))


def asking(world: World, question: Question | None) -> Scene:
    shown = scene(world, name="Radia Perlman", index=2)
    first = replace(shown.observations[0], question=question)
    return replace(shown, observations=(first, *shown.observations[1:]))


async def test_the_door_asks_for_a_turn_of_the_head_in_large_letters(world: World) -> None:
    async with at_door(world, shown=asking(world, Question.LEFT)):
        shown = text_of(world)
        assert "ONE MOMENT" in shown
        assert "Turn your head to the" in shown
        assert all(line.rstrip() in shown for line in large("Left", 31))
        assert "Then you are checked in." in shown


async def test_the_question_goes_when_it_is_answered_and_the_greeting_comes(world: World) -> None:
    async with at_door(world, shown=asking(world, Question.STRAIGHT)) as pilot:
        assert "Thank you. Now look" in text_of(world)
        await show_door(pilot, world, asking(world, None), came(world))
        assert "Now look" not in text_of(world)
        assert "CHECKED IN" in text_of(world)


@pytest.mark.parametrize(("language", "opening"), [("en", "For a better picture,"), ("de", "Für ein besseres Bild")])
def test_whom_the_door_recognises_badly_is_asked_for_a_view_in_its_language(language: Language, opening: str) -> None:
    asked = Asked(Question.VIEW, 1, "Ada")
    words = words_for(None, NOW, ZoneInfo("UTC"), UNICODE_SIGNS, 3, asked=asked, say=language_of(language))
    assert (words.opening, words.detail) == (opening, "Ada")


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        (KioskEvent(EventKind.CHECK_IN, NOW, name="Ada", similarity=0.9123, threshold=0.8731), "0.912, needed 0.873"),
        (KioskEvent(EventKind.CHECK_IN, NOW, name="Ada"), ""),
    ],
    ids=["by face", "by PIN"],
)
def test_the_greeting_says_how_sure_it_is_where_the_setting_wants_it(event: KioskEvent, detail: str) -> None:
    greeting = Greeting(Welcome.CAME, NOW, NOW, None, event)
    plain = words_for(greeting, NOW, ZoneInfo("UTC"), UNICODE_SIGNS, 3)
    sure = words_for(greeting, NOW, ZoneInfo("UTC"), UNICODE_SIGNS, 3, scores=True)
    assert sure.detail.removeprefix(plain.detail) == (f" · similarity {detail}" if detail else "")


async def test_who_does_not_turn_twice_is_offered_number_and_pin(world: World) -> None:
    with writing(world.engine) as session:
        people.set_number(session, world.ids["Radia Perlman"], "17", at=NOW, actor="test")
        pins.set_pin(session, world.ids["Radia Perlman"], "hash")
    event = KioskEvent(EventKind.NOT_LIVE, NOW, world.ids["Radia Perlman"], "Radia Perlman", track=1)
    async with at_door(world, event):
        shown = text_of(world)
        assert "NOT CHECKED IN" in shown
        assert "The head did not turn." in shown
        assert "number and PIN" in shown
        assert "Radia Perlman did not turn the head" in shown


@pytest.mark.parametrize(("asks", "told"), [("pin", "number and PIN"), ("face", "Then your PIN again.")])
async def test_at_hours_that_ask_for_face_and_pin_the_door_says_what_is_missing(
    world: World, asks: Literal["pin", "face"], told: str
) -> None:
    with writing(world.engine) as session:
        people.set_number(session, world.ids["Radia Perlman"], "17", at=NOW, actor="test")
        pins.set_pin(session, world.ids["Radia Perlman"], "hash")
    event = KioskEvent(EventKind.SIGHTING, NOW, world.ids["Radia Perlman"], "Radia Perlman", track=1, asks=asks)
    async with at_door(world, event):
        shown = text_of(world)
        assert "Now both are needed:" in shown
        assert told in shown


@pytest.mark.parametrize(
    ("kind", "rings"),
    [(EventKind.CHECK_IN, 1), (EventKind.CHECK_OUT, 2), (EventKind.UNKNOWN, 3), (EventKind.NOT_LIVE, 4)],
)
async def test_the_bell_rings_once_for_in_and_more_for_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: EventKind, rings: int
) -> None:
    monkeypatch.setattr(kiosk_controller, "RING_EVERY", 0.01)
    app = world.app(sounds=True)
    rung: list[None] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(None))
    async with app.run_test(size=(120, 36)) as pilot:
        await show_door(pilot, world, scene(world), replace(came(world), kind=kind))
        while len(rung) < rings:
            await pilot.pause(0.02)
        await pilot.pause(0.1)
    assert len(rung) == rings


async def test_the_bell_is_silent_unless_sounds_are_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    app = world.app()
    rung: list[None] = []
    monkeypatch.setattr(app, "bell", lambda: rung.append(None))
    async with app.run_test(size=(120, 36)) as pilot:
        await show_door(pilot, world, scene(world), came(world))
        await pilot.pause(0.1)
    assert rung == []


async def test_on_a_small_terminal_the_greeting_has_the_whole_screen(world: World) -> None:
    async with at_desk(world, size=(40, 12), camera=True) as pilot:
        await until(lambda: world.kiosks)
        world.kiosk.on_event(came(world))
        await settle(pilot)
        lines = text_of(world).splitlines()
        assert lines[1].strip() == "✓ CHECKED IN"
        assert [line.strip() for line in lines[7:10]] == ["Perlman", "in at 09:58 · happy", "Not you? Press n (10)"]


async def test_a_greeting_is_styled_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    styled = []
    update = GreetingPanel.update_classes
    monkeypatch.setattr(GreetingPanel, "update_classes", lambda panel, classes: styled.append(update(panel, classes)))
    async with at_door(world, shown=scene(world, name="Radia Perlman"), size=(160, 45)) as pilot:
        styled.clear()
        world.kiosk.on_event(came(world))
        await settle(pilot)
        assert pilot.app.screen.query_one(GreetingPanel).has_class("-came", "-way", "-larger")
        assert len(styled) <= 2, "and again when it is larger"
