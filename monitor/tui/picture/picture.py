"""The camera picture as terminal cells: two pixels a cell, few colours, equal neighbours merged.

All of it runs in a worker thread, down to the escape sequences, so the event loop only copies finished lines.
Colours are quantised to 16 levels a channel: that bounds the styles (cached for ever) and keeps runs long.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from monitor.domain import Box, RgbImage
from monitor.tui.style.palette import Palette, Tone

RAMP = " .:-=+*#%@"
"""Brightness without colour or block characters."""
GREYS = np.array([0, 85, 170, 255], np.uint8)
"""Black, white and the greys among the 16 colours of a terminal, as Rich knows them."""
DITHER = np.array([[1, 9, 3, 11], [13, 5, 15, 7], [4, 12, 2, 10], [16, 8, 14, 6]]) / 17
"""Bayer's matrix: how far between two greys a pixel must be to get the brighter one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A box on the picture with a line of text."""

    box: Box
    """Pixels of the frame."""
    text: str
    """Printable text (see `style.text.clean`)."""
    tone: Tone


def fit(width: int, height: int, columns: int, rows: int) -> tuple[int, int]:
    """The largest (columns, rows) that keep the picture's proportions; a cell is twice as high as wide."""
    scale = min(columns / width, rows * 2 / height)
    return max(1, min(columns, round(width * scale))), max(1, min(rows, round(height * scale / 2)))


def paint(rgb: RgbImage, columns: int, rows: int, marks: Sequence[Mark], palette: Palette) -> list[Strip]:
    """The picture in half blocks.

    Args:
        rgb: uint8 (h, w, 3).
        columns, rows: size in cells; the picture is stretched to it (see `fit`).
        marks: boxes in pixels of `rgb`.
        palette: colours of the boxes.

    Returns:
        One strip of `columns` cells per row.
    """
    small = cv2.resize(rgb, (columns, rows * 2), interpolation=cv2.INTER_AREA)
    codes = _codes(in_greys(small) if palette.greys else small)
    scale = columns / rgb.shape[1], rows * 2 / rgb.shape[0]
    for mark in marks:
        draw_box(codes, mark, scale, _code(palette.of(mark.tone)))
    texts = place_texts(marks, scale, columns, rows, palette)
    return [_strip(codes[2 * row], codes[2 * row + 1], texts.get(row, ())) for row in range(rows)]


def paint_ascii(rgb: RgbImage, columns: int, rows: int, marks: Sequence[Mark]) -> list[Strip]:
    """The picture as `paint` makes it, for terminals without colours or block characters: brightness as letters."""
    small = cv2.resize(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), (columns, rows), interpolation=cv2.INTER_AREA)
    chars = np.array(list(RAMP), object)[(small.astype(np.uint16) * len(RAMP)) >> 8]
    scale = columns / rgb.shape[1], rows / rgb.shape[0]
    for mark in marks:
        left, top, right, bottom = edges(mark.box, scale, columns, rows)
        chars[top, left : right + 1] = chars[bottom, left : right + 1] = "-"
        chars[top : bottom + 1, left] = chars[top : bottom + 1, right] = "|"
    for row, texts in place(marks, (scale[0], 2 * scale[1]), columns, rows).items():
        for start, text, _ in texts:
            chars[row, start : start + cell_len(text)] = _in_cells(text)
    return [Strip([Segment("".join(line))], columns) for line in chars]


