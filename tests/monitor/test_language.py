"""The door speaks its language: every text of the door has its translation."""

import re
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.extract import extract_from_file
from rich.cells import cell_len

from enroll.camera import coach
from monitor.domain import MOODS
from monitor.language import Language, catalogue, day_in, english, language_of
from monitor.tui.runtime.actions import ACTIONS, TABS
from monitor.tui.runtime.kiosk_controller import ENDED
from monitor.tui.screens.people.capture import HEADLINES, STEPS

ROOT = Path(__file__).parents[2]
SAID = (*sorted((ROOT / "monitor/tui/screens/door").glob("*.py")), ROOT / "monitor/tui/style/text.py",
        ROOT / "monitor/tui/screens/people/capture.py", ROOT / "monitor/tui/picture/feed.py")  # fmt: skip
LANGUAGES = [one for one in get_args(Language) if one != "en"]


def said() -> set[str]:
    """Every text that the door and the coach say."""
    found = {
        str(text) for file in SAID for _, text, _, _ in extract_from_file("python", str(file), keywords={"say": None})
    }
    source = Path(coach.__file__).read_text(encoding="utf-8")
    hints = set(re.findall(r'(?:: |return |Advice\(|= )"([A-Z][^"{]*\.)"', source)) - refusals(source)
    keys = {action.title for action in ACTIONS.values() if action in TABS or action.place == "door"} | {
        "Help",
        "Close help",
        "Commands",
        ENDED,
    }
    return found | hints | keys | set(MOODS) | set(HEADLINES.values()) | set(STEPS.values())


def refusals(source: str) -> set[str]:
    """What the coach says to whoever sits at the desk."""
    return set(re.findall(r'refusal = "([^"]*)"', source))


def test_the_texts_are_found() -> None:
    assert {"CHECKED IN", "in at {at}", "Good morning", "Come closer.", "Thank you, that is all.", "happy"} <= said()
    assert len(said()) > 90


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_has_its_translation_and_no_translation_is_left_over(language: str) -> None:
    assert said() ^ set(catalogue(language)) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_same_values(language: str) -> None:
    for text, translated in catalogue(language).items():
        assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", translated)), text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_signs_above_the_greeting_fit(language: str) -> None:
    for text, translated in catalogue(language).items():
        if text.isupper() and len(text) > 3:
            assert cell_len(translated) <= 14, translated


def test_values_are_not_read_as_places_for_values() -> None:
    assert language_of("de")("{name} came in", name="{at}") == "{at} ist gekommen"
    assert english("{name} left", name="{x}") == "{x} left"


def test_a_text_that_a_catalogue_lacks_is_said_in_english() -> None:
    assert language_of("de")("No such text.") == "No such text."


def test_days_are_written_as_the_language_does() -> None:
    day = date(2026, 11, 26)
    assert day_in("en", day) == "Thu 26 Nov 2026"
    assert day_in("de", day) == "Do. 26. Nov. 2026"
