"""Pictures of people held before the camera: prints, masks, telephones and tablets, in the hand and on a stand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import RgbImage
from tests.monitor.pipeline.attacks.sheets import FOCAL, Camera, Pose, Texture, draw, fitted

FACE: Final = 0.15
"""Width of a printed face, in metres."""
SIZE: Final = (480, 640)
"""Rows and columns of the camera."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A picture of somebody, or a film of them, and how wide the face is on it."""

    pictures: Sequence[RgbImage]
    """One for a photograph; 30 a second for a film."""
    face: float
    """Width of the face, as a share of the picture's width."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to hold a picture before the camera."""

    name: str
    group: str
    """Its line in the table."""
    held: bool = True
    """In the hand; else on a stand."""
    film: bool = False
    bend: tuple[float, float] = (0.0, 0.0)
    """Degrees of a cylinder, from and to."""
    tilt: float = 0.0
    """Most degrees that the sheet swings about its upright axis."""
    approach: float = 0.0
    """Share of the distance by which it comes nearer in 1.5 seconds."""
    flex: float = 0.0
    """Most degrees by which the bend changes."""
    device: float = 0.0
    """Width of the dark frame round the picture, as a share of its width; 0 for paper."""
    mask: bool = False
    """Cut out along the face."""


PRINTS, PHOTOS, FILMS, STANDS, FILM_STANDS = (
    "prints and masks, held", "photographs on screens, held", "films on screens, held",
    "photographs on a stand", "films on a stand",
)  # fmt: skip
KINDS: Final = (
    Kind("flat print", PRINTS),
    Kind("tilted print", PRINTS, tilt=20),
    Kind("print coming nearer", PRINTS, approach=0.25),
    Kind("bent print, 30 to 70", PRINTS, bend=(30, 70)),
    Kind("bent print, 70 to 140", PRINTS, bend=(70, 140)),
    Kind("bent and tilted print", PRINTS, bend=(30, 110), tilt=20),
    Kind("flexed print", PRINTS, bend=(10, 60), flex=30),
    Kind("mask, flat", PRINTS, mask=True, tilt=10),
    Kind("mask, bent", PRINTS, mask=True, bend=(60, 140)),
    Kind("telephone", PHOTOS, device=0.05),
    Kind("tablet, tilted", PHOTOS, device=0.1, tilt=20),
    Kind("telephone, film", FILMS, film=True, device=0.05),
    Kind("tablet, film, tilted", FILMS, film=True, device=0.1, tilt=12),
    Kind("tablet, film, coming nearer", FILMS, film=True, device=0.1, approach=0.2),
    Kind("print on a stand", STANDS, held=False),
    Kind("tablet on a stand", STANDS, held=False, device=0.1),
    Kind("film on a stand", FILM_STANDS, held=False, film=True, device=0.1),
)


class Wobble:
    """A value that sways like a hand: slow drift, and a tremor of 6 to 10 Hz."""

    def __init__(self, random: np.random.Generator, size: float) -> None:
        slow, fast = random.uniform(0.2, 2.2, 4), random.uniform(6, 10, 2)
        self._rates = np.concatenate([slow, fast]) * 2 * np.pi
        self._sizes = size * np.concatenate([random.normal(0, 0.5, 4), random.normal(0, 0.05, 2)])
        self._phases = random.uniform(0, 2 * np.pi, 6)

    def __call__(self, seconds: float) -> float:
        return float((self._sizes * np.sin(self._rates * seconds + self._phases)).sum())


