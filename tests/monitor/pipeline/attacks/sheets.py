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
Floats = NDArray[np.float64]


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
        """float64 (3, 3), from the sheet's axes to the camera's."""
        p, w, r = np.radians([self.pitch, -self.yaw, self.roll])
        about_x = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
        about_y = np.array([[np.cos(w), 0, np.sin(w)], [0, 1, 0], [-np.sin(w), 0, np.cos(w)]])
        about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
        return np.asarray(about_z @ about_y @ about_x)


def draw(background: RgbImage, texture: Texture, width: float, pose: Pose, bend: float = 0.0) -> RgbImage:
    """The background with the sheet before it.

    Args:
        width: of the sheet, in metres; its height follows from the texture.
        bend: the sheet's part of a full cylinder, in degrees, round an upright axis; 0 for flat.
    """
    rows, columns = background.shape[:2]
    height = width * texture.shape[0] / texture.shape[1]
    middle = np.array([columns / 2 + FOCAL * pose.x / pose.z, rows / 2 + FOCAL * pose.y / pose.z])
    reach = 0.62 * FOCAL * np.hypot(width, height) / max(pose.z - 0.5 * width, 0.1)
    left, top = np.maximum(np.floor(middle - reach), 0).astype(int)
    right, bottom = np.minimum(np.ceil(middle + reach), (columns, rows)).astype(int)
    if right - left < 2 or bottom - top < 2:
        return background
    v, u = np.mgrid[top:bottom, left:right].astype(np.float64)
    rays = np.stack([(u - columns / 2) / FOCAL, (v - rows / 2) / FOCAL, np.ones_like(u)], axis=-1)
    turn = pose.rotation()
    origin = -np.array([pose.x, pose.y, pose.z]) @ turn
    along, down, seen = _on_sheet(origin, rays @ turn, width, bend)
    scale = texture.shape[1] / width
    map_x = np.where(seen, along * scale + texture.shape[1] / 2 - 0.5, -9).astype(np.float32)
    map_y = np.where(seen, down * scale + texture.shape[0] / 2 - 0.5, -9).astype(np.float32)
    premultiplied = texture.astype(np.float32)
    premultiplied[..., :3] *= premultiplied[..., 3:] / 255
    sampled = cv2.remap(premultiplied, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    picture = background.copy()
    behind = picture[top:bottom, left:right] * (1 - sampled[..., 3:] / 255)
    picture[top:bottom, left:right] = np.clip(sampled[..., :3] + behind, 0, 255).astype(np.uint8)
    return picture


def _on_sheet(origin: Floats, rays: Floats, width: float, bend: float) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Where rays meet the sheet: metres along it and down it from its middle, and whether they meet it at all."""
    if bend < 1:
        with np.errstate(divide="ignore", invalid="ignore"):
            far = -origin[2] / rays[..., 2]
        met = origin + far[..., None] * rays
        return met[..., 0], met[..., 1], np.isfinite(far) & (far > 0)
    radius = width / np.radians(bend)
    start = origin - np.array([0, 0, radius])
    a = rays[..., 0] ** 2 + rays[..., 2] ** 2
    b = rays[..., 0] * start[0] + rays[..., 2] * start[2]
    inside = b**2 - a * (start[0] ** 2 + start[2] ** 2 - radius**2)
    far = (-b - np.sqrt(np.maximum(inside, 0))) / a
    met = origin + far[..., None] * rays
    along = radius * np.arctan2(met[..., 0], radius - met[..., 2])
    return along, met[..., 1], (inside > 0) & (far > 0) & (np.abs(along) <= width / 2)


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
