"""Tiles show every part of a picture, and every small face whole at a scale at which it is found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain import Box
from monitor.vision.detection.tiles import LONG, SHORT, Tile, near, small_tiles, whole

SIZES = [(640, 480), (1280, 720), (1920, 1080), (3840, 2160), (480, 640), (4096, 700)]


def shows(tile: Tile, box: Box) -> bool:
    across = tile.left <= box.left and box.right <= tile.right
    return across and tile.top <= box.top and box.bottom <= tile.bottom


@pytest.mark.parametrize("size", SIZES)
def test_every_face_from_40_pixels_is_at_least_22_pixels_wide_in_one_tile_that_shows_it_whole(
    size: tuple[int, int],
) -> None:
    tiles = [whole(*size), *small_tiles(*size)]
    rng = np.random.default_rng(1)
    for width in rng.uniform(40, min(size) / 2, 400):
        box = Box(rng.uniform(0, size[0] - width), rng.uniform(0, size[1] - width), width, width)
        assert any(shows(tile, box) and 22 <= width * tile.scale <= 160 for tile in tiles)


@given(st.integers(1, 5000), st.integers(1, 5000))
def test_tiles_lie_in_the_picture_and_fit_into_the_network(width: int, height: int) -> None:
    for tile in (whole(width, height), *small_tiles(width, height)):
        assert 0 <= tile.left < tile.right <= width
        assert 0 <= tile.top < tile.bottom <= height
        sides = sorted(round(side * tile.scale) for side in (tile.width, tile.height))
        assert sides[0] <= SHORT
        assert sides[1] <= LONG


def test_a_picture_that_fits_into_the_network_needs_no_tiles() -> None:
    assert small_tiles(320, 240) == []


def test_a_tile_around_a_face_shows_its_surroundings_as_far_as_there_are_any() -> None:
    tile = near(Box(600, 200, 40, 40), 640, 480)
    assert tile is not None
    assert (tile.left, tile.right, tile.top, tile.bottom) == (556, 640, 156, 284)
    assert near(Box(700, 200, 20, 20), 640, 480) is None


@given(st.floats(0, 620), st.floats(0, 460), st.floats(8, 300))
def test_a_tile_around_a_face_fits_into_96_pixels_of_the_network(left: float, top: float, width: float) -> None:
    tile = near(Box(left, top, width, width), 640, 480)
    assert tile is None or round(max(tile.width, tile.height) * tile.scale) <= 96
