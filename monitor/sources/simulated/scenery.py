"""The hall in which the simulated people come and go, drawn once, and its changing light."""

import math
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from monitor.domain import RgbImage
from monitor.sources.simulated.choreography import HEIGHT, WIDTH

_FLOOR_TOP = 312
_FINE = 2
"""The hall is drawn this many times larger, then scaled down for smooth edges."""
_NOISE_MARGIN = 64

_FURNITURE = (
    # The skirting board.
    ((196, 190, 176), (0, 304), (640, 312)),
    # The doorway: frame, sky, wall, trees, path, door, and light on the floor.
    ((208, 200, 184), (264, 92), (396, 312)),
    ((112, 148, 160), (274, 102), (386, 312)),
    ((150, 186, 198), (274, 102), (386, 196)),
    ((86, 124, 96), (274, 240), (306, 222), (338, 236), (386, 214), (386, 262), (274, 262)),
    ((150, 140, 122), (274, 258), (386, 312)),
    ((122, 84, 60), (386, 102), (414, 92), (414, 330), (386, 312)),
    ((172, 132, 92), (274, 312), (386, 312), (430, 362), (222, 362)),
    # The window: frame, sky, hills and bars.
    ((214, 208, 194), (44, 84), (176, 232)),
    ((158, 194, 206), (52, 92), (168, 224)),
    ((98, 138, 104), (52, 190), (88, 168), (120, 186), (168, 160), (168, 224), (52, 224)),
    ((214, 208, 194), (107, 92), (113, 224)),
    ((214, 208, 194), (52, 150), (168, 155)),
    # The notice board and its notes.
    ((60, 44, 36), (452, 112), (546, 176)),
    ((226, 190, 112), (458, 118), (540, 170)),
    ((240, 236, 226), (466, 126), (494, 160)),
    ((206, 92, 78), (502, 130), (532, 148)),
    ((92, 140, 150), (502, 153), (532, 163)),
)
"""From the back to the front: a colour and the corners of a polygon, or two opposite corners of a box."""


@lru_cache(maxsize=1)
def hall() -> RgbImage:
    """An entrance hall: uint8 (480, 640, 3). Shared: copy it before drawing on it."""
    canvas = np.zeros((HEIGHT * _FINE, WIDTH * _FINE, 3), np.uint8)
    _wall_and_floor(canvas)
    for colour, *corners in _FURNITURE:
        if len(corners) == 2:
            (left, top), (right, bottom) = corners
            corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        _polygon(canvas, corners, colour)
    _plant(canvas)
    picture = cv2.resize(canvas, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.8), np.uint8)


def light_at(seconds: float, phase: float) -> float:
    """How bright the hall is: clouds pass slowly, and now and then a lamp is off for two seconds."""
    clouds = 0.05 * math.sin(2 * math.pi * seconds / 23 + phase)
    since = (seconds + 3.0 * phase) % 19.0 - 12.0
    dimmed = 0.25 * math.exp(-((since / 1.0) ** 4))
    return 1.0 + clouds - dimmed


@lru_cache(maxsize=4)
def _grain(seed: int) -> tuple[Any, Any]:
    shape = HEIGHT + _NOISE_MARGIN, WIDTH + _NOISE_MARGIN, 3
    grain = np.random.default_rng((seed, 3)).normal(0, 2.2, shape)
    return np.clip(grain, 0, 12).astype(np.uint8), np.clip(-grain, 0, 12).astype(np.uint8)


def through_the_lens(frame: RgbImage, light: float, index: int, seed: int) -> RgbImage:
    """The frame as a sensor delivers it: brighter or darker, with grain that differs from frame to frame."""
    brighter, darker = _grain(seed)
    left, top = (index * 37) % _NOISE_MARGIN, (index * 23) % _NOISE_MARGIN
    part = slice(top, top + HEIGHT), slice(left, left + WIDTH)
    lit = cv2.convertScaleAbs(frame, alpha=light)
    return np.asarray(cv2.subtract(cv2.add(lit, brighter[part]), darker[part]), np.uint8)


def _polygon(canvas: Any, corners: Any, colour: tuple[int, ...]) -> None:
    cv2.fillPoly(canvas, [np.round(np.array(corners) * _FINE * 16).astype(np.int32)], colour, cv2.LINE_AA, 4)


def _wall_and_floor(canvas: Any) -> None:
    down = np.linspace(0, 1, canvas.shape[0])[:, None, None]
    across = np.linspace(-1, 1, canvas.shape[1])[None, :, None]
    top, bottom = np.array([38, 62, 78]), np.array([84, 116, 124])
    canvas[:] = np.clip((top + (bottom - top) * down) * (1.08 - 0.3 * across**2), 0, 255)
    depth = np.linspace(0, 1, (HEIGHT - _FLOOR_TOP) * _FINE, endpoint=False)[:, None, None]
    far, near = np.array([106, 80, 62]), np.array([150, 108, 74])
    canvas[_FLOOR_TOP * _FINE :] = far + (near - far) * depth
    for plank in range(-14, 15):
        ends = np.array([(325 + plank * 34, _FLOOR_TOP), (325 + plank * 110, HEIGHT)]) * _FINE
        cv2.polylines(canvas, [ends], False, (92, 68, 52), 2, cv2.LINE_AA)


def _plant(canvas: Any) -> None:
    foot = np.array([586, 300])
    for degrees in range(-75, 76, 15):
        across, up = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        tip = foot + (92 - abs(degrees) * 0.35) * np.array([across, -up])
        middle, side = (foot + tip) / 2, 7 * np.array([up, across])
        _polygon(canvas, [foot, middle + side, tip, middle - side], (44, 104 + degrees % 30, 66))
    _polygon(canvas, [(562, 296), (610, 296), (602, 346), (570, 346)], (188, 104, 74))
