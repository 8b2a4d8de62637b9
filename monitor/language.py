"""The language of the door: texts from gettext catalogues, and days as a language writes them.

English is in the code. Any other language is a catalogue `locale/<language>/LC_MESSAGES/door.po`, which is read as it
is; tools for gettext open it.
"""

from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

Language: TypeAlias = Literal["en", "de"]
Say: TypeAlias = Callable[..., str]
"""Takes the English text and the values for its braces by name; gives the text in the language of the door."""
_FOLDER: Final = Path(__file__).with_name("locale")


def english(text: str, /, **values: object) -> str:
    """The text itself, with the values in it."""
    return text.format(**values) if values else text


@cache
def language_of(name: Language) -> Say:
    """The texts of a language; a text that its catalogue lacks is said in English."""
    if name == "en":
        return english
    texts = catalogue(name)

    def say(text: str, /, **values: object) -> str:
        return english(texts.get(text, text), **values)

    return say


def catalogue(name: str) -> dict[str, str]:
    """English text to translated text. Raises: OSError, where there is no such catalogue."""
    from babel.messages.pofile import read_po

    with (_FOLDER / name / "LC_MESSAGES" / "door.po").open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file, locale=name) if one.id and one.string}


def day_in(language: Language, day: date) -> str:
    """A day with its weekday, short, as the language writes it: "Thu 26 Nov 2026", "Do. 26. Nov. 2026"."""
    from babel.dates import format_date

    return format_date(day, {"en": "EEE d MMM y", "de": "EEE d. MMM y"}[language], locale=language)
