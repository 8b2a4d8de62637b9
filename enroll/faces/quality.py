"""Is a face good enough to enrol? Quality components in the words of ISO/IEC 29794-5:2025.

Every component is one number with a limit and, when it fails, a sentence that says what to do. The limits are far
below those for passports: they keep out what spoils a template, not what looks informal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import floor

import cv2
import numpy as np
from numpy.typing import NDArray

from enroll.faces.occlusion import covered
from enroll.faces.pose import Pose, head_pose
from monitor.config import QualityLimits
from monitor.domain import Box, Face, RgbImage
from monitor.vision.face_quality import sharpness


@dataclass(frozen=True, slots=True)
class Component:
    """One measure of quality."""

    name: str
    """As in ISO/IEC 29794-5 where it has one."""
    value: float
    passed: bool
    advice: str
    """One sentence: what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Quality:
    """All that was measured on one face."""

    components: tuple[Component, ...]
    pose: Pose
    warnings: tuple[str, ...] = ()
    """What does not forbid enrolment but may spoil it."""

    @property
    def passed(self) -> bool:
        return all(component.passed for component in self.components)

    @property
    def failure(self) -> str | None:
        """The advice of the first component that failed."""
        return next((component.advice for component in self.components if not component.passed), None)

    def value(self, name: str) -> float:
        """The number of one component."""
        return next(component.value for component in self.components if component.name == name)

    def numbers(self) -> dict[str, float]:
        """The values by name, rounded, for JSON."""
        return {component.name: round(component.value, 3) for component in self.components}


def assess(rgb: RgbImage, face: Face, limits: QualityLimits) -> Quality:
    """Measure one face, found on `rgb`, uint8 (h, w, 3). Raises ValueError when the face has no key points."""
    if face.keypoints is None:
        raise ValueError("quality is measured on faces with key points; use the blazeface detector")
    pose = head_pose(face.keypoints)
    grey = _inner_face(rgb, face)
    components = (*_size(face, limits), *_crop(rgb, face, limits), *_pose(pose, limits), *_light(grey, limits))
    return Quality((*components, *_sharpness(grey, limits)), pose, tuple(covered(rgb, face)))


def _size(face: Face, limits: QualityLimits) -> Iterator[Component]:
    assert face.keypoints is not None
    distance = float(np.linalg.norm(face.keypoints[1] - face.keypoints[0]))
    yield Component(
        "inter_eye_distance",
        distance,
        distance >= limits.inter_eye_distance,
        f"The face is too small ({floor(distance)} pixels between the eyes, {limits.inter_eye_distance:g} are needed); "
        "come closer or use a larger picture.",
    )


def _crop(rgb: RgbImage, face: Face, limits: QualityLimits) -> Iterator[Component]:
    height, width = rgb.shape[:2]
    outside = 1 - face.whole_box.within(width, height).area / max(face.whole_box.area, 1e-6)
    yield Component(
        "crop_of_the_face",
        outside,
        outside <= limits.cropped,
        f"The face is cut off by the picture's edge ({outside:.0%} of it); use a picture with the whole face.",
    )


def _pose(pose: Pose, limits: QualityLimits) -> Iterator[Component]:
    turned, nods = "left" if pose.yaw > 0 else "right", "up" if pose.pitch > 0 else "down"
    look = "look at the camera"
    angles = (
        ("yaw", pose.yaw, limits.yaw, f"is turned too far to the person's {turned}", look),
        ("pitch", pose.pitch, limits.pitch, f"looks too far {nods}", look),
        ("roll", pose.roll, limits.roll, "is tilted too far", "hold it upright, or turn the picture"),
    )
    for name, angle, most, fault, remedy in angles:
        advice = f"The head {fault} (about {abs(angle):.0f} degrees); {remedy}."
        yield Component(f"head_pose_{name}", angle, abs(angle) <= most, advice)


def _light(grey: NDArray[np.uint8], limits: QualityLimits) -> Iterator[Component]:
    mean = float(grey.mean())
    dark, bright = float((grey <= 25).mean()), float((grey >= 247).mean())
    low, high = np.percentile(grey, [2, 98])
    yield Component(
        "under_exposure_prevention",
        dark,
        dark <= limits.under_exposure and mean >= limits.darkest_mean,
        f"The face is too dark (mean luminance {mean:.0f} of 255, {dark:.0%} black); add light from the front.",
    )
    yield Component(
        "over_exposure_prevention",
        bright,
        bright <= limits.over_exposure and mean <= limits.brightest_mean,
        f"The face is too bright (mean luminance {mean:.0f} of 255, {bright:.0%} burnt out); use less light.",
    )
    yield Component(
        "dynamic_range",
        float(high - low),
        high - low >= limits.dynamic_range,
        f"The face has too little contrast ({high - low:.0f} levels of grey); use a clearer picture.",
    )


def _sharpness(grey: NDArray[np.uint8], limits: QualityLimits) -> Iterator[Component]:
    value = sharpness(grey)
    yield Component(
        "sharpness",
        value,
        value >= limits.sharpness,
        f"The face is blurred (sharpness {floor(1000 * value) / 1000:.3f}, {limits.sharpness:.3f} is needed); "
        "hold still and focus, or use a sharper picture.",
    )


def _inner_face(rgb: RgbImage, face: Face) -> NDArray[np.uint8]:
    """The face without hair and background, grey: the middle 80 % of its box, as far as it is in the picture."""
    height, width = rgb.shape[:2]
    box = face.whole_box
    x, y, across, down = *box.centre, 0.8 * box.width, 0.8 * box.height
    inner = Box(x - across / 2, y - down / 2, across, down).within(width, height)
    left, right, top, bottom = map(round, (inner.left, inner.right, inner.top, inner.bottom))
    if right - left < 8 or bottom - top < 8:
        return np.zeros((8, 8), np.uint8)
    return np.asarray(cv2.cvtColor(rgb[top:bottom, left:right], cv2.COLOR_RGB2GRAY), np.uint8)
