"""Folds texts for searching and sorting."""

import re
import unicodedata
from typing import Final

_LEFT_OUT: Final = re.compile(
    "["
    # Accents of Latin, Greek and Cyrillic letters. In other scripts a mark is a vowel, a tone or a part of the letter,
    # without which the name is another one; those marks have blocks of their own, and stay.
    r"\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    # The vowel points of Hebrew and Arabic, which one may write or not.
    r"\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u0652\u0670"
    # What nobody sees: soft hyphens, joiners, marks of direction, variants of a sign.
    r"\u00ad\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef"
    "]+"
)
_INSTEAD: Final = str.maketrans(
    # Letters that Unicode does not take apart. The Cyrillic ones would stand after all others in a list.
    dict(zip("øłđðħıəєіґ", "olddhieеиг", strict=True))
    | {"þ": "th", "æ": "ae", "œ": "oe"}
    # The apostrophes and hyphens of word processors.
    | dict.fromkeys("`‘’ʻʼ", "'")
    | dict.fromkeys("‐‒–—", "-")
)


def folded(text: str) -> str:
    """The text as it is searched and sorted by: without case, accents and other ways to write the same letters.

    Two texts that look alike have one folded form, and a part's folded form is in that of the whole. A folded text
    stays as it is, on one line. What is kept folded in a database was folded by this; a change here needs a migration
    that folds it anew.
    """
    if text.isascii():
        plain = text.lower().replace("`", "'")
    else:
        apart = unicodedata.normalize("NFD", text).replace("´", "'")  # before NFKD makes a space and an accent of it
        apart = unicodedata.normalize("NFKD", apart).casefold()
        plain = unicodedata.normalize("NFC", _LEFT_OUT.sub("", apart).translate(_INSTEAD))
    return " ".join(plain.split())


def search_text(name: str, number: str | None, group: str | None) -> str:
    """What a person is found and sorted by: name, group and number, folded, a line each.

    The name comes first: a line's end comes before every other character, so that sorting by the whole is sorting by
    name. The number comes last: what is found before the last line's end is in the name or the group.
    """
    return "\n".join((folded(name), folded(group or ""), folded(number or "")))
