"""The baseline: face_recognition's webcam example, on every frame."""

import warnings
from collections.abc import Sequence

import numpy as np

from monitor.domain import RgbImage

START = """
import sys, warnings
warnings.simplefilter("ignore")
import cv2, face_recognition
capture = cv2.VideoCapture(sys.argv[1])
for _ in range(int(sys.argv[2])):
    delivered, bgr = capture.read()
    if not delivered:
        break
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    face_recognition.face_encodings(rgb, face_recognition.face_locations(rgb))
print("done", flush=True)
"""
"""A program that finds and encodes the faces on the first frames of a clip: python -c START CLIP FRAMES."""


class ClassicLoop:
    """face_locations, face_encodings, compare_faces, face_distance; decoding is not counted against it."""

    def __init__(self, photos: Sequence[RgbImage]) -> None:
        """
        Args:
            photos: of the people it knows, uint8 (h, w, 3) each; those on which it finds no face are left out.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # face_recognition_models uses pkg_resources
            import face_recognition

        self._library = face_recognition
        self._known = [encoding for photo in photos for encoding in face_recognition.face_encodings(photo)[:1]]

    def process(self, rgb: RgbImage) -> int:
        """Process one frame as the example does; returns the number of faces found."""
        locations = self._library.face_locations(rgb)
        for encoding in self._library.face_encodings(rgb, locations):
            matches = self._library.compare_faces(self._known, encoding)
            distances = self._library.face_distance(self._known, encoding)
            if len(distances):
                _ = matches[int(np.argmin(distances))]
        return len(locations)
