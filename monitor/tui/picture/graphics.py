"""Real pixels in terminals that have them: Kitty's graphics protocol, and Sixel.

Kitty (https://sw.kovidgoyal.net/kitty/graphics-protocol): the picture is sent under a number, and the cells that
show it hold placeholder characters whose colour is that number. The cells stay as they are while picture after
picture is sent, so the event loop has nothing to draw, and text may stand between them.

Sixel (DEC STD 070): pixels are painted from the cursor on. Every row of cells is an image of its own, so that a row
which something else had covered can be drawn again alone. Encoding takes a hundred times as long as Kitty's, which
is too long for a video; portraits only.
"""

import base64
import os
import re
import select
import sys
import termios
import time
import tty
from collections.abc import Iterable, Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import cycle

import cv2
import numpy as np
from PIL import Image
from rich.cells import cell_len
from rich.color import Color
from rich.console import Console
from rich.segment import ControlType, Segment
from rich.style import Style
from textual import constants
from textual.strip import Strip

from monitor.domain import RgbImage
from monitor.tui.picture.kitty_marks import placeholder_marks
from monitor.tui.picture.picture import Mark, draw_box, place_texts
from monitor.tui.style.palette import Palette

VIDEO = 32
"""Kitty's image number of the camera picture. Numbers from 16 to 255 are also colours of the fixed palette."""
PORTRAITS = cycle(range(VIDEO + 1, 256))
"""Image numbers of the portraits."""
LARGEST = 400
"""Width in pixels with which a picture is sent; the terminal enlarges it. 15 pictures a second are some 2 MB."""
CHUNK = 4096
"""Bytes of base64 that Kitty takes in one message."""
PLACEHOLDER = "\U0010eeee"
COLOUR = re.compile(r"#(\d+);2;\d+;\d+;\d+")
"""Sixel's definition of a colour register, which xterm does not select: that takes another command."""
ROW_PIXELS = 32
"""Height of a cell in pixels, before the Sixel encoder scales it to the terminal's real height."""
SIXEL_START = "\x1bP"
NO_ANSWER = {"linux", "dumb", "unknown", ""}
"""Terminals (TERM) that must not be asked: they might print the question."""
QUESTIONS = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>q\x1b[c"
"""Asks for Kitty's graphics, for the terminal's name and version (XTVERSION) and for its attributes (DA1)."""
KITTY_OK = b"\x1b_Gi=31;OK"
SIXEL = re.compile(rb"\x1b\[\?\d+(?:;\d+)*;4[;c]")
NAME = re.compile(rb"\x1bP>\|(\w+)[ (](\d+)\.(\d+)")
PLACEHOLDERS_SINCE = (0, 28)
"""Kitty's first version with placeholder characters."""
CURSOR = re.compile(rb"\x1b\[\d+;\d+R")
"""A terminal's answer to where its cursor is."""


class Graphics(StrEnum):
    """How pictures reach the terminal."""

    BLOCKS = "blocks"
    """As characters: half blocks, or letters with `--ascii`."""
    KITTY = "kitty"
    SIXEL = "sixel"


def terminal_graphics() -> Graphics:
    """Asks the terminal how it can show pictures; not while an app reads the keys, because the answer comes as keys."""
    keys, screen = sys.__stdin__, sys.__stdout__
    if keys is None or screen is None or not keys.isatty() or not screen.isatty():
        return Graphics.BLOCKS
    if os.environ.get("TERM", "") in NO_ANSWER:
        return Graphics.BLOCKS
    told = answers(keys.fileno(), screen.fileno(), QUESTIONS)
    if KITTY_OK in told and has_placeholders(told):
        found = Graphics.KITTY
    elif SIXEL.search(told):
        found = Graphics.SIXEL
    else:
        return Graphics.BLOCKS
    import textual_image.renderable  # noqa: F401 - it asks when it is imported, too hastily; better now than later

    answers(keys.fileno(), screen.fileno())
    return found


def has_few_colours() -> bool:
    """Whether the app will draw with 16 colours."""
    chosen = Console(color_system=constants.COLOR_SYSTEM, force_terminal=True)  # type: ignore[arg-type]
    return chosen.color_system == "standard"


def has_placeholders(name: bytes) -> bool:
    """Whether this terminal puts a picture where placeholder characters stand; others that know Kitty's pictures,
    such as WezTerm, Konsole and Kitty before 0.28, print the characters.

    Args:
        name: the terminal's answer to `QUESTIONS`, such as `ESC P > | kitty(0.41.1) ESC \\`.
    """
    found = NAME.search(name)
    if found is None:
        return False
    who, major, minor = found[1].lower(), int(found[2]), int(found[3])
    return who == b"ghostty" or (who == b"kitty" and (major, minor) >= PLACEHOLDERS_SINCE)


def answers(keys: int, screen: int, question: bytes = b"", patience: float = 1.0) -> bytes:
    """The terminal's answers to a question and to earlier ones; unread, the app would take them for keys.

    Terminals answer in order, and every one says where its cursor is: with that answer all are there.

    Args:
        keys, screen: file descriptors of the terminal.
        patience: seconds, for a terminal that does not answer at all.
    """
    before = termios.tcgetattr(keys)
    tty.setcbreak(keys, termios.TCSANOW)
    try:
        os.write(screen, question + b"\x1b[6n")
        taken, end = b"", time.monotonic() + patience
        while not CURSOR.search(taken) and select.select([keys], [], [], max(end - time.monotonic(), 0))[0]:
            taken += os.read(keys, 1024)
    finally:
        termios.tcsetattr(keys, termios.TCSANOW, before)
    return taken


# Kitty


def kitty_sequence(rgb: RgbImage, number: int, columns: int, rows: int) -> str:
    """The escape sequence that shows a picture in the placeholders of this number; it does not move the cursor.

    Args:
        rgb: uint8 (h, w, 3).
        columns, rows: cells that it is stretched to.
    """
    level = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY]
    _, png = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), level)
    payload = base64.b64encode(png.data).decode("ascii")
    chunks = [payload[at : at + CHUNK] for at in range(0, len(payload), CHUNK)]
    keys = [f"a=t,f=100,i={number},q=2,", *["q=2,"] * (len(chunks) - 1)]
    sent = [
        f"\x1b_G{key}m={int(at < len(chunks))};{chunk}\x1b\\"
        for at, (key, chunk) in enumerate(zip(keys, chunks, strict=True), 1)
    ]
    # A new picture under a known number removes the old one and its place: both come back in one drawing.
    place = f"\x1b_Ga=p,U=1,i={number},c={columns},r={rows},q=2\x1b\\"
    return "".join(["\x1b[?2026h", *sent, place, "\x1b[?2026l"])


