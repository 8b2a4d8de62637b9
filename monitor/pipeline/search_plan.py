"""Decides where each frame is searched for faces, so that an empty door costs next to nothing.

- Nobody in view: the whole picture where something moved, and every second; small tiles where something moved, two a
  frame; and all of them in turn, within one to five seconds, for who stands still from the beginning.
- Somebody in view: every frame until it is decided who they are, then every third one; the tracker follows between.
- A frame much darker than the ones before is left out: infrared lamps light only every other frame.

Times are seconds on the source's clock.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import Face, RgbImage
from monitor.vision.detection.tiles import Tile, near, small_tiles, whole
from monitor.vision.detector import is_same

_VIEW = 80, 60
"""Width and height of the small picture on which motion is looked for, in pixels."""
_MOVED = 12
"""Least change of a pixel of that picture, of 255: five times the noise of a camera."""
_STILL_EVERY = 1.0
"""Seconds between two searches of the whole picture while nothing moves."""
_FACE_EVERY = 0.2
"""Seconds between two searches of the whole picture while it is known who is in view."""
_SURE_EVERY = 0.09
"""Seconds after a search in which nothing is searched while it is known who is in view."""
_MOST_LEFT_OUT = 2
"""Most frames in a row that are not searched for one reason."""
_LOOK_AFTER = 1.0
"""Seconds after the last face in which every frame is searched."""
_MOST_NEAR = 6
"""Most faces that are searched for one by one, instead of on the whole picture."""
_SEEN_WIDTH = 18.0
"""Width in network pixels from which a search of the whole picture finds nearly every face."""
_LOST = 0.4
"""Seconds for which a small face that a search did not find again is searched for where it was, while somebody turns
their head: turned aside, it is found there more often than on the whole picture."""
_LOST_WIDTH = 1.5 * _SEEN_WIDTH
"""Width in network pixels below which a face is small."""
_MOVED_TILES = 2
"""Small tiles that are searched in a frame where something moved."""
_TILE_TIME = 0.05
"""Seconds of the round over all small tiles for each of them, within `_ROUND`."""
_ROUND = 1.0, 5.0
_LATE = 0.1
"""Seconds between two frames from which the round does not catch up: it must not make late frames later."""
_DARK = 0.5
"""Luminance in proportion to the frame before, below which the light was off."""


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """Where one frame is searched."""

    tiles: tuple[Tile, ...]
    seconds: float
    """When, on the source's clock."""
    everywhere: bool = False
    """The frame is searched like a picture of which nothing is known."""


