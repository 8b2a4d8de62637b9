"""How names are folded: what is one name is found and sorted as one, and what is another name stays one."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from db.names import clean
from db.schema.folding import folded, search_text

# Upper case makes a letter of the mark under an ancient Greek vowel, also where a mark of another script follows it.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\u0345"), max_size=12)
ACCENTED = st.text(st.characters(max_codepoint=0x52F, exclude_categories=["Cs", "Cc"]), max_size=12)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Zoë", "zoe"),
        ("ÖZTÜRK", "ozturk"),
        ("Straße", "STRASSE"),
        ("Łukasz Ørsted", "lukasz orsted"),
        ("İbrahim Işık", "ibrahim isik"),
        ("Þór Æsa Đoković", "thor aesa dokovic"),
        ("Nguyễn Thị", "nguyen thi"),
        ("O’Neil", "o'neil"),
        ("O´Neil", "o'neil"),
        ("Anna‐Lena", "anna-lena"),
        ("Фёдор", "федор"),
        ("Ірина", "ирина"),
        ("ΆΝΝΑ Παύλος", "αννα παυλοσ"),
        ("Ｚｏｅ ﬁn", "zoe fin"),
        ("مُحَمَّد", "محمد"),
        ("علي\u200cرضا", "عليرضا"),
        ("שָׁלוֹם", "שלום"),
        ("ｱﾀﾞ", "アダ"),
        ("  Ada\u00a0 \n B. ", "ada b."),
    ],
)
def test_a_name_is_found_as_it_is_typed_without_its_accents(name: str, typed: str) -> None:
    assert folded(name) == folded(typed)
    assert folded(name) == typed.lower()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("हिन्दी", "हन्द"),  # vowel signs
        ("กิ", "กา"),
        ("김", "기"),  # syllables that are taken apart and put together
        ("が", "か"),
        ("أحمد", "احمد"),  # a letter of its own
    ],
)
def test_marks_that_make_another_name_stay(one: str, other: str) -> None:
    assert folded(one) != folded(other)
    assert not folded(one).startswith(folded(other))
    assert folded(one) == unicodedata.normalize("NFC", one)


@given(TEXT)
@example("\u1ffd")
@example("ΐ ẞ ŉ ǰ և ﬃ ℡")
def test_the_folded_text_is_one_whatever_its_form_and_case(text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert once == once.strip()
    for other in (text.upper(), text.lower(), text.swapcase(), text.casefold()):
        assert folded(other) == once
    for form in ("NFC", "NFD"):
        assert folded(unicodedata.normalize(form, text)) == once


@given(TEXT)
def test_each_word_of_a_name_is_in_it(text: str) -> None:
    assert all(folded(word) in folded(text) for word in text.split())


@given(ACCENTED, st.integers(0, 12), st.integers(0, 12))
def test_each_part_of_a_name_with_accents_is_in_it(text: str, start: int, end: int) -> None:
    assert folded(text[start:end]) in folded(text)


@given(TEXT, st.none() | TEXT, st.none() | TEXT)
def test_what_is_searched_has_a_line_for_name_group_and_number(
    name: str, number: str | None, group: str | None
) -> None:
    lines = search_text(name, number, group).split("\n")
    assert lines == [folded(name), folded(group or ""), folded(number or "")]


NAME = TEXT.map(lambda text: clean(f"A{text}"))


@given(st.lists(st.tuples(NAME, st.none() | TEXT), min_size=2))
def test_what_is_searched_is_sorted_by_the_name(people: list[tuple[str, str | None]]) -> None:
    names = [line.split("\n")[0] for line in sorted(search_text(name, None, group) for name, group in people)]
    assert names == sorted(names)
