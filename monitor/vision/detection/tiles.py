"""Cuts a picture into overlapping tiles of several sizes, so that faces of every size are looked for at their scale.

The network sees faces from about 22 pixels wide surely, on an input of at most 256x192 pixels. The whole picture,
scaled down to it, shows the large faces; each further level of tiles shows faces half as wide, down to 40 pixels.
"""

from dataclasses import dataclass
from math import ceil, log

import numpy as np

from monitor.domain import Box

LONG, SHORT = 256, 192
"""Most input pixels along the longer and the shorter side; on a larger input the network misses large faces."""

_FINEST = 0.6
"""Network pixels to a picture's pixel at which a face 40 pixels wide is 24 pixels wide."""
_STEP = 2.25
"""Most times that one level's scale is the scale of the level before."""
_OVERLAP = 60
"""Network pixels that neighbouring tiles share: a face that the level before does not see fits into one tile."""
_NEAR = 96
"""Side of the input for a tile around one face, in network pixels."""
_NEAR_WIDTH = 30
"""Width of that face on it, in network pixels."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of a picture that is searched at one go, in whole pixels of the picture."""

    left: int
    top: int
    width: int
    height: int
    scale: float
    """Network pixels to one pixel of the picture."""

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height


def whole(width: int, height: int) -> Tile:
    """The picture in one tile, never scaled up."""
    return Tile(0, 0, width, height, min(LONG / max(width, height), SHORT / min(width, height), 1.0))


def small_tiles(width: int, height: int) -> list[Tile]:
    """The tiles that, beside the whole picture, show every face from 40 pixels on; the larger tiles first."""
    coarsest = whole(width, height).scale
    if coarsest >= _FINEST:
        return []
    levels = ceil(log(_FINEST / coarsest) / log(_STEP))
    tiles: list[Tile] = []
    for level in range(1, levels + 1):
        scale = coarsest * (_FINEST / coarsest) ** (level / levels)
        across, down = min(round(LONG / scale), width), min(round(SHORT / scale), height)
        overlap = _OVERLAP / scale
        tiles += [
            Tile(left, top, across, down, scale)
            for top in _starts(height, down, overlap)
            for left in _starts(width, across, overlap)
        ]
    return tiles


def near(box: Box, width: int, height: int) -> Tile | None:
    """A small tile around one face, as far as it lies in the picture; None where too little of it does."""
    scale = _NEAR_WIDTH / max(box.width, box.height, 1.0)
    reach = _NEAR / scale / 2
    x, y = box.centre
    inside = Box(x - reach, y - reach, 2 * reach, 2 * reach).within(width, height)
    left, top = round(inside.left), round(inside.top)
    across, down = round(inside.right) - left, round(inside.bottom) - top
    # Rounding to whole pixels must not make the tile larger than the network's input.
    return Tile(left, top, across, down, min(scale, _NEAR / max(across, down, 1))) if min(across, down) >= 16 else None


def _starts(length: int, side: int, overlap: float) -> list[int]:
    count = 1 if length <= side else ceil((length - side) / max(side - overlap, 1.0)) + 1
    return [round(start) for start in np.linspace(0, length - side, count)]
