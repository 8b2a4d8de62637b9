"""Pictures in pixels: what is written for Kitty and for Sixel says what the terminal is to show."""

import base64
import contextlib
import os
import pty
import re
import select
import subprocess
import sys
import threading
from itertools import pairwise

import cv2
import numpy as np
import pytest
from rich.cells import cell_len

from monitor.domain import Box, RgbImage
from monitor.tui.picture.graphics import (
    PLACEHOLDER,
    VIDEO,
    Graphics,
    answers,
    has_placeholders,
    kitty_sequence,
    kitty_video,
    sixel_still,
    terminal_graphics,
)
from monitor.tui.picture.picture import Mark
from monitor.tui.style.palette import Palette, Tone
from monitor.tui.widgets.thumbnail import Thumbnail
from tests.monitor.tui.desk_keys import at_door
from tests.monitor.world import World, came, lines_of, scene, settle, show_door

PALETTE = Palette((0, 255, 0), (255, 160, 0), (0, 120, 255))
MESSAGE = re.compile(r"\x1b_G([^;\x1b]*)(?:;([^\x1b]*))?\x1b\\")
ROW = re.compile(r'\x1b7\x1bP0;1;0q"1;1;(\d+);(\d+)([^\x1b]*)\x1b\\\x1b8\x1b\[(\d+)C')


def messages(written: str) -> list[tuple[dict[str, str], str]]:
    """Kitty's messages as (keys, payload)."""
    return [(dict(key.split("=") for key in keys.split(",")), payload) for keys, payload in MESSAGE.findall(written)]


def sent_picture(written: str) -> RgbImage:
    """The picture that Kitty would decode."""
    chunks = [(keys, payload) for keys, payload in messages(written) if "m" in keys]
    assert [keys["m"] for keys, _ in chunks] == ["1"] * (len(chunks) - 1) + ["0"]
    assert all(len(payload) <= 4096 for _, payload in chunks)
    assert {key for keys, _ in chunks[1:] for key in keys} <= {"m", "q"}, "Kitty allows no other key in later chunks"
    data = np.frombuffer(base64.b64decode("".join(payload for _, payload in chunks)), np.uint8)
    return np.asarray(cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)


