"""Finds the faces in a frame: the first step of the pipeline.

BlazeFace by default, dlib's HOG detector as the reference. To use another detector, give `FaceDetector` another
backend: a callable from uint8 (h, w, 3) RGB to a list of `Face`.
"""

from collections.abc import Callable, Iterator
from typing import Literal

import cv2
import numpy as np

from monitor.domain import Box, Face, RgbImage
from monitor.vision.blazeface import BlazeFace

Backend = Callable[[RgbImage], list[Face]]

_SMALLEST_TILE = 360
"""Side of the smallest square that is searched on its own, in pixels."""
_SURE = 0.5
"""Least score of a face in a tile, 0 to 1: higher than in a whole picture, for a tile also shows parts of faces."""
_RIM = 0.25
"""Width of the rim that is added around a picture, as a share of its longer side."""


class FaceDetector:
    """Finds faces from about 40 pixels wide in a 640x480 frame. Not safe to share between threads."""

    def __init__(
        self, backend: Literal["blazeface", "hog"] | Backend = "blazeface", *, min_score: float = 0.35
    ) -> None:
        """
        Args:
            backend: which detector.
            min_score: weaker detections are left out, 0 to 1 (BlazeFace).

        Raises:
            ModelError: BlazeFace's weights are missing or damaged.
        """
        if backend == "blazeface":
            self._find: Backend = BlazeFace(min_score)
        else:
            self._find = Hog() if backend == "hog" else backend

    def detect(self, rgb: RgbImage, *, thorough: bool = False) -> list[Face]:
        """All faces, the surest first.

        Args:
            rgb: uint8 (h, w, 3).
            thorough: for still images: also find small faces on a large picture, and a face that fills the picture.

        Returns:
            Faces with boxes in pixels of `rgb`; each box spans forehead to chin.
        """
        if min(rgb.shape[:2]) < 16:
            return []
        faces = self._find(rgb)
        if thorough:
            if max((face.score for face in faces), default=0.0) < _SURE:
                faces = faces + self._with_rim(rgb)
            faces = _best_of_overlapping(faces + self._in_tiles(rgb))
        return sorted(faces, key=lambda face: -face.score)

    def _in_tiles(self, rgb: RgbImage) -> list[Face]:
        faces: list[Face] = []
        for left, top, side in _tiles(rgb.shape[1], rgb.shape[0]):
            tile = np.ascontiguousarray(rgb[top : top + side, left : left + side])
            sure = [face for face in self._find(tile) if face.score >= _SURE]
            faces += [_moved(face, left, top) for face in sure if not _is_cut(face.box, tile, rgb, left, top)]
        return faces

    def _with_rim(self, rgb: RgbImage) -> list[Face]:
        """Faces that fill the picture: without a rim BlazeFace misses a third of large ORL pictures, with it none."""
        rim = round(max(rgb.shape[:2]) * _RIM)
        wider = np.asarray(cv2.copyMakeBorder(rgb, rim, rim, rim, rim, cv2.BORDER_REPLICATE), np.uint8)
        return [_moved(face, -rim, -rim) for face in self._find(wider)]


class Hog:
    """dlib's frontal face detector on the picture scaled up twice, as `face_recognition` calls it."""

    def __init__(self) -> None:
        import dlib

        self._detector = dlib.get_frontal_face_detector()

    def __call__(self, rgb: RgbImage) -> list[Face]:
        rectangles, scores, _ = self._detector.run(np.ascontiguousarray(rgb), 1, 0.0)
        return [
            Face(Box(r.left(), r.top(), r.width(), r.height()), float(np.clip(0.5 + score / 4, 0, 1)))
            for r, score in zip(rectangles, scores, strict=True)
        ]


def _tiles(width: int, height: int) -> Iterator[tuple[int, int, int]]:
    """Overlapping squares of halving sizes: left, top, side."""
    side = min(width, height)
    if max(width, height) < 1.2 * side:
        side = side * 2 // 3
    while side >= _SMALLEST_TILE:
        for top in _starts(height, side):
            for left in _starts(width, side):
                yield left, top, side
        side //= 2


def _starts(length: int, side: int) -> list[int]:
    count = 1 if length <= side else int(np.ceil((length - side) / (side * 0.75))) + 1
    return [round(start) for start in np.linspace(0, length - side, count)]


def _moved(face: Face, left: int, top: int) -> Face:
    box = Box(face.box.left + left, face.box.top + top, face.box.width, face.box.height)
    keypoints = None if face.keypoints is None else face.keypoints + np.array([left, top], np.float32)
    return Face(box, face.score, keypoints)


def _is_cut(box: Box, tile: RgbImage, whole: RgbImage, left: int, top: int) -> bool:
    """Whether an inner edge of the tile cuts through the face; another tile shows that face whole."""
    side = tile.shape[0]
    return (
        (box.left < 0 < left)
        or (box.top < 0 < top)
        or (box.right > side and left + side < whole.shape[1])
        or (box.bottom > side and top + side < whole.shape[0])
    )


def _best_of_overlapping(faces: list[Face]) -> list[Face]:
    """The surest box of each face, without boxes that lie on a larger one: an eye can look like a small face."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(face.box.iou(other.box) < 0.3 and not _lies_on(face.box, other.box) for other in kept):
            kept.append(face)
    return kept


def _lies_on(part: Box, whole: Box) -> bool:
    across, down = part.centre
    return part.width < whole.width and whole.left < across < whole.right and whole.top < down < whole.bottom