class Attack:
    """One picture held before one background; draws the frame of any moment."""

    def __init__(self, kind: Kind, portrait: Portrait, background: RgbImage, random: np.random.Generator) -> None:
        self.kind = kind
        self._camera = Camera(random, SIZE, noise=random.uniform(1.5, 4.5))
        self._exposure = random.uniform(0.004, 0.03)
        self._portrait, self._background = portrait, background
        self._width = FACE / portrait.face * (1 + 2 * kind.device)
        face_pixels = random.uniform(62, 115)
        self._pose = Pose(
            x=random.uniform(-0.06, 0.06), y=random.uniform(-0.03, 0.06), z=FOCAL * FACE / face_pixels,
            pitch=random.uniform(-8, 8), yaw=random.uniform(-8, 8), roll=random.uniform(-5, 5),
        )  # fmt: skip
        calm = random.uniform(0.4, 1.5) if kind.held else 0.0
        self._shift = [Wobble(random, calm * size) for size in (0.008, 0.008, 0.012)]
        self._turn = [Wobble(random, calm * size) for size in (2.0, 2.0, 1.2)]
        self._swing = Wobble(random, kind.tilt)
        self._bend = random.uniform(*kind.bend)
        self._flex = Wobble(random, kind.flex)
        self._light = Wobble(random, 0.004)
        self._textures: dict[int, Texture] = {}

    def frame(self, seconds: float, turned: float = 0.0) -> RgbImage:
        """uint8 (480, 640, 3).

        Args:
            turned: degrees that whoever holds the sheet turns it, to the left of the person on it.
        """
        pictures = self._portrait.pictures
        number = round(seconds * 30) % (2 * len(pictures)) if len(pictures) > 1 else 0
        number = number if number < len(pictures) else 2 * len(pictures) - 1 - number  # there and back again
        if number not in self._textures:
            self._textures[number] = self._texture(pictures[number])
        blurred = [self._drawn(number, at, turned) for at in (seconds, seconds + self._exposure)]
        return self._camera.take(cv2.addWeighted(blurred[0], 0.5, blurred[1], 0.5, 0), 1 + self._light(seconds))

    def _drawn(self, number: int, seconds: float, turned: float) -> RgbImage:
        pose, kind = self._pose, self.kind
        x, y, z = (one(seconds) for one in self._shift)
        pitch, yaw, roll = (one(seconds) for one in self._turn)
        nearer = 1 - kind.approach * min(seconds / 1.5, 1.5)
        now = replace(
            pose, x=pose.x + x, y=pose.y + y, z=pose.z * nearer + z, pitch=pose.pitch + pitch,
            yaw=pose.yaw + yaw + self._swing(seconds) + turned, roll=pose.roll + roll,
        )  # fmt: skip
        bend = max(self._bend + self._flex(seconds), 0.0)
        return draw(self._background, self._textures[number], self._width, now, bend)

    def _texture(self, picture: RgbImage) -> Texture:
        rows, columns = picture.shape[:2]
        alpha = np.full((rows, columns), 255, np.uint8)
        if self.kind.mask:
            alpha[:] = 0
            half = self._portrait.face * columns / 2
            cv2.ellipse(alpha, (columns // 2, rows // 2), (round(1.05 * half), round(1.35 * half)), 0, 0, 360, 255, -1)
        texture = np.dstack([picture, alpha])
        border = round(self.kind.device * columns)
        if border:
            texture = cv2.copyMakeBorder(
                texture, border, border, border, border, cv2.BORDER_CONSTANT, value=(18, 18, 20, 255)
            )
        return fitted(np.asarray(texture, np.uint8), self._width, self._pose.z)


def backgrounds(random: np.random.Generator) -> list[RgbImage]:
    """A bookshelf, a wall with pictures and a door, and a plain wall with a little grain."""
    rows, columns = SIZE
    plain = np.full((rows, columns, 3), random.uniform(90, 190, 3), np.float32)
    plain += np.linspace(-18, 18, columns, dtype=np.float32)[None, :, None]
    plain += cv2.GaussianBlur(random.normal(0, 4, (rows, columns, 1)).astype(np.float32), (0, 0), 2)[..., None]
    shelf, wall = plain.copy(), plain.copy()
    for top in range(0, rows, 96):
        x = 0
        while x < columns:
            width, height = int(random.integers(10, 34)), int(random.integers(55, 90))
            shelf[top + 90 - height : top + 90, x : x + width - 2] = random.uniform(30, 220, 3)
            x += width
        shelf[top + 90 : top + 96] = 70
    for _ in range(7):
        x, y = int(random.integers(0, columns - 60)), int(random.integers(0, rows - 60))
        width, height = int(random.integers(40, 150)), int(random.integers(40, 200))
        cv2.rectangle(wall, (x, y), (x + width, y + height), random.uniform(40, 230, 3).tolist(), -1)
        cv2.rectangle(wall, (x, y), (x + width, y + height), (40, 40, 40), 3)
    return [np.clip(one, 0, 255).astype(np.uint8) for one in (shelf, wall, plain)]


def centred(picture: RgbImage, box: NDArray[np.float64], *, room: float = 1.0) -> Portrait:
    """A picture cut or padded so that its face, left top width height in pixels, is in the middle.

    Args:
        room: how much is kept on each side of the face, in face widths.
    """
    left, top, width, height = box.tolist()
    half_x, half_y = (0.5 + room) * width, (0.5 + room) * height
    pad = int(max(half_x, half_y)) + 1
    padded = cv2.copyMakeBorder(picture, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    x, y = left + width / 2 + pad, top + height / 2 + pad
    cut = padded[round(y - half_y) : round(y + half_y), round(x - half_x) : round(x + half_x)]
    return Portrait([np.ascontiguousarray(cut)], width / cut.shape[1])
