"""Finds the faces in a frame: the first step of the pipeline.

BlazeFace by default, dlib's HOG detector as the reference. To use another detector, give `FaceDetector` another
backend: a callable from uint8 (h, w, 3) RGB to a list of `Face`, which always searches the whole picture.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Literal

import cv2
import numpy as np

from monitor.domain import Box, Face, RgbImage
from monitor.vision.blazeface import BlazeFace
from monitor.vision.detection.plausible import Plausibility
from monitor.vision.detection.tiles import Tile, small_tiles, whole
from monitor.vision.face_mesh import FaceMesh

Backend = Callable[[RgbImage], list[Face]]

_SMALLEST = 16
"""Narrower or lower pictures show no face, in pixels."""
_SURE = 0.5
"""Score of the surest face below which a still picture is searched again with a rim, 0 to 1."""
_RIM = 0.25
"""Width of the rim that is added around a picture, as a share of its longer side."""


class FaceDetector:
    """Finds faces from 40 pixels wide on a picture of any size. Not safe to share between threads."""

    def __init__(
        self, backend: Literal["blazeface", "hog"] | Backend = "blazeface", *, min_score: float = 0.35
    ) -> None:
        """
        Args:
            backend: which detector.
            min_score: weaker detections are left out, 0 to 1 (BlazeFace).

        Raises:
            ModelError: BlazeFace's weights, or those of the face mesh, are missing or damaged.
        """
        self._blazeface = BlazeFace(min_score) if backend == "blazeface" else None
        self._plausibility = Plausibility(self._blazeface, FaceMesh().presence) if self._blazeface else None
        if self._blazeface is not None:
            self._find: Backend = self._blazeface
        else:
            self._find = Hog() if isinstance(backend, str) else backend

    def detect(self, rgb: RgbImage) -> list[Face]:
        """All faces on a picture of which nothing is known before, the surest first.

        Args:
            rgb: uint8 (h, w, 3).

        Returns:
            Faces with boxes in pixels of `rgb`, within it; each box spans forehead to chin.
        """
        height, width = rgb.shape[:2]
        found = self.search(rgb, [whole(width, height), *small_tiles(width, height)])
        if (
            max((face.score for face in found if face.confirmed), default=0.0) < _SURE
            and min(width, height) >= _SMALLEST
        ):
            found = self._finish(rgb, [*found, *self._with_rim(rgb)], found)
        return faces_of(found)

    def glance(self, rgb: RgbImage) -> list[Face]:
        """The larger faces: those from about a twelfth of the picture's longer side."""
        return faces_of(self.search(rgb, [whole(rgb.shape[1], rgb.shape[0])]))

    def search(self, rgb: RgbImage, tiles: Iterable[Tile], known: Sequence[Face] = ()) -> list[Face]:
        """The faces on parts of a picture, the surest first, and what was judged not to be one.

        Args:
            rgb: uint8 (h, w, 3).
            tiles: the parts.
            known: faces that were judged a moment ago; a face at the place of one of them is not judged anew.
        """
        if min(rgb.shape[:2]) < _SMALLEST:
            return []
        if self._blazeface is None:
            return self._finish(rgb, self._find(rgb), known)
        return self._finish(rgb, [face for tile in tiles for face in self._in_tile(self._blazeface, rgb, tile)], known)

    def _in_tile(self, blazeface: BlazeFace, rgb: RgbImage, tile: Tile) -> list[Face]:
        part = rgb[tile.top : tile.bottom, tile.left : tile.right]
        faces = (face.moved(tile.left, tile.top) for face in blazeface.find(part, tile.scale))
        return [face for face in faces if not _is_cut(face.box, tile, rgb)]

    def _with_rim(self, rgb: RgbImage) -> list[Face]:
        """Faces that fill the picture: without a rim BlazeFace misses a third of large ORL pictures, with it none."""
        rim = round(max(rgb.shape[:2]) * _RIM)
        wider = np.asarray(cv2.copyMakeBorder(rgb, rim, rim, rim, rim, cv2.BORDER_REPLICATE), np.uint8)
        return [face.moved(-rim, -rim) for face in self._find(wider)]

    def _finish(self, rgb: RgbImage, faces: list[Face], known: Sequence[Face]) -> list[Face]:
        """Each face once, judged, with its box cut at the picture's edge."""
        judged: list[Face] = []
        for face in sorted(faces, key=lambda face: -face.score):
            if not any(is_same(face, other) for other in judged):
                judged.append(_within(self._judged(rgb, face, known), rgb))
        return [face for face in judged if not any(_lies_on(face, other) for other in judged)]

    def _judged(self, rgb: RgbImage, face: Face, known: Sequence[Face]) -> Face:
        if self._plausibility is None:
            return face
        for other in known:
            if is_same(face, other):
                return replace(face, confirmed=other.confirmed)
        return replace(face, confirmed=self._plausibility.judge(rgb, face))


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


def faces_of(found: Iterable[Face]) -> list[Face]:
    """What `FaceDetector.search` found, without what was judged not to be a face."""
    return [face for face in found if face.confirmed is not None]


def is_same(face: Face, judged: Face) -> bool:
    """Whether a face is the one judged before; a face beside what is not a face is judged itself."""
    return face.whole_box.iou(judged.whole_box) >= (0.6 if judged.confirmed is None else 0.3)


def _is_cut(box: Box, tile: Tile, whole: RgbImage) -> bool:
    """Whether an inner edge of the tile cuts through the face; another tile shows that face whole."""
    height, width = whole.shape[:2]
    at_a_side = tile.left > max(box.left, 0) or tile.right < min(box.right, width)
    return at_a_side or tile.top > max(box.top, 0) or tile.bottom < min(box.bottom, height)


def _within(face: Face, rgb: RgbImage) -> Face:
    box = face.whole_box.within(rgb.shape[1], rgb.shape[0])
    return face if box == face.box else replace(face, box=box, uncut=face.whole_box)


def _lies_on(face: Face, other: Face) -> bool:
    """Whether a face is only a part of a larger one: an eye can look like a small face."""
    (across, down), box = face.box.centre, other.box
    larger = face.box.width < box.width and box.left < across < box.right and box.top < down < box.bottom
    return larger and other.confirmed is not None and (other.confirmed or not face.confirmed)
