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
"""Drawn this many times larger, then scaled down for smooth edges."""

_NOISE_MARGIN = 64


@lru_cache(maxsize=1)
def hall() -> RgbImage:
    """An entrance hall: uint8 (480, 640, 3). Shared: copy it before drawing on it."""
    canvas = np.zeros((HEIGHT * _FINE, WIDTH * _FINE, 3), np.uint8)
    _wall(canvas)
    _floor(canvas)
    _doorway(canvas)
    _window(canvas)
    _plant(canvas)
    _notice_board(canvas)
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


def _shape(canvas: Any, points: list[tuple[float, float]], colour: tuple[float, float, float]) -> None:
    corners = np.round(np.array(points) * _FINE * 16).astype(np.int32)
    cv2.fillPoly(canvas, [corners], colour, cv2.LINE_AA, 4)


def _box(canvas: Any, left: float, top: float, right: float, bottom: float, colour: tuple[float, float, float]) -> None:
    _shape(canvas, [(left, top), (right, top), (right, bottom), (left, bottom)], colour)


def _wall(canvas: Any) -> None:
    down = np.linspace(0, 1, canvas.shape[0])[:, None, None]
    across = np.linspace(-1, 1, canvas.shape[1])[None, :, None]
    top, bottom = np.array([38, 62, 78]), np.array([84, 116, 124])
    canvas[:] = np.clip((top + (bottom - top) * down) * (1.08 - 0.3 * across**2), 0, 255)


def _floor(canvas: Any) -> None:
    rows = np.arange(_FLOOR_TOP, HEIGHT, 1 / _FINE)
    depth = (rows - _FLOOR_TOP) / (HEIGHT - _FLOOR_TOP)
    near, far = np.array([150, 108, 74]), np.array([106, 80, 62])
    band = far + (near - far) * depth[:, None]
    canvas[_FLOOR_TOP * _FINE :] = band[:, None, :].astype(np.uint8)
    for plank in range(-14, 15):
        start, end = 325 + plank * 34, 325 + plank * 110
        ends = (start * _FINE, _FLOOR_TOP * _FINE), (end * _FINE, HEIGHT * _FINE)
        cv2.line(canvas, *ends, (92, 68, 52), 2, cv2.LINE_AA)
    _box(canvas, 0, _FLOOR_TOP - 8, WIDTH, _FLOOR_TOP, (196, 190, 176))


def _doorway(canvas: Any) -> None:
    _box(canvas, 264, 92, 396, _FLOOR_TOP, (208, 200, 184))
    _box(canvas, 274, 102, 386, _FLOOR_TOP, (112, 148, 160))
    _box(canvas, 274, 102, 386, 196, (150, 186, 198))
    _shape(canvas, [(274, 240), (306, 222), (338, 236), (386, 214), (386, 262), (274, 262)], (86, 124, 96))
    _box(canvas, 274, 258, 386, _FLOOR_TOP, (150, 140, 122))
    _shape(canvas, [(386, 102), (414, 92), (414, 330), (386, _FLOOR_TOP)], (122, 84, 60))
    _shape(canvas, [(274, _FLOOR_TOP), (386, _FLOOR_TOP), (430, 362), (222, 362)], (172, 132, 92))


def _window(canvas: Any) -> None:
    _box(canvas, 44, 84, 176, 232, (214, 208, 194))
    _box(canvas, 52, 92, 168, 224, (158, 194, 206))
    _shape(canvas, [(52, 190), (88, 168), (120, 186), (168, 160), (168, 224), (52, 224)], (98, 138, 104))
    _box(canvas, 107, 92, 113, 224, (214, 208, 194))
    _box(canvas, 52, 150, 168, 155, (214, 208, 194))


def _plant(canvas: Any) -> None:
    for angle in range(-75, 76, 15):
        length = 92 - abs(angle) * 0.35
        tip = 586 + length * math.sin(math.radians(angle)), 300 - length * math.cos(math.radians(angle))
        side = 7 * math.cos(math.radians(angle)), 7 * math.sin(math.radians(angle))
        middle = (586 + tip[0]) / 2, (300 + tip[1]) / 2
        green = (44.0, 104.0 + (angle % 30), 66.0)
        leaf = [
            (586.0, 300.0),
            (middle[0] + side[0], middle[1] + side[1]),
            tip,
            (middle[0] - side[0], middle[1] - side[1]),
        ]
        _shape(canvas, leaf, green)
    _shape(canvas, [(562, 296), (610, 296), (602, 346), (570, 346)], (188, 104, 74))


def _notice_board(canvas: Any) -> None:
    _box(canvas, 452, 112, 546, 176, (60, 44, 36))
    _box(canvas, 458, 118, 540, 170, (226, 190, 112))
    _box(canvas, 466, 126, 494, 160, (240, 236, 226))
    _box(canvas, 502, 130, 532, 148, (206, 92, 78))
    _box(canvas, 502, 153, 532, 163, (92, 140, 150))
