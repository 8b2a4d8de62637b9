"""Large letters made of block characters, to be read from three metres."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from rich.cells import cell_len

ROWS = 5
"""Cells that large letters are high."""

Draw: TypeAlias = Callable[[str, int], Image.Image]
"""Draws a text in letters of a size, in pixels."""

QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
SIZES = ((18, 0.6), (16, 0.62), (12, 1.0), (10, 1.0))
"""Font sizes, largest first, and how far each is flattened because cells are twice as high as wide."""


@lru_cache(maxsize=256)
def large(text: str, columns: int, rows: int = ROWS) -> tuple[str, ...]:
    """The text in large letters, or as it is where it is too long or the font lacks a letter.

    Args:
        text: already cleaned.
        columns: cells there are.
        rows: cells that the letters are high; fewer, down to `ROWS`, where the text is too wide for these.

    Returns:
        At least `ROWS` lines, or one line with the plain text. What is not in large letters is the last line, which may
        be wider than the columns.
    """
    for high in range(rows, ROWS, -1):
        lines = _fitting(text, columns, high, SIZES[:2])
        if lines:
            return lines
    return _fitting(text, columns, ROWS, SIZES) or (text,)


def direction(word: str, columns: int, rows: int, *, rightwards: bool) -> tuple[str, ...]:
    """A word in large letters behind an arrowhead as high as they are; the word alone where both are too wide."""
    half = np.minimum(np.arange(2 * rows), np.arange(2 * rows)[::-1]) + 1
    point = np.arange(rows)[None, :] < half[:, None]
    arrow = _quadrants(np.pad(point if rightwards else point[:, ::-1], ((0, 0), (0, rows % 2))))
    wide = len(arrow[0]) + 2
    lines = large(word, columns - wide, rows)
    if len(lines) == 1:
        return lines
    begin = (len(arrow) - len(lines)) // 2
    blank = " " * len(arrow[0])
    shown = arrow if len(lines) == len(arrow) else arrow[begin : begin + len(lines)] or (blank,) * len(lines)
    return tuple(f"{head}  {line}" for head, line in zip(shown, lines, strict=True))


def _fitting(text: str, columns: int, rows: int, kinds: Sequence[tuple[int, float]]) -> tuple[str, ...] | None:
    """The text in the first of the sizes in which it fits, or its first word; None where neither does."""
    first = text.split()[0] if text.strip() else text
    for part, sizes in ((text, kinds[: len(SIZES) - 1]), (first, kinds)):  # rather one name well than several narrow
        for size, flatten in sizes:
            pixels = _pixels(part, round(size * rows / ROWS), flatten, rows)
            if pixels is not None and pixels.shape[1] <= 2 * columns:
                rest = text[len(part) :].strip()
                lines = _quadrants(pixels)
                return (*lines, rest) if rest else lines
    return None


def _by_pillow(text: str, size: int) -> Image.Image:
    """White on black, in Pillow's own font, which has plain Latin only."""
    font = ImageFont.load_default(size)
    image = Image.new("L", (int(font.getlength(text)) + 2, size + 6))
    ImageDraw.Draw(image).text((1, 0), text, font=font, fill=255)
    return image


def _by_opencv(text: str, size: int) -> Image.Image:
    """White on black, in OpenCV's own font, which has most other letters."""
    import cv2

    canvas = np.zeros((2 * size, 2 * size * (len(text) + 1)), np.uint8)
    (end, _), drawn = cv2.putText(canvas, text, (1, round(1.4 * size)), 255, cv2.FontFace("sans"), size)
    return Image.fromarray(drawn[:, : end + 2])


@lru_cache(maxsize=4096)
def _has(draw: Draw, char: str, size: int) -> bool:
    """Whether the font has this letter; letters as wide as two cells cannot be read at these sizes."""
    return char == " " or (cell_len(char) < 2 and draw(char, size).tobytes() != _missing(draw, size))


@lru_cache(maxsize=64)
def _missing(draw: Draw, size: int) -> bytes:
    """What the font draws for a letter that it lacks."""
    return draw("\U0010fffd", size).tobytes()


def _pixels(text: str, size: int, flatten: float, rows: int) -> NDArray[np.bool_] | None:
    """bool (2 * rows, w), or None where no font has all letters."""
    draw = next((draw for draw in (_by_pillow, _by_opencv) if all(_has(draw, char, size) for char in text)), None)
    if not text or draw is None:
        return None
    image = draw(text, size)
    image = image.resize((image.width, round(image.height * flatten)), Image.Resampling.BOX)
    inked: NDArray[np.bool_] = np.asarray(image) > 95
    columns = np.flatnonzero(inked.any(axis=0))
    lines = np.flatnonzero(inked.any(axis=1))
    if not len(columns):
        return None
    inked = inked[lines[0] : lines[-1] + 1, columns[0] : columns[-1] + 1][: 2 * rows]
    above = (2 * rows - len(inked)) // 2 * 2 // 2
    return np.pad(inked, ((above, 2 * rows - len(inked) - above), (0, inked.shape[1] % 2)))


def _quadrants(pixels: NDArray[np.bool_]) -> tuple[str, ...]:
    bits = pixels.astype(np.uint8)
    cells = bits[::2, ::2] | bits[::2, 1::2] << 1 | bits[1::2, ::2] << 2 | bits[1::2, 1::2] << 3
    return tuple("".join(QUADRANTS[cell] for cell in row) for row in cells.tolist())
