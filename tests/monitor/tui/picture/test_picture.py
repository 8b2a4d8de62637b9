"""The picture in cells."""

import numpy as np
import pytest
from rich.cells import cell_len

from monitor.domain import Box
from monitor.tui.picture.picture import GREYS, Mark, fit, in_greys, paint, paint_ascii
from monitor.tui.style.palette import Palette, Tone

PALETTE = Palette((0, 255, 0), (255, 160, 0), (0, 120, 255))


@pytest.mark.parametrize(("columns", "rows", "expected"), [(80, 30, (80, 30)), (80, 10, (27, 10)), (10, 40, (10, 4))])
def test_the_picture_keeps_its_proportions(columns: int, rows: int, expected: tuple[int, int]) -> None:
    assert fit(640, 480, columns, rows) == expected


def test_a_row_of_one_colour_is_one_run() -> None:
    strips = paint(np.full((48, 64, 3), 128, np.uint8), 40, 10, [], PALETTE)
    assert [len(strip) for strip in strips] == [1] * 10
    assert all(strip.cell_length == 40 for strip in strips)


def test_upper_and_lower_pixel_of_a_cell_have_their_own_colour() -> None:
    rgb = np.zeros((2, 4, 3), np.uint8)
    rgb[0] = (255, 0, 0)
    (strip,) = paint(rgb, 4, 1, [], PALETTE)
    (segment,) = strip
    assert segment.text == "▀▀▀▀"
    assert segment.style is not None
    assert segment.style.color is not None
    assert segment.style.color.get_truecolor().red == 255
    assert segment.style.bgcolor is not None
    assert segment.style.bgcolor.get_truecolor().red == 0


@pytest.mark.parametrize(
    "box",
    [Box(20, 20, 10, 10), Box(-50, -50, 20, 20), Box(600, 400, 200, 200), Box(0, 0, 640, 480), Box(639, 479, 1, 1)],
)
@pytest.mark.parametrize("tone", list(Tone))
def test_a_box_anywhere_leaves_every_line_as_wide_as_it_was(box: Box, tone: Tone) -> None:
    rgb = np.zeros((480, 640, 3), np.uint8)
    for strips in (
        paint(rgb, 40, 15, [Mark(box, "王小明 happy", tone)], PALETTE),
        paint_ascii(rgb, 40, 15, [Mark(box, "王小明 hæppy", tone)]),
    ):
        assert [sum(cell_len(segment.text) for segment in strip) for strip in strips] == [40] * 15


def test_two_names_beside_each_other_are_both_whole() -> None:
    marks = [
        Mark(Box(100, 100, 60, 60), "Ada Lovelace", Tone.KNOWN),
        Mark(Box(130, 100, 60, 60), "Alan Turing", Tone.KNOWN),
    ]
    black = np.zeros((480, 640, 3), np.uint8)
    for strips in (paint(black, 60, 22, marks, PALETTE), paint_ascii(black, 60, 22, marks)):
        text = "\n".join(strip.text for strip in strips)
        assert "Ada Lovelace" in text
        assert "Alan Turing" in text


def test_with_16_colours_a_picture_is_of_its_greys_and_as_bright_as_it_was() -> None:
    ramp = np.repeat(np.linspace(0, 255, 256).astype(np.uint8)[None, :, None], 64, axis=0).repeat(3, axis=2)
    drawn = in_greys(ramp)
    assert set(np.unique(drawn)) == set(GREYS)
    for start in range(0, 256, 32):
        assert abs(float(drawn[:, start : start + 32].mean()) - float(ramp[:, start : start + 32].mean())) < 4


def test_the_three_kinds_of_box_differ_without_colour() -> None:
    grey = Palette((255, 255, 255), (255, 255, 255), (255, 255, 255))
    rgb = np.zeros((480, 640, 3), np.uint8)
    shapes = {
        tone: "\n".join(strip.text for strip in paint(rgb, 64, 24, [Mark(Box(200, 100, 200, 200), "", tone)], grey))
        + str(
            [
                [str(segment.style) for segment in strip]
                for strip in paint(rgb, 64, 24, [Mark(Box(200, 100, 200, 200), "", tone)], grey)
            ]
        )
        for tone in Tone
    }
    assert len(set(shapes.values())) == 3
