"""People as cut-outs: heads from the ORL images, tinted and cut to an oval, and drawn bodies."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import RgbImage
from monitor.sources.simulated.choreography import Pose
from monitor.sources.simulated.people import Portrait, grey_image
from monitor.sources.simulated.truth import face_unit, head_half_widths, squash

UNIT = 100
"""Pixels of a cut-out per width of a face."""

_HEAD_SIZE = 170, 230
_HEAD_EYES = 85.0, 108.0

_BODY_UNIT = 50
_BODY_SIZE = 200, 460
_BODY_EYES = 100.0, 40.0

_SKIN = (
    (0, 16, 13, 14),
    (60, 74, 51, 42),
    (110, 140, 97, 78),
    (160, 200, 156, 131),
    (210, 240, 207, 185),
    (255, 255, 243, 230),
)
"""Grey values, and the red, green and blue by which each is replaced."""

_CLOTHES = (
    (46, 94, 138), (176, 71, 62), (58, 120, 92), (222, 168, 74), (98, 80, 140),
    (62, 72, 88), (196, 196, 188), (180, 96, 120), (72, 138, 146), (122, 84, 60),
)  # fmt: skip


Outline: TypeAlias = tuple[tuple[float, float], ...]
"""Corners in widths of a face, from the middle of the eyes."""

_TROUSERS: Outline = ((0.0, 5.2), (0.08, 8.2), (0.72, 8.2), (0.85, 4.2))
_NECK: Outline = ((0.40, 1.6), (0.34, 0.3))
_SHIRT: Outline = (
    (0.9, 4.5), (0.98, 2.5), (1.12, 4.4), (1.55, 4.3), (1.42, 1.75), (1.28, 1.36), (1.0, 1.16),
    (0.36, 0.93), (0.0, 1.42),
)  # fmt: skip
_COLLAR: Outline = ((0.36, 0.93), (0.0, 1.42), (0.12, 1.62), (0.50, 1.02))


@dataclass(frozen=True, slots=True, eq=False)
class CutOut:
    """A picture with soft edges."""

    rgba: NDArray[np.uint8]
    """uint8 (h, w, 4); the colours are already multiplied by alpha, where 255 covers the scene."""
    unit: float
    """Pixels per width of a face."""
    eyes: tuple[float, float]
    """Where the middle of the eyes is."""


def draw_person(frame: RgbImage, subject: int, pose: Pose) -> None:
    """Draw body and head into the frame, as the pose says."""
    _place(frame, _body(subject), pose, turned=1.0, roll=0.0, opacity=pose.opacity)
    turn = abs(pose.turn)
    from_behind = min(1.0, max(0.0, (turn - 80) / 30))
    if from_behind < 1:
        narrow = squash(pose.turn)
        if pose.blend < 1:
            _place(frame, _head(pose.previous), pose, narrow, pose.roll, pose.opacity)
        _place(frame, _head(pose.shot), pose, narrow, pose.roll, pose.opacity * pose.blend, shade=1 - turn / 300)
    if from_behind > 0:
        _place(frame, _back_of_head(subject, pose.shot), pose, 1.0, pose.roll, pose.opacity * from_behind)


def _place(
    frame: RgbImage, cut_out: CutOut, pose: Pose, turned: float, roll: float, opacity: float, shade: float = 1.0
) -> None:
    """Scale, turn and lay the cut-out over the part of the frame that it covers."""
    scale = pose.size / cut_out.unit
    angle = math.radians(roll)
    a, b = scale * turned * math.cos(angle), -scale * math.sin(angle)
    c, d = scale * turned * math.sin(angle), scale * math.cos(angle)
    eye_x, eye_y = cut_out.eyes
    shift_x, shift_y = pose.x - a * eye_x - b * eye_y, pose.y - c * eye_x - d * eye_y
    height, width = cut_out.rgba.shape[:2]
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]], np.float64)
    ends = corners @ np.array([[a, c], [b, d], [shift_x, shift_y]])
    left, top = np.maximum(np.floor(ends.min(axis=0)), 0).astype(int)
    right, bottom = np.minimum(np.ceil(ends.max(axis=0)), (frame.shape[1], frame.shape[0])).astype(int)
    if right <= left or bottom <= top or opacity <= 0:
        return
    matrix = np.array([[a, b, shift_x - left], [c, d, shift_y - top]])
    patch = cv2.warpAffine(cut_out.rgba, matrix, (int(right - left), int(bottom - top)), flags=cv2.INTER_LINEAR)
    patch = cv2.convertScaleAbs(patch, alpha=opacity)
    under = frame[top:bottom, left:right]
    through = cv2.bitwise_not(cv2.extractChannel(patch, 3))
    kept = cv2.multiply(under, cv2.merge((through, through, through)), scale=1 / 255)
    cv2.add(kept, cv2.convertScaleAbs(cv2.cvtColor(patch, cv2.COLOR_RGBA2RGB), alpha=shade), dst=under)


@lru_cache(maxsize=200)
def _head(portrait: Portrait) -> CutOut:
    scale = UNIT / face_unit(portrait)
    centre = (portrait.left + portrait.right) / 2
    matrix = np.array([[scale, 0, _HEAD_EYES[0] - scale * centre], [0, scale, _HEAD_EYES[1] - scale * portrait.eye_y]])
    grey = grey_image(portrait)
    # The images are cropped close; mirrored at their edges, hair grows on where they end.
    large = cv2.warpAffine(grey, matrix, _HEAD_SIZE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return _cut_out(_tint(large), _oval(), UNIT, _HEAD_EYES)


def _cut_out(colour: Any, alpha: Any, unit: float, eyes: tuple[float, float]) -> CutOut:
    covered = cv2.multiply(colour, cv2.merge((alpha, alpha, alpha)), scale=1 / 255)
    return CutOut(np.asarray(cv2.merge((*cv2.split(covered), alpha)), np.uint8), unit, eyes)


@lru_cache(maxsize=1)
def _oval() -> Any:
    """The soft shape of a head that every cut-out keeps to."""
    oval = np.zeros(_HEAD_SIZE[::-1], np.uint8)
    half_width, half_height = head_half_widths(UNIT)
    centre = round(_HEAD_EYES[0]), round(_HEAD_EYES[1])
    cv2.ellipse(oval, centre, (round(half_width) - 3, round(half_height) - 3), 0, 0, 360, 255, -1, cv2.LINE_AA)
    return cv2.GaussianBlur(oval, (0, 0), 3)


def _tint(grey: Any) -> Any:
    stops = np.array(_SKIN, np.float64)
    levels = np.arange(256)
    table = np.stack([np.interp(levels, stops[:, 0], stops[:, channel]) for channel in (1, 2, 3)], axis=-1)
    return cv2.LUT(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), table.astype(np.uint8)[None])


@lru_cache(maxsize=80)
def _back_of_head(subject: int, portrait: Portrait) -> CutOut:
    """The same head from behind: hair all over, in the shade of this person's hair."""
    shade = int(np.clip(np.percentile(grey_image(portrait)[2:14, 26:66], 30), 22, 150))
    noise = np.random.default_rng(subject).normal(0, 60, _HEAD_SIZE[::-1]).astype(np.float32)
    strands = cv2.GaussianBlur(noise, (0, 0), 1.2, sigmaY=9)
    light = np.linspace(16, -12, _HEAD_SIZE[1], dtype=np.float32)[:, None]
    hair = np.clip(shade + strands + light, 0, 255).astype(np.uint8)
    return _cut_out(_tint(hair), _oval(), UNIT, _HEAD_EYES)