def in_greys(rgb: RgbImage) -> RgbImage:
    """A uint8 (h, w, 3) image in four greys."""
    height, width = rgb.shape[:2]
    between = np.interp(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), GREYS, range(len(GREYS)))
    tiled = np.tile(DITHER, (height // 4 + 1, width // 4 + 1))[:height, :width]
    return np.repeat(GREYS[(between + tiled).astype(int).clip(0, 3)][..., None], 3, axis=2)


def _in_cells(text: str) -> list[str]:
    """A text cell by cell: nothing stands in the second one of a wide letter, and marks join the letter before."""
    cells: list[str] = []
    for char in text:
        width = cell_len(char)
        if width:
            cells += [char, *[""] * (width - 1)]
        else:
            cells[-1] += char
    return cells


def _codes(small: RgbImage) -> NDArray[np.int32]:
    """12-bit colours, 4 bits a channel, of a uint8 (h, w, 3) image."""
    levels = np.minimum(small.astype(np.int32) + 8, 255) >> 4
    codes: NDArray[np.int32] = (levels[..., 0] << 8) | (levels[..., 1] << 4) | levels[..., 2]
    return codes


def _code(rgb: tuple[int, int, int]) -> int:
    red, green, blue = (min(level + 8, 255) >> 4 for level in rgb)
    return red << 8 | green << 4 | blue


@lru_cache(maxsize=4096)
def _colour(code: int) -> Color:
    return Color.from_rgb((code >> 8) * 17, (code >> 4 & 15) * 17, (code & 15) * 17)


@lru_cache(maxsize=65536)
def _style(upper: int, lower: int) -> Style:
    return Style(color=_colour(upper), bgcolor=_colour(lower))


def edges(box: Box, scale: tuple[float, float], columns: int, rows: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom on the small grid, all inside it."""
    left, right = (min(max(round(x * scale[0]), 0), columns - 1) for x in (box.left, box.right))
    top, bottom = (min(max(round(y * scale[1]), 0), rows - 1) for y in (box.top, box.bottom))
    return left, top, right, bottom


def draw_box(
    grid: NDArray[np.integer], mark: Mark, scale: tuple[float, float], ink: int | tuple[int, int, int], pen: int = 1
) -> None:
    """Draw a full frame for a known face, a dashed one for an unknown, corners while it is being decided.

    Args:
        grid: colour codes (h, w) or RGB (h, w, 3); is drawn into.
        pen: thickness of the lines in pixels of the grid.
    """
    height, width = grid.shape[:2]
    left, top, right, bottom = edges(mark.box, scale, width, height)
    across, down = np.arange(left, right + 1), np.arange(top, bottom + 1)
    if mark.tone is Tone.UNKNOWN:
        dash = 2 * pen * pen
        across, down = across[(across - left) // dash % 2 == 0], down[(down - top) // dash % 2 == 0]
    elif mark.tone is Tone.DECIDING:
        arm = max(2, len(across) // 4)
        across = np.r_[across[:arm], across[-arm:]]
        down = np.r_[down[:arm], down[-arm:]]
    for inset in range(pen):
        grid[min(top + inset, bottom), across] = grid[max(bottom - inset, top), across] = ink
        grid[down, min(left + inset, right)] = grid[down, max(right - inset, left)] = ink


def place_texts(
    marks: Sequence[Mark], scale: tuple[float, float], columns: int, rows: int, palette: Palette
) -> dict[int, list[tuple[int, str, Style]]]:
    """Texts by row as (first column, text, style)."""
    return {
        row: [(start, text, _text_style(palette.of(tone))) for start, text, tone in texts]
        for row, texts in place(marks, scale, columns, rows).items()
    }


def place(
    marks: Sequence[Mark], scale: tuple[float, float], columns: int, rows: int
) -> dict[int, list[tuple[int, str, Tone]]]:
    """Texts by row as (first column, text, tone): above their box if there is room, else below or in it.

    Args:
        scale: cells per pixel across, and half cells per pixel down.
    """
    placed: dict[int, list[tuple[int, str, Tone]]] = {}
    for mark in sorted(marks, key=lambda mark: mark.box.left):
        text = f" {mark.text} " if mark.text else ""
        width = cell_len(text)
        if not text or width > columns:
            continue
        left, top, _, bottom = edges(mark.box, scale, columns, rows * 2)
        start = min(left, columns - width)
        for row in (top // 2 - 1, bottom // 2 + 1, top // 2 + 1):
            taken = placed.setdefault(row, [])
            if 0 <= row < rows and all(start >= at + cell_len(other) or at >= start + width for at, other, _ in taken):
                taken.append((start, text, mark.tone))
                taken.sort(key=lambda item: item[0])
                break
    return placed


@lru_cache(maxsize=64)
def _text_style(rgb: tuple[int, int, int]) -> Style:
    red, green, blue = rgb
    ink = (0, 0, 0) if 0.3 * red + 0.6 * green + 0.1 * blue > 120 else (255, 255, 255)
    return Style(color=Color.from_rgb(*ink), bgcolor=Color.from_rgb(*rgb), bold=True)


def _strip(upper: NDArray[np.int32], lower: NDArray[np.int32], texts: Sequence[tuple[int, str, Style]]) -> Strip:
    segments: list[Segment] = []
    at = 0
    for start, text, style in texts:
        _append_runs(segments, upper[at:start], lower[at:start])
        segments.append(Segment(text, style))
        at = start + cell_len(text)
    _append_runs(segments, upper[at:], lower[at:])
    return Strip(segments, len(upper))


def _append_runs(segments: list[Segment], upper: NDArray[np.int32], lower: NDArray[np.int32]) -> None:
    if not len(upper):
        return
    pairs = upper << 12 | lower
    starts = np.flatnonzero(np.diff(pairs, prepend=-1))
    lengths = np.diff(starts, append=len(pairs)).tolist()
    for pair, length in zip(pairs[starts].tolist(), lengths, strict=True):
        above, below = pair >> 12, pair & 0xFFF
        segments.append(Segment((" " if above == below else "▀") * length, _style(above, below)))
