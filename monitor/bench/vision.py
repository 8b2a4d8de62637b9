"""The encoder beside dlib's, the detector beside HOG; each runs on one thread, whose processor time is measured."""

from collections.abc import Iterator, Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from monitor.bench.measure import Measure, timed_alone
from monitor.domain import RgbImage
from monitor.vision.chips import face_chip
from monitor.vision.detector import FaceDetector
from monitor.vision.encoder import FaceEncoder

LARGEST_DIFFERENCE = 1e-5
"""Largest L2 distance to dlib's own descriptor at which both count as one embedding."""

_TURNS = 3
"""Calls with all chips; the median counts."""


def chips_on(pictures: Sequence[RgbImage]) -> NDArray[np.uint8]:
    """Aligned faces on pictures, uint8 (n, 150, 150, 3) RGB."""
    detector = FaceDetector()
    chips = [face_chip(picture, face) for picture in pictures for face in detector.detect(picture)]
    return np.stack(chips) if chips else np.empty((0, 150, 150, 3), np.uint8)


def measure_encoder(chips: NDArray[np.uint8], where: str) -> Iterator[Measure]:
    """Chips per second on one thread, one by one and in one call, and the largest difference of an embedding."""
    ours, reference = FaceEncoder(threads=1), FaceEncoder("dlib")
    ours.encode(chips)
    fast, slow, differences = [], [], []
    for chip in chips:
        mine, seconds = timed_alone(ours.encode, chip[None])
        fast.append(seconds)
        theirs, seconds = timed_alone(reference.encode, chip[None])
        slow.append(seconds)
        differences.append(float(np.linalg.norm(mine - theirs)))
    together = median(timed_alone(ours.encode, chips)[1] for _ in range(_TURNS)) / len(chips)
    dlib = 1 / median(slow)
    yield Measure(f"encoder, {where}", 1 / median(fast), dlib, "chips/s", more_is_better=True)
    yield Measure(f"encoder, {len(chips)} chips a call, {where}", 1 / together, dlib, "chips/s", more_is_better=True)
    yield Measure(f"encoder's largest difference, {where}", max(differences), LARGEST_DIFFERENCE, "L2")


def measure_detection(frames: Sequence[RgbImage], where: str) -> Iterator[Measure]:
    """Milliseconds per frame, and faces found, beside HOG on the picture upsampled once."""
    ours, hog = FaceDetector(), FaceDetector("hog")
    ours.glance(frames[0])
    fast, slow, found, found_by_hog = [], [], 0, 0
    for frame in frames:
        faces, seconds = timed_alone(ours.glance, frame)
        fast.append(seconds)
        found += len(faces)
        faces, seconds = timed_alone(hog.detect, frame)
        slow.append(seconds)
        found_by_hog += len(faces)
    yield Measure(f"detection, {where}", 1000 * median(fast), 1000 * median(slow), "ms/frame")
    name = f"faces found, {where}"
    yield Measure(name, found, found_by_hog, f"faces on {len(frames)} frames", more_is_better=True)