def six_rows(data: str, width: int, height: int) -> RgbImage:
    """A decoder for what the encoder uses of Sixel: registers, repeats, carriage return and new line."""
    picture = np.zeros((-(-height // 6) * 6, width, 3), np.uint8)
    colours: dict[str, tuple[int, ...]] = {}
    x = y = 0
    colour: tuple[int, ...] = ()
    for register, definition, repeat, sixel in re.findall(r"#(\d+)((?:;\d+){4})?|!?(\d*)([?-~$-])", data):
        if register:
            if definition:
                colours[register] = tuple(round(int(one) * 2.55) for one in definition.split(";")[2:])
            colour = colours[register]
        elif sixel == "$":
            x = 0
        elif sixel == "-":
            x, y = 0, y + 6
        else:
            many, bits = int(repeat or 1), ord(sixel) - 0x3F
            for bit in range(6):
                if bits >> bit & 1:
                    picture[y + bit, x : x + many] = colour
            x += many
    return picture[:height]


def test_kitty_gets_the_picture_and_the_place_in_one_drawing() -> None:
    rgb = np.random.default_rng(3).integers(0, 256, (60, 80, 3), np.uint8)
    written = kitty_sequence(rgb, 40, 20, 8)
    assert np.array_equal(sent_picture(written), rgb)
    assert messages(written)[-1][0] == {"a": "p", "U": "1", "i": "40", "c": "20", "r": "8", "q": "2"}
    assert written.startswith("\x1b[?2026h")
    assert written.endswith("\x1b[?2026l")
    assert MESSAGE.sub("", written) == "\x1b[?2026h\x1b[?2026l", "nothing is printed"


def test_the_video_has_boxes_in_pixels_and_names_in_text() -> None:
    rgb = np.full((480, 640, 3), 64, np.uint8)
    strips, data = kitty_video(rgb, 40, 15, [Mark(Box(160, 160, 160, 160), "王 Ada", Tone.KNOWN)], PALETTE)
    picture = sent_picture(data)
    assert picture.shape == (300, 400, 3)
    assert tuple(picture[100, 150]) == (0, 255, 0), "the upper edge of the box"
    assert tuple(picture[150, 150]) == (64, 64, 64)
    assert [strip.cell_length for strip in strips] == [40] * 15
    (named,) = (strip for strip in strips if "Ada" in strip.text)
    assert named.text.count(PLACEHOLDER) == 40 - cell_len(" 王 Ada ")
    assert all(strip.text.count(PLACEHOLDER) == 40 for strip in strips if strip is not named)


def test_every_kind_of_box_is_drawn_differently() -> None:
    rgb = np.full((480, 640, 3), 64, np.uint8)
    grey = Palette((255, 255, 255), (255, 255, 255), (255, 255, 255))
    drawn = {kitty_video(rgb, 40, 15, [Mark(Box(160, 160, 160, 160), "", tone)], grey)[1] for tone in Tone}
    assert len(drawn) == 3


def test_sixel_paints_each_row_of_cells_by_itself() -> None:
    rgb = np.zeros((80, 80, 3), np.uint8)
    rgb[:40] = (255, 0, 0)
    rgb[40:] = (0, 0, 255)
    strips = sixel_still(rgb, 8, 4)
    assert len(strips) == 4
    for row, strip in enumerate(strips):
        assert strip.cell_length == 8
        found = ROW.fullmatch(strip.text)
        assert found is not None
        width, height, data, columns = int(found[1]), int(found[2]), found[3], int(found[4])
        assert columns == 8
        picture = six_rows(data, width, height)
        assert np.abs(picture.astype(int) - ((255, 0, 0) if row < 2 else (0, 0, 255))).max() <= 8


def test_a_row_of_pixels_that_is_partly_covered_is_blank_instead_of_broken() -> None:
    strip = sixel_still(np.full((20, 80, 3), 90, np.uint8), 8, 1)[0]
    assert [part.text for part in strip.divide([3, 8])] == [" " * 3, " " * 5]
    assert strip.divide([8])[0] is strip
    assert strip.crop(2, 6).text == " " * 4


@pytest.mark.parametrize("ascii_only", [False, True])
async def test_the_door_sends_each_picture_once_and_names_it_in_the_cells(world: World, ascii_only: bool) -> None:
    app = world.app(graphics=Graphics.KITTY, ascii_only=ascii_only)
    written: list[str] = []
    app.to_terminal = written.append  # type: ignore[method-assign,assignment]
    async with app.run_test(size=(120, 36)) as pilot:
        shown = scene(world, name="Radia Perlman")
        await show_door(pilot, world, shown, came(world))
        screen = "\n".join(lines_of(app))
        videos = [text for text in written if f"i={VIDEO}," in text]
        portraits = [text for text in written if text not in videos]
        assert (PLACEHOLDER in screen) is not ascii_only
        assert bool(videos) is bool(portraits) is not ascii_only
        assert "Radia Perlman" in screen
        if videos:
            assert sent_picture(videos[-1]).shape == (300, 400, 3)
            before = len(written)
            await pilot.press("f2", "f1")
            await settle(pilot)
            assert len(written) <= before + 2, "a return to the door draws the picture anew, not again and again"


async def test_a_terminal_that_is_behind_gets_the_newest_picture_when_it_has_room(world: World) -> None:
    app = world.app(graphics=Graphics.KITTY)
    behind = False
    app.terminal_is_behind = lambda: behind  # type: ignore[method-assign]
    async with app.run_test(size=(80, 24)) as pilot:
        first, last = scene(world), scene(world, index=2)
        await show_door(pilot, world, first)
        behind = True
        world.kiosk.on_scene(last)
        await pilot.pause(0.2)
        assert world.door.camera.picture is not None
        assert world.door.camera.picture.scene is first
        behind = False
        while world.door.camera.picture.scene is not last:
            await pilot.pause(0.02)


async def test_a_portrait_in_sixel_stands_on_the_screen_once(world: World) -> None:
    async with at_door(world, came(world), shown=scene(world, name="Radia Perlman"), graphics=Graphics.SIXEL) as pilot:
        rows = lines_of(pilot.app)
        portrait = pilot.app.screen.query_one("#portrait", Thumbnail)
        assert sum("\x1bP" in row for row in rows) == portrait.size.height
        assert "▀" in "".join(rows), "the camera picture is drawn in half blocks"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (b"\x1b[?62;4;22c", Graphics.SIXEL),
        (b"\x1b[?62;22;4c", Graphics.SIXEL),
        (b"\x1b[?64;42c", Graphics.BLOCKS),
        (b"\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.41.1)\x1b\\\x1b[?62;22c", Graphics.KITTY),
        (b"\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.26.5)\x1b\\\x1b[?62;22c", Graphics.BLOCKS),
        (b"\x1b_Gi=31;OK\x1b\\\x1bP>|WezTerm 20240203-1\x1b\\\x1b[?65;4;6c", Graphics.SIXEL),
    ],
)
def test_the_terminal_is_asked_what_it_can_do(told: bytes, expected: Graphics) -> None:
    program = (
        "from monitor.tui.picture import graphics; graphics.answers.__defaults__ = (b'', 200.0); "  # of patience
        "print('IT IS', graphics.terminal_graphics().value)"
    )
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color"}
    process = subprocess.Popen([sys.executable, "-c", program], stdin=theirs, stdout=theirs, env=environment)
    os.close(theirs)
    written, answer = b"", told
    with contextlib.suppress(OSError):  # the end of the other side
        while some := os.read(ours, 4096):
            written += some
            if b"\x1b[6n" in some:
                os.write(ours, answer + b"\x1b[1;1R")
                answer = b""
    os.close(ours)
    assert process.wait(200) == 0
    assert f"IT IS {expected.value}".encode() in written


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kitty(0.28.0)", True), ("kitty(0.27.1)", False), ("kitty(1.0)", True), ("ghostty 1.1.3", True),
        ("WezTerm 20240203-110809-5046fc22", False), ("Konsole 24.05.1", False), ("tmux 3.3a", False),
    ],
)  # fmt: skip
def test_only_terminals_with_placeholders_are_given_pictures_in_them(name: str, expected: bool) -> None:
    assert has_placeholders(f"\x1b[?62c\x1bP>|{name}\x1b\\\x1b[3;1R".encode()) is expected