def kitty_forget() -> str:
    """The escape sequence that frees all pictures in the terminal's memory."""
    return "".join(f"\x1b_Ga=d,d=I,i={number},q=2\x1b\\" for number in range(VIDEO, 256))


@lru_cache(maxsize=16)
def placeholders(number: int, columns: int, rows: int) -> tuple[tuple[Segment, ...], ...]:
    """The cells that show a picture, one segment each, so that they may be covered one by one."""
    marks = placeholder_marks()
    style = Style(color=Color.from_ansi(number))
    columns, rows = min(columns, len(marks)), min(rows, len(marks))
    return tuple(
        tuple(Segment(PLACEHOLDER + chr(marks[row]) + chr(marks[column]), style) for column in range(columns))
        for row in range(rows)
    )


def kitty_video(
    rgb: RgbImage, columns: int, rows: int, marks: Sequence[Mark], palette: Palette
) -> tuple[list[Strip], str]:
    """The camera picture with its boxes in pixels and its names in text.

    Args:
        rgb: uint8 (h, w, 3).
        columns, rows: size in cells (see `picture.fit`).
        marks: boxes in pixels of `rgb`.

    Returns:
        One strip per row, and the escape sequence that the terminal must get before them.
    """
    cells = placeholders(VIDEO, columns, rows)
    texts = place_texts(marks, (columns / rgb.shape[1], rows * 2 / rgb.shape[0]), columns, rows, palette)
    strips = [Strip(_with_texts(line, texts.get(row, ())), len(line)) for row, line in enumerate(cells)]
    scale = min(1.0, LARGEST / rgb.shape[1])
    size = round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)
    # Five bits a channel: the noise below costs half of what is sent and is not seen.
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA) & np.uint8(0xF8)
    for mark in marks:
        draw_box(small, mark, (scale, scale), palette.of(mark.tone), pen=2)
    return strips, kitty_sequence(small, VIDEO, columns, rows)


def _with_texts(cells: Sequence[Segment], texts: Sequence[tuple[int, str, Style]]) -> list[Segment]:
    line: list[Segment] = []
    at = 0
    for start, text, style in texts:
        line += [*cells[at:start], Segment(text, style)]
        at = start + cell_len(text)
    return [*line, *cells[at:]]


# Still pictures


def kitty_still(rgb: RgbImage, number: int, columns: int, rows: int) -> tuple[list[Strip], str]:
    """A portrait as strips, and the escape sequence that the terminal must get before them."""
    lines = placeholders(number, columns, rows)
    return [Strip(line, len(line)) for line in lines], kitty_sequence(rgb, number, columns, rows)


class SixelLine(Strip):
    """A row of pixels as wide as its cells; it is whole, or blank where something covers a part of it."""

    __slots__ = ()

    def crop(self, start: int, end: int | None = None) -> Strip:
        end = self.cell_length if end is None else min(self.cell_length, end)
        return self if start <= 0 and end == self.cell_length else Strip.blank(max(0, end - max(0, start)))

    def divide(self, cuts: Iterable[int]) -> Sequence[Strip]:
        ends = [cut for cut in cuts if cut <= self.cell_length]
        return [self.crop(start, end) for start, end in zip([0, *ends], ends, strict=False)]


def sixel_still(rgb: RgbImage, columns: int, rows: int) -> list[Strip]:
    """A portrait as strips that paint pixels; needs some 20 ms, so not on the event loop.

    Args:
        rgb: uint8 (h, w, 3).
        columns, rows: size in cells (see `picture.fit`).
    """
    from textual_image.renderable.sixel import Image as Sixel

    console = Console(width=columns, height=2)
    large = cv2.resize(rgb, (columns * ROW_PIXELS // 2, rows * ROW_PIXELS), interpolation=cv2.INTER_AREA)
    strips: list[Strip] = []
    for row in range(rows):
        pixels = Image.fromarray(large[row * ROW_PIXELS : (row + 1) * ROW_PIXELS])
        drawn = console.render(Sixel(pixels, width=columns, height=1), console.options)
        data = next(segment.text for segment in drawn if segment.text.startswith(SIXEL_START))
        data = data.replace("0;0;0q", "0;1;0q", 1)  # what lies below the row stays, wherever its last band ends
        data = COLOUR.sub(r"\g<0>#\1", data)
        # Back to where the row began, then past it: the cells that follow expect the cursor there.
        text = f"\x1b7{data}\x1b8\x1b[{columns}C"
        strips.append(SixelLine([Segment(text, None, [(ControlType.CURSOR_FORWARD, 0)])], columns))
    return strips