@lru_cache(maxsize=40)
def _body(subject: int) -> CutOut:
    """Neck, shoulders, shirt and trousers, darker towards the arms and the feet."""
    cloth = np.array(_CLOTHES[(subject * 7) % len(_CLOTHES)], np.float64)
    width, height = _BODY_SIZE
    colour, alpha = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)
    skin = _tint(np.full((1, 1), 128, np.uint8))[0, 0].astype(float)
    parts = (
        (_mirrored(_TROUSERS), cloth * 0.3 + 12),
        (_mirrored(_NECK), skin * 0.82),
        (_mirrored(_SHIRT), cloth),
        (_COLLAR, cloth * 0.75 + 60),
        (tuple((-x, y) for x, y in _COLLAR), cloth * 0.75 + 60),
    )
    for outline, paint in parts:
        points = np.array(_BODY_EYES) + np.array(outline) * _BODY_UNIT
        corners = np.round(points * 16).astype(np.int32)
        cv2.fillPoly(colour, [corners], tuple(float(value) for value in paint), cv2.LINE_AA, 4)
        cv2.fillPoly(alpha, [corners], 255, cv2.LINE_AA, 4)
    # Colours reach beyond the outline, so that its soft edge does not turn dark.
    beyond = cv2.dilate(colour, np.ones((9, 9), np.uint8))
    colour = cv2.GaussianBlur(np.where(alpha[..., None] > 127, colour, beyond), (0, 0), 1)
    light = np.linspace(1.1, 0.75, height)[:, None] * (1 - 0.35 * np.linspace(-1, 1, width) ** 2)
    lit = np.clip(colour * light[..., None], 0, 255).astype(np.uint8)
    return _cut_out(lit, cv2.GaussianBlur(alpha, (0, 0), 1.5), _BODY_UNIT, _BODY_EYES)


def _mirrored(half: Outline) -> Outline:
    """The whole outline of which one half is given."""
    return (*half, *((-x, y) for x, y in reversed(half)))
