"""Does a head turn before the camera, or a flat picture of one (presentation attack detection, ISO/IEC 30107-1)?

However a flat picture is held, its points move together: what the eyes and the mouth do tells where the nose goes (De
Marsico et al., "Moving face spoofing detection via 3D projective invariants", 2012). On a head that turns, the tip of
the nose stands out and leaves that plane. And a picture has to be turned so far before its face seems to look aside
that it becomes narrow.

Measured with portraits that were turned by up to 65 degrees, as near as twice the face's width, each tried in 40 ways:
the order of turns alone was passed by 24 of 60, with both measures by one (APCER 1.7 %); the limits were chosen on 90
others, of which 36 and none passed. Of ORL's heads turned by 12 to 35 degrees 0.7 % of single shots fail (BPCER), and
who fails is asked again. A portrait that is bent to a quarter of a circle passes more often than not.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from enroll.faces.examine import ExaminedFace
from monitor.config import QualityLimits
from monitor.domain import RgbImage
from monitor.vision.jpeg import decode_jpeg
from monitor.vision.landmarks import Landmarks, landmarks

_RIGHT_EYE: Final = slice(36, 42)
_LEFT_EYE: Final = slice(42, 48)
_MOUTH: Final = slice(48, 60)
_NOSE_TIP: Final = 30
_PLANE: Final = (*range(36, 48), 48, 51, 54, 57)
"""Eyes, and the ends, top and bottom of the mouth."""


@dataclass(frozen=True, slots=True)
class Turn:
    """How a face changed from the straight shot to one that is turned aside."""

    relief: float
    """How far the tip of the nose left the plane of eyes and mouth, in eye distances; positive to the person's left."""
    width: float
    """Eye distance over the height from eyes to mouth, in proportion to the straight shot's; 1 for no turn."""

    def is_of_a_head(self, limits: QualityLimits, *, to_the_left: bool) -> bool:
        """Whether a head turned so, and no flat picture."""
        relief = self.relief if to_the_left else -self.relief
        return relief >= limits.relief and self.width >= limits.turned_width


def turn_between(straight: ExaminedFace, turned: ExaminedFace) -> Turn:
    """Compare two shots of one face. Raises: ModelError."""
    return compare(landmarks(_chip(straight)), landmarks(_chip(turned)))


def compare(before: Landmarks, after: Landmarks) -> Turn:
    """The same from the 68 points of both faces, float64 (68, 2)."""
    plane = np.linalg.lstsq(_homogeneous(before[list(_PLANE)]), after[list(_PLANE)])[0]
    moved = after[_NOSE_TIP] - (_homogeneous(before[[_NOSE_TIP]]) @ plane)[0]
    across = after[_LEFT_EYE].mean(axis=0) - after[_RIGHT_EYE].mean(axis=0)
    return Turn(float(moved @ across / (across @ across)), _width(after) / _width(before))


def _width(points: Landmarks) -> float:
    right, left = points[_RIGHT_EYE].mean(axis=0), points[_LEFT_EYE].mean(axis=0)
    across = left - right
    distance = float(np.linalg.norm(across))
    down = np.array([-across[1], across[0]]) / max(distance, 1e-6)
    height = float((points[_MOUTH].mean(axis=0) - (right + left) / 2) @ down)
    return distance / max(height, 1e-6)


def _homogeneous(points: Landmarks) -> NDArray[np.float64]:
    return np.hstack([points, np.ones((len(points), 1))])


def _chip(face: ExaminedFace) -> RgbImage:
    chip = decode_jpeg(face.chip_jpeg)
    assert chip is not None, "it was encoded when the face was examined"
    return chip
