"""The marks of Kitty's placeholders: its table of 297 letters, which textual_image keeps under a private name."""

from collections.abc import Sequence


def placeholder_marks() -> Sequence[int]:
    """Code points: the mark of row or column 0, 1, 2, ... (imported late: textual_image asks the terminal)."""
    from textual_image.renderable import tgp

    marks: Sequence[int] = tgp._NUMBER_TO_DIACRITIC
    return marks
