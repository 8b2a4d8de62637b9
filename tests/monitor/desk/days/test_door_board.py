"""The door's board folds events; names pass as text."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from monitor.desk.days.door_board import Asked, Board, Welcome, asked_of, fold, renewed, take_back
from monitor.domain import (
    Box,
    Candidate,
    EventKind,
    Face,
    Frame,
    KioskEvent,
    Match,
    Observation,
    Question,
    Scene,
    Track,
)
from monitor.tui.screens.door.greeting import words_for
from monitor.tui.style.text import UNICODE_SIGNS, clean
from monitor.tui.widgets.banner import ROWS, large

AT = datetime(2026, 3, 9, 7, 58, tzinfo=UTC)
ADA, ALAN = UUID(int=1), UUID(int=2)
BERLIN = ZoneInfo("Europe/Berlin")


def event(kind: EventKind, person: UUID | None = ADA, minutes: float = 0) -> KioskEvent:
    names = {ADA: "Ada", ALAN: "Alan", None: None}
    return KioskEvent(kind, AT + timedelta(minutes=minutes), person, names[person], track=1, attendance=UUID(int=9))


def test_who_checks_in_is_in_and_who_checks_out_is_not() -> None:
    board = fold(fold(Board(), event(EventKind.CHECK_IN)), event(EventKind.CHECK_IN, ALAN, 1))
    assert board.inside == 2
    board = fold(board, event(EventKind.CHECK_OUT, ADA, 30))
    assert board.inside == 1
    assert [one.name for one in board.newest_first()] == ["Alan", "Ada"]
    assert board.attendees[ADA].last_in == AT


def test_who_comes_back_is_the_latest_arrival_again() -> None:
    board = fold(fold(Board(), event(EventKind.CHECK_IN)), event(EventKind.CHECK_OUT, minutes=1))
    board = fold(fold(board, event(EventKind.CHECK_IN, ALAN, 2)), event(EventKind.CHECK_IN, minutes=3))
    assert [(one.name, one.last_in) for one in board.newest_first()] == [
        ("Ada", AT + timedelta(minutes=3)),
        ("Alan", AT + timedelta(minutes=2)),
    ]
    again = fold(board, event(EventKind.SIGHTING, minutes=9)).greeting
    assert again is not None
    assert again.since == AT + timedelta(minutes=3)


def test_somebody_who_is_in_is_told_so_when_they_pass_again_but_not_at_once() -> None:
    board = fold(Board(), event(EventKind.CHECK_IN))
    soon = fold(board, event(EventKind.SIGHTING, minutes=0.5))
    assert soon.greeting is board.greeting
    later = fold(board, event(EventKind.SIGHTING, minutes=5))
    assert later.greeting is not None
    assert later.greeting.welcome is Welcome.ALREADY
    assert later.greeting.since == AT


def test_a_greeting_follows_the_database_too() -> None:
    board = fold(Board(), event(EventKind.CHECK_IN))
    called = replace(board, attendees={ADA: replace(board.attendees[ADA], name="Augusta")})
    greeting, entry = renewed(board, called).greeting, renewed(board, called).entry
    assert greeting is not None
    assert entry is not None
    assert greeting.event.name == entry.event.name == "Augusta"
    assert "Not you?" in words_for(greeting, AT, BERLIN, UNICODE_SIGNS, 2, entry=entry).hint
    assert renewed(board, Board()).greeting is None, "void, or erased"
    void = take_back(board, event(EventKind.CHECK_IN), AT, None)
    assert renewed(void, Board()).greeting is void.greeting


def test_not_me_puts_the_person_back_as_they_were() -> None:
    wrong = event(EventKind.CHECK_IN)
    assert take_back(fold(Board(), wrong), wrong, AT, None).attendees == {}
    board = fold(fold(Board(), wrong), event(EventKind.CHECK_OUT, minutes=30))
    before = board.attendees[ADA]
    again = event(EventKind.CHECK_IN, minutes=40)
    assert take_back(fold(board, again), again, AT, before).attendees == {ADA: before}


@pytest.mark.parametrize(
    ("hour", "salutation"),
    [(4, "Good morning"), (11, "Good morning"), (12, "Good afternoon"), (18, "Good evening"), (2, "Good evening")],
)
def test_the_greeting_follows_the_site_clock(hour: int, salutation: str) -> None:
    at = datetime(2026, 3, 9, hour, 58, tzinfo=BERLIN).astimezone(UTC)
    board = fold(Board(), replace(event(EventKind.CHECK_IN), at=at))
    words = words_for(board.greeting, at + timedelta(seconds=3), BERLIN, UNICODE_SIGNS, 2)
    assert words.opening == f"{salutation},"
    assert words.detail == f"in at {hour:02}:58"
    assert words.hint == "Not you? Press n (7)"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[bold]Bobby[/]", "[bold]Bobby[/]"),
        ("a\x1b[31mred\x07", "ared"),
        ("line\nbreak\tand\u2028more", "line break andmore"),
        ("\u202egnihtyreve", "gnihtyreve"),
        ("ש\u05dcום", "ש\u05dcום"),
        ("x" * 500, "x" * 59 + "…"),
        ("Taro \U0001f469\U0001f3fd\u200d\U0001f680 R. \u2764\ufe0f", "Taro \U0001f469\U0001f680 R. \u2764"),
        ("क्\u200dष", "क्\u200dष"),
        (None, ""),
    ],
)
def test_a_name_cannot_change_the_screen(name: str | None, shown: str) -> None:
    assert clean(name) == shown


@pytest.mark.parametrize("name", ["Ada", "Ada Lovelace", "Zoë Ångström", "王小明", "x" * 40, "", "🙂"])
@pytest.mark.parametrize("columns", [1, 12, 30, 60])
def test_a_large_name_fits_or_is_plain(name: str, columns: int) -> None:
    lines = large(name, columns)
    assert lines == (name,) or (len(lines) in (ROWS, ROWS + 1) and all(len(line) <= columns for line in lines))


def test_a_short_name_is_large() -> None:
    assert len(large("Ada", 30)) == ROWS


def test_two_unknown_faces_in_a_row_offer_the_pin_for_a_while() -> None:
    once = fold(Board(), event(EventKind.UNKNOWN, None))
    twice = fold(once, event(EventKind.UNKNOWN, None, 0.5))
    last = AT + timedelta(seconds=30)
    assert not once.offers_pin(AT)
    assert twice.offers_pin(last)
    assert twice.offers_pin(last + timedelta(seconds=29))
    assert not twice.offers_pin(last + timedelta(seconds=30))


def test_somebody_recognised_between_ends_the_row_and_so_does_a_pause() -> None:
    between = Board()
    for minutes, kind, person in (
        (0, EventKind.UNKNOWN, None),
        (0.1, EventKind.CHECK_IN, ADA),
        (0.2, EventKind.UNKNOWN, None),
    ):
        between = fold(between, event(kind, person, minutes))
    assert not between.offers_pin(AT + timedelta(minutes=0.2))
    paused = fold(fold(Board(), event(EventKind.UNKNOWN, None)), event(EventKind.UNKNOWN, None, 1.5))
    assert not paused.offers_pin(AT + timedelta(minutes=1.5))


def test_who_gave_a_pin_too_early_is_answered_although_no_camera_saw_them() -> None:
    board = fold(Board(), event(EventKind.CHECK_IN))
    again = replace(event(EventKind.SIGHTING, minutes=0.5), track=None, text="Already checked in at 08:58.")
    greeting = fold(board, again).greeting
    assert greeting is not None
    assert greeting.welcome is Welcome.ALREADY
    assert greeting.since == AT
    gone = fold(fold(Board(), event(EventKind.CHECK_OUT)), again).greeting
    words = words_for(gone, AT, BERLIN, UNICODE_SIGNS, 3)
    assert words.detail == "Already checked in at 08:58."


def test_a_greeting_is_timed_from_when_it_is_shown_not_from_when_the_face_came_into_view() -> None:
    greeting = fold(Board(), event(EventKind.CHECK_IN), AT + timedelta(seconds=20)).greeting
    assert greeting is not None
    words = words_for(greeting, AT + timedelta(seconds=21), BERLIN, UNICODE_SIGNS, 3)
    assert words.detail == "in at 08:58"
    assert words.hint == "Not you? Press n (9)"


def test_who_is_not_live_is_offered_the_pin_at_once() -> None:
    board = fold(Board(), event(EventKind.NOT_LIVE))
    assert board.offers_pin(AT)
    assert board.inside == 0
    assert board.greeting is not None
    words = words_for(board.greeting, AT, BERLIN, UNICODE_SIGNS, 3, pin=True)
    assert (words.large, words.detail) == ("Press p", "number and PIN")
    assert words.hint == "Ada"
    assert words_for(board.greeting, AT, BERLIN, UNICODE_SIGNS, 3).detail == "Please see the desk."


def asking(question: Question | None, track: int = 1, *, name: str | None = "Ada") -> Observation:
    face = Track(track, Face(Box(0, 0, 80, 80), 0.9), 5, 0.0, 1.0)
    match = Match(Candidate(ADA, name, 0.98), None, 0.9, accepted=True) if name else None
    return Observation(face, match, None, question)


def scene_of(*observations: Observation) -> Scene:
    return Scene(Frame(0, AT, 0.0, np.zeros((2, 2, 3), np.uint8)), observations, 1, 0, 15.0)


def test_a_question_comes_before_every_greeting_and_keeps_its_name_while_the_head_is_turned() -> None:
    asked = asked_of(scene_of(asking(None, 1), asking(Question.LEFT, 2)), None)
    assert asked == Asked(Question.LEFT, 2, "Ada")
    greeting = fold(Board(), event(EventKind.CHECK_IN)).greeting
    words = words_for(greeting, AT, BERLIN, UNICODE_SIGNS, 3, asked=asked)
    assert (words.opening, words.large, words.detail) == ("Turn your head to the", "Left", "Ada")
    turned = scene_of(asking(Question.STRAIGHT, 2, name=None))
    assert asked_of(turned, asked) == Asked(Question.STRAIGHT, 2, "Ada")
    assert asked_of(scene_of(asking(None)), asked) is None


def test_a_turn_is_shown_before_somebody_farther_away_is_called_nearer() -> None:
    asked = asked_of(scene_of(asking(Question.CLOSER, 1), asking(Question.RIGHT, 2)), None)
    assert asked is not None
    assert asked.question is Question.RIGHT


def test_what_the_database_told_before_the_door_did_is_one_line() -> None:
    came = event(EventKind.CHECK_IN)
    loaded = fold(Board(), came)
    assert fold(renewed(Board(), loaded), came).events == loaded.events
