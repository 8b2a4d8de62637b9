"""Head pose from the detector's six key points, by similar triangles; good to about ten degrees."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from monitor.vision.detection.plausible import by_the_eyes

_NOSE_DEPTH: Final = 1.4
"""How far the tip of the nose stands before the axis through the ears, in half distances between the ears."""

_LEVEL_NOSE: Final = 0.56
"""Where the nose lies between eyes (0) and mouth (1) when the head is level; the median over frontal portraits."""

_NOSE_RISE: Final = 0.41
"""How far the tip of the nose stands before the plane of eyes and mouth, on that scale."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees; all 0 for a face that looks straight into the camera."""

    yaw: float
    """Positive: turned to the person's own left."""
    pitch: float
    """Positive: looking up."""
    roll: float
    """Positive: the picture of the head is turned clockwise."""


def head_pose(keypoints: NDArray[np.float32]) -> Pose:
    """The pose of one head, by its key points float32 (6, 2): right eye, left eye, nose, mouth, right ear, left ear."""
    points, _ = by_the_eyes(keypoints)
    _, _, (nose, nose_down), (_, mouth_down), (right_ear, _), (left_ear, _) = points.tolist()
    turned = (2 * nose - right_ear - left_ear) / max(left_ear - right_ear, 1e-6)
    nose_at = nose_down / max(mouth_down, 1e-6)
    across = keypoints[1] - keypoints[0]
    return Pose(
        yaw=float(np.degrees(np.arctan(turned / _NOSE_DEPTH))),
        pitch=float(np.degrees(np.arctan((_LEVEL_NOSE - nose_at) / _NOSE_RISE))),
        roll=float(np.degrees(np.arctan2(across[1], across[0]))),
    )
