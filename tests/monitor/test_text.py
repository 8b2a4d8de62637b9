"""Untrusted text becomes harmless, numbers get their nouns, and names their natural order."""

import unicodedata
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from monitor.text import hours_and_minutes, local_time, natural_order, plural, printable

ANY = st.text(st.characters(), max_size=60) | st.text(
    "\x1b[]31m;\x07\x9b\u202e\u200d\u200c\ufe0f\U0001f680 \na", max_size=20
)
PICTURES = range(0x2190, 0x2C00), range(0x1F000, 0x1FB00)


@given(ANY, st.none() | st.integers(1, 80))
@example("\u200d\u2060\U0001f680", None)
@example("\u200d\u200d\ufe0f\U0001f680", None)
@example("\x1b\x00[31m", None)
@example("\U00011375\ue000", None)
def test_nothing_that_controls_a_terminal_or_reorders_text_is_left(text: str, cells: int | None) -> None:
    shown = printable(text, cells)
    hidden = {sign for sign in shown if unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert hidden <= {"\u200c", "\u200d"}
    assert not any(
        sign == "\u200d" and any(ord(after) in block for block in PICTURES) for sign, after in pairwise(shown)
    )
    assert shown == " ".join(shown.split())
    assert cells is None or cell_len(shown) <= cells
    assert printable(shown, cells) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[bold]Bobby[/]", "[bold]Bobby[/]"),
        ("\U00031350\U00031351", "\U00031350\U00031351"),  # letters that are newer than Python 3.11
        ("a\x1b[31mred\x07", "ared"),
        ("\x1b]0;title\x07Ada\x1b\\", "Ada"),
        ("\x9b31mred", "31mred"),
        ("line\nbreak\r\n  more", "line break more"),
        ("\u202egnihtyreve\u2066", "gnihtyreve"),
        ("caf\udce9.jpg", "caf\ufffd.jpg"),
        ("क्\u200dष", "क्\u200dष"),
        ("\U0001f469\U0001f3fd\u200d\U0001f680", "\U0001f469\U0001f680"),
        ("x" * 500, "x" * 500),
    ],
)
def test_text_without_a_limit_stays_whole(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("text", "cells", "shown"), [("x" * 500, 5, "xxxx…"), ("王小明王小明", 6, "王小…"), ("Ada B", 5, "Ada B")]
)
def test_a_limit_counts_cells(text: str, cells: int, shown: str) -> None:
    assert printable(text, cells) == shown


def test_a_number_gets_its_noun() -> None:
    assert [plural(count, "image") for count in (0, 1, 1200)] == ["0 images", "1 image", "1,200 images"]
    assert [plural(count, "person", "people") for count in (1, 2)] == ["1 person", "2 people"]


def test_numbers_in_names_are_sorted_by_their_value() -> None:
    names = ["s10", "S2", "s1/10.jpg", "s1/9.jpg", "s1", "", "7", "a 1 b", "10", "007x", f"s{'9' * 5000}", "s010b"]
    assert sorted(names, key=natural_order) == [
        *("", "7", "007x", "10", "a 1 b", "s1", "s1/9.jpg", "s1/10.jpg", "S2", "s10", "s010b", f"s{'9' * 5000}"),
    ]


def test_names_with_accents_are_sorted_beside_those_without() -> None:
    assert sorted(["Zoe", "Émile", "Ola", "Öz2", "Emil", "Öz10"], key=natural_order) == [
        *("Emil", "Émile", "Ola", "Öz2", "Öz10", "Zoe"),
    ]


def test_a_moment_is_shown_in_the_zone_of_the_site() -> None:
    assert local_time(datetime(2026, 7, 1, 22, 5, 59, tzinfo=UTC), ZoneInfo("Europe/Berlin")) == "2026-07-02 00:05"


def test_hours_are_whole_minutes_rounded_down() -> None:
    lengths = [timedelta(), timedelta(hours=8, minutes=14, seconds=59.9), timedelta(days=4, minutes=7)]
    assert [hours_and_minutes(length) for length in lengths] == ["0:00", "8:14", "96:07"]
