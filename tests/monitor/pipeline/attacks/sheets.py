"""Draws a sheet with a picture on it, flat or bent to a part of a cylinder, as a pinhole camera sees it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import RgbImage

FOCAL = 600.0
"""Focal length in pixels: a webcam's 56 degrees over 640 pixels."""

Texture = NDArray[np.uint8]
"""uint8 (h, w, 4), red green blue alpha."""
Floats = NDArray[np.float32]
_MISSED = np.float32(9)
"""Metres along a sheet where none is."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a sheet is: metres from the camera (x to the right, y down, z away), and degrees."""

    x: float = 0.0
    y: float = 0.0
    z: float = 1.0
    pitch: float = 0.0
    yaw: float = 0.0
    """Positive: the sheet turns to the side that is left for the person on it, the picture's right."""
    roll: float = 0.0

    def rotation(self) -> Floats:
        """float32 (3, 3), from the sheet's axes to the camera's."""
        p, w, r = np.radians([self.pitch, -self.yaw, self.roll])
        about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
        about_y = np.array([[np.cos(w), 0, np.sin(w)], [0, 1, 0], [-np.sin(w), 0, np.cos(w)]])
        about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
        return np.asarray(about_z @ about_y @ about_x, np.float32)


def draw(background: RgbImage, texture: Texture, width: float, pose: Pose, bend: float = 0.0) -> RgbImage:
    """The background with the sheet before it.

    Args:
        width: of the sheet, in metres; its height follows from the texture.
        bend: the sheet's part of a full cylinder, in degrees, round an upright axis; 0 for flat.
    """
    rows, columns = background.shape[:2]
    turn, at = pose.rotation(), np.array([pose.x, pose.y, pose.z], np.float32)
    outline = _outline(width, width * texture.shape[0] / texture.shape[1], bend) @ turn.T + at
    if outline[:, 2].min() < 0.05:
        raise ValueError("the sheet reaches the camera")
    seen_at = FOCAL * outline[:, :2] / outline[:, 2:] + (columns / 2, rows / 2)
    left, top = np.maximum(np.floor(seen_at.min(axis=0)) - 2, 0).astype(int)
    right, bottom = np.minimum(np.ceil(seen_at.max(axis=0)) + 2, (columns, rows)).astype(int)
    if right - left < 2 or bottom - top < 2:
        return background
    u = (np.arange(left, right, dtype=np.float32) - columns / 2) / FOCAL
    v = (np.arange(top, bottom, dtype=np.float32)[:, None] - rows / 2) / FOCAL
    rays = [u * turn[0, axis] + v * turn[1, axis] + turn[2, axis] for axis in range(3)]
    along, down = _on_sheet(-at @ turn, rays, width, bend)
    scale = np.float32(texture.shape[1] / width)
    map_x = along * scale + np.float32(texture.shape[1] / 2 - 0.5)
    map_y = down * scale + np.float32(texture.shape[0] / 2 - 0.5)
    premultiplied = texture.astype(np.float32)
    premultiplied[..., :3] *= premultiplied[..., 3:] / 255
    sampled = cv2.remap(premultiplied, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    picture = background.copy()
    behind = picture[top:bottom, left:right] * (1 - sampled[..., 3:] / 255)
    picture[top:bottom, left:right] = np.minimum(sampled[..., :3] + behind, 255).astype(np.uint8)
    return picture


def _outline(width: float, height: float, bend: float) -> Floats:
    """Points of the upper and the lower edge of a sheet, on its own axes: float32 (42, 3)."""
    along = np.linspace(-width / 2, width / 2, 21, dtype=np.float32)
    x, z = along, np.zeros_like(along)
    if bend >= 1:
        radius = width / np.radians(bend)
        x, z = radius * np.sin(along / radius), radius * (1 - np.cos(along / radius))
    edges = [np.stack([x, np.full_like(x, y), z], axis=-1) for y in (-height / 2, height / 2)]
    return np.concatenate(edges).astype(np.float32)


def _on_sheet(origin: Floats, rays: list[Floats], width: float, bend: float) -> tuple[Floats, Floats]:
    """Where rays, given by axis, meet the sheet: metres along and down from its middle, `_MISSED` where they miss."""
    x, y, z = rays
    if bend < 1:
        far = -origin[2] / z
        return np.where(far > 0, origin[0] + far * x, _MISSED), origin[1] + far * y
    radius = np.float32(width / np.radians(bend))
    start = origin - np.array([0, 0, radius], np.float32)
    a = x**2 + z**2
    b = x * start[0] + z * start[2]
    inside = b**2 - a * (start[0] ** 2 + start[2] ** 2 - radius**2)
    far = (-b - np.sqrt(np.maximum(inside, 0))) / a
    along = radius * np.arctan2(origin[0] + far * x, radius - origin[2] - far * z)
    return np.where((inside > 0) & (far > 0) & (np.abs(along) <= width / 2), along, _MISSED), origin[1] + far * y


def fitted(texture: Texture, width: float, z: float) -> Texture:
    """The texture scaled down to somewhat more than the camera resolves, so that no false pattern appears."""
    wanted = max(round(1.4 * FOCAL * width / z), 8)
    if texture.shape[1] <= wanted:
        return texture
    size = wanted, max(round(texture.shape[0] * wanted / texture.shape[1]), 8)
    return np.asarray(cv2.resize(texture, size, interpolation=cv2.INTER_AREA), np.uint8)


class Camera:
    """What a camera makes of a picture: a lens, a changing exposure, noise, and JPEG as webcams send it."""

    def __init__(self, random: np.random.Generator, size: tuple[int, int], *, noise: float = 2.0) -> None:
        """
        Args:
            size: rows and columns.
            noise: grey levels of the sensor's noise.
        """
        grain = [random.normal(0, noise, (size[0] // 2, size[1] // 2, 1)) for _ in range(5)]
        self._grain = [cv2.resize(1.3 * one, size[::-1]).astype(np.float32)[..., None] for one in grain]
        self._taken = 0

    def take(self, picture: RgbImage, gain: float = 1.0) -> RgbImage:
        self._taken += 1
        soft = cv2.GaussianBlur(picture, (0, 0), 0.6)
        grain = np.roll(self._grain[self._taken % 5], 7 * self._taken, axis=1)
        noisy = np.clip(soft * np.float32(gain) + grain, 0, 255).astype(np.uint8)
        _, jpeg = cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 88])
        return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)