@dataclass(slots=True)
class SearchPlan:
    """Plans the searches of one source. Used by one thread."""

    every_frame: bool = False
    """Search each frame everywhere: for pictures that need not follow from one another."""
    small: bool = True
    """Whether there are tiles to search: only BlazeFace does."""
    _shape: tuple[int, ...] = ()
    _tiles: list[Tile] = field(default_factory=list)
    _whole: Tile = field(default_factory=lambda: whole(1, 1))
    _view: NDArray[np.uint8] | None = None
    """The small picture at the latest search of the whole frame."""
    _light: float = 0.0
    _dark: int = 0
    _left_out: int = 0
    _due: float = 0.0
    """Small tiles that are due in the round."""
    _turn: int = 0
    _moved_turn: int = 0
    _seconds: float = 0.0
    _searched_at: float = -np.inf
    _whole_at: float = -np.inf
    _face_at: float = -np.inf
    _faces: list[Face] = field(default_factory=list)
    _lost: list[tuple[float, Face]] = field(default_factory=list)
    """Small faces that were not found again while somebody turned their head, and when that was."""
    _settled: bool = False

    def next(self, rgb: RgbImage, seconds: float) -> Search | None:
        """Where to search the next frame; None for nowhere.

        Args:
            rgb: uint8 (h, w, 3); the size may change from frame to frame.
        """
        if rgb.shape != self._shape:
            self._begin(rgb)
        elapsed, self._seconds = max(seconds - self._seconds, 0.0), seconds
        view = np.asarray(cv2.resize(rgb, _VIEW, interpolation=cv2.INTER_NEAREST), np.uint8)
        if self._is_dark(view):
            return None
        if self.every_frame:
            return Search((), seconds, everywhere=True)
        view = np.asarray(cv2.blur(view, (3, 3)), np.uint8)
        tiles = self._for_faces(view, seconds) if seconds - self._face_at < _LOOK_AFTER else self._for_nobody(view)
        if tiles is None:
            self._left_out += 1
            return None
        tiles += self._next_in_round(elapsed)
        if not tiles:
            return None
        self._left_out, self._searched_at = 0, seconds
        if self._whole in tiles:
            self._whole_at, self._view = seconds, view
        return Search(tuple(dict.fromkeys(tiles)), seconds)

    def learn(self, seconds: float, found: list[Face], *, settled: bool, turning: bool = False) -> None:
        """Take in what was found on a frame.

        Args:
            settled: whether it is decided who all of them are, and nothing is in doubt.
            turning: whether somebody is asked to turn their head.
        """
        small = [(seconds, face) for face in self._faces if face.whole_box.width * self._whole.scale < _LOST_WIDTH]
        lost = [one for one in self._lost if seconds - one[0] < _LOST] + (small if turning else [])
        self._lost = [(since, face) for since, face in lost if not any(is_same(face, one) for one in found)]
        self._faces = found
        self._settled = settled and bool(found)
        if found:
            self._face_at = seconds

    def _begin(self, rgb: RgbImage) -> None:
        """Start afresh, at the beginning and where the frames' size changes."""
        height, width = rgb.shape[:2]
        self._shape, self._view, self._light = rgb.shape, None, 0.0
        self._faces, self._lost, self._settled = [], [], False
        self._whole = whole(width, height)
        self._tiles = small_tiles(width, height) if self.small else []
        self._due, self._turn = float(len(self._tiles)), 0

    def _is_dark(self, view: NDArray[np.uint8]) -> bool:
        light = float(view.mean())
        if light < _DARK * self._light and self._dark < _MOST_LEFT_OUT:
            self._dark += 1
            return True
        self._light, self._dark = light, 0
        return False

    def _for_nobody(self, view: NDArray[np.uint8]) -> list[Tile]:
        moved = self._moved(view)
        due = moved.any() or self._seconds - self._whole_at >= _STILL_EVERY
        return ([self._whole] if due else []) + self._where(moved, _MOVED_TILES)

    def _for_faces(self, view: NDArray[np.uint8], seconds: float) -> list[Tile] | None:
        if self._settled and self._left_out < _MOST_LEFT_OUT and seconds - self._searched_at < _SURE_EVERY:
            return None
        few = self._settled and len(self._faces) <= _MOST_NEAR and self.small
        everywhere = not few or seconds - self._whole_at >= _FACE_EVERY
        boxes = [face.whole_box for face in self._faces]
        if everywhere:
            boxes = [box for box in boxes if box.width * self._whole.scale < _SEEN_WIDTH] if self.small else []
        boxes += [face.whole_box for _, face in self._lost] if self.small else []
        around = [tile for box in boxes if (tile := near(box, self._shape[1], self._shape[0]))]
        if not everywhere:
            return around
        return [self._whole, *around, *self._where(self._moved(view), 1)]

    def _moved(self, view: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Where the picture has changed since the whole of it was searched: bool (60, 80)."""
        if self._view is None:
            return np.ones(view.shape[:2], bool)
        return np.asarray(cv2.absdiff(view, self._view).max(axis=2) > _MOVED)

    def _where(self, moved: NDArray[np.bool_], most: int) -> list[Tile]:
        """Small tiles in which something moved, other ones in each frame."""
        if not self._tiles or not moved.any():
            return []
        across, down = _VIEW[0] / self._shape[1], _VIEW[1] / self._shape[0]
        chosen: list[Tile] = []
        for _ in range(len(self._tiles)):
            tile = self._tiles[self._moved_turn % len(self._tiles)]
            self._moved_turn += 1
            rows = slice(int(tile.top * down), int(tile.bottom * down) + 1)
            if moved[rows, int(tile.left * across) : int(tile.right * across) + 1].any():
                chosen.append(tile)
            if len(chosen) == most:
                break
        return chosen

    def _next_in_round(self, elapsed: float) -> list[Tile]:
        """Small tiles that are due by now, whatever moves."""
        if not self._tiles:
            return []
        length = min(max(_TILE_TIME * len(self._tiles), _ROUND[0]), _ROUND[1])
        self._due = min(self._due + min(elapsed, _LATE) * len(self._tiles) / length, float(len(self._tiles)))
        count = int(self._due)
        self._due -= count
        first, self._turn = self._turn, (self._turn + count) % len(self._tiles)
        return [self._tiles[(first + n) % len(self._tiles)] for n in range(count)]