def test_a_terminal_without_a_name_has_no_placeholders() -> None:
    assert not has_placeholders(b"\x1b[?62c\x1b[3;1R")


def test_a_sixel_colour_is_chosen_after_it_was_set() -> None:
    """In xterm, to set one is not to choose it."""
    y, x = np.mgrid[0:120, 0:100]
    row = sixel_still(np.stack([x * 2, y * 2, 255 - x - y], axis=-1).astype(np.uint8), 10, 6)[3].text
    parts = re.findall(r"#(\d+)((?:;\d+){4})?", row)
    chosen_next = [number for (number, colour), (after, _) in pairwise(parts) if colour and number == after]
    assert len(chosen_next) == sum(bool(colour) for _, colour in parts) > 1


def test_no_terminal_is_not_asked() -> None:
    assert terminal_graphics() is Graphics.BLOCKS


def test_a_late_answer_of_the_terminal_is_not_read_as_keys() -> None:
    terminal, app = pty.openpty()
    try:
        late = threading.Thread(
            target=lambda: (os.read(terminal, 16), os.write(terminal, b"\x1b_Gi=1;OK\x1b\\\x1b[?62;4c\x1b[1;1R"))
        )
        late.start()
        taken = answers(app, app, patience=30)
        late.join()
        assert taken.endswith(b"\x1b[1;1R")
        assert select.select([app], [], [], 0)[0] == []
    finally:
        os.close(terminal)
        os.close(app)


def test_a_terminal_that_does_not_answer_is_not_waited_for_for_ever() -> None:
    terminal, app = pty.openpty()
    try:
        assert answers(app, app, patience=0) == b""
        assert os.read(terminal, 16) == b"\x1b[6n"
    finally:
        os.close(terminal)
        os.close(app)
