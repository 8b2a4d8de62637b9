"""The drawing of what somebody is asked to do before the camera: a head that turns, and an arrow."""

from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from monitor.domain import Question, RgbImage

_SIDE: Final = 120
"""Pixels of the square drawing."""
_PAPER, _SKIN, _LINE, _ARROW = (24, 26, 32), (224, 182, 148), (52, 40, 36), (250, 200, 60)
_ASIDE: Final = {Question.LEFT: -1, Question.RIGHT: 1}


@lru_cache(maxsize=len(Question))
def turned_head(question: Question) -> RgbImage:
    """A head as in a mirror: who is asked to turn to the left sees it turn to the left of the screen.

    Returns:
        uint8 (120, 120, 3).
    """
    image = Image.new("RGB", (_SIDE, _SIDE), _PAPER)
    draw = ImageDraw.Draw(image)
    aside = _ASIDE.get(question, 0)
    grow = 8 if question is Question.CLOSER else 0
    draw.ellipse((32 - grow, 6 - grow, 88 + grow, 84 + grow), fill=_SKIN)
    middle = 60 + 15 * aside
    for eye in (-12, 12):
        draw.ellipse((middle + eye - 4, 36, middle + eye + 4, 44), fill=_LINE)
    draw.polygon(((middle, 40), (middle - 5 + 9 * aside, 58), (middle + 5 + 9 * aside, 58)), fill=_LINE)
    draw.line((middle - 10 + 2 * aside, 69, middle + 10 + 2 * aside, 69), fill=_LINE, width=4)
    if aside:
        tip, end = 60 + 50 * aside, 60 - 36 * aside
        draw.line((end, 104, tip - 14 * aside, 104), fill=_ARROW, width=8)
        draw.polygon(((tip, 104), (tip - 20 * aside, 92), (tip - 20 * aside, 116)), fill=_ARROW)
    return np.asarray(image, np.uint8)
