"""Faces in a frame.

BlazeFace "full range sparse" (Bazarevsky et al. 2019, arXiv:1907.05047; MediaPipe's weights) on a 192x192
picture, run by LiteRT; dlib's HOG detector as the reference. To use another detector, give `FaceDetector`
another backend: a callable from uint8 (h, w, 3) RGB to a list of `Face`.
"""

from collections.abc import Callable, Iterator
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import Box, Face, RgbImage
from monitor.vision import models
from monitor.vision.runtime import quiet_native_output

Backend = Callable[[RgbImage], list[Face]]

_INPUT = 192
_GRID = 48
_KEYPOINTS = 6
_SMALLEST_TILE = 360
_SURE = 0.5
"""A part of a picture shows parts of faces, which must not be taken for whole ones: there the score must be higher."""
_RIM = 0.25
"""Width of the rim around a picture which the face fills, in picture sides."""


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
            thorough: for still images: look for small faces on large pictures too, and for one that fills it.

        Returns:
            Faces with boxes in pixels of `rgb`; each box spans forehead to chin.
        """
        if min(rgb.shape[:2]) < 16:
            return []
        faces = self._find(rgb)
        if thorough:
            faces = _best_of_overlapping(faces + self._in_tiles(rgb))
            if not faces or faces[0].score < _SURE:
                faces = _best_of_overlapping(faces + self._with_rim(rgb))
        return sorted(faces, key=lambda face: -face.score)

    def _in_tiles(self, rgb: RgbImage) -> list[Face]:
        faces: list[Face] = []
        for left, top, side in _tiles(rgb.shape[1], rgb.shape[0]):
            tile = np.ascontiguousarray(rgb[top : top + side, left : left + side])
            sure = [face for face in self._find(tile) if face.score >= _SURE]
            faces += [_moved(face, left, top) for face in sure if not _is_cut(face.box, tile, rgb, left, top)]
        return faces

    def _with_rim(self, rgb: RgbImage) -> list[Face]:
        """Faces that reach to the picture's edges: a detector that was trained on faces with surroundings misses every
        eighth of the tightly cropped ORL pictures, and with a rim around them none."""
        rim = round(max(rgb.shape[:2]) * _RIM)
        wider = np.asarray(cv2.copyMakeBorder(rgb, rim, rim, rim, rim, cv2.BORDER_REPLICATE), np.uint8)
        return [_moved(face, -rim, -rim) for face in self._find(wider)]


class BlazeFace:
    """MediaPipe's full range detector on a letterboxed picture."""

    def __init__(self, min_score: float) -> None:
        from ai_edge_litert.interpreter import Interpreter

        weights = models.package_file(*models.BLAZEFACE)
        with models.damage_reported(weights), quiet_native_output():
            self._interpreter = Interpreter(model_path=str(weights), num_threads=1)
            self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        by_width = {int(detail["shape"][2]): detail["index"] for detail in self._interpreter.get_output_details()}
        self._boxes, self._scores = by_width[4 + 2 * _KEYPOINTS], by_width[1]
        self._min_logit = float(np.log(min_score / (1 - min_score)))
        cells = (np.arange(_GRID, dtype=np.float32) + 0.5) / _GRID
        self._anchors = np.stack(np.meshgrid(cells, cells), axis=-1).reshape(-1, 2)
        self._canvas = np.zeros((1, _INPUT, _INPUT, 3), np.float32)

    def __call__(self, rgb: RgbImage) -> list[Face]:
        scale = self._letterbox(rgb)
        self._interpreter.set_tensor(self._input, self._canvas)
        self._interpreter.invoke()
        logits = self._interpreter.get_tensor(self._scores)[0, :, 0]
        found = np.flatnonzero(logits > self._min_logit)
        if not len(found):
            return []
        raw = self._interpreter.get_tensor(self._boxes)[0, found].reshape(len(found), -1, 2) / _INPUT
        raw[:, 0] += self._anchors[found]
        raw[:, 2:] += self._anchors[found, None]
        scores = 1 / (1 + np.exp(-logits[found]))
        return [_to_face(points * (_INPUT / scale), score) for points, score in _weighted_nms(raw, scores)]

    def _letterbox(self, rgb: RgbImage) -> float:
        """Fill the input with the picture at the top left; returns input pixels per picture pixel."""
        height, width = rgb.shape[:2]
        scale = _INPUT / float(max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = rgb
        while small.shape[1] >= 2 * size[0] and small.shape[0] >= 2 * size[1]:  # by halves is twice as fast
            small = cv2.resize(small, (small.shape[1] // 2, small.shape[0] // 2), interpolation=cv2.INTER_AREA)
        small = cv2.resize(small, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        self._canvas.fill(0)
        self._canvas[0, : size[1], : size[0]] = small * np.float32(1 / 127.5) - np.float32(1)
        return scale


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


def _to_face(points: NDArray[np.float32], score: float) -> Face:
    """Rows of `points`: the box's centre, its size, then the key points; all in pixels."""
    (x, y), (width, height) = points[0].tolist(), points[1].tolist()
    return Face(Box(x - width / 2, y - height / 2, width, height), score, points[2:].astype(np.float32))


def _weighted_nms(
    raw: NDArray[np.float32], scores: NDArray[np.float32], overlap: float = 0.3
) -> Iterator[tuple[NDArray[np.float32], float]]:
    """Blend detections that overlap, weighted by score, as BlazeFace does against jitter between frames.

    Args:
        raw: float32 (n, 2 + k, 2), rows as in `_to_face`.
        scores: float32 (n,).
    """
    top_left, bottom_right = raw[:, 0] - raw[:, 1] / 2, raw[:, 0] + raw[:, 1] / 2
    areas = raw[:, 1].prod(axis=1)
    left = np.argsort(-scores)
    while len(left):
        best = left[0]
        sides = np.minimum(bottom_right[best], bottom_right[left]) - np.maximum(top_left[best], top_left[left])
        shared = np.clip(sides, 0, None).prod(axis=1)
        same = shared / np.maximum(areas[best] + areas[left] - shared, 1e-9) > overlap
        same[0] = True
        weights = scores[left[same]]
        yield (
            np.asarray((raw[left[same]] * weights[:, None, None]).sum(axis=0) / weights.sum()),
            float(scores[best]),
        )
        left = left[~same]


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
    """Whether an inner edge of the tile cuts through the face; another tile sees it whole."""
    side = tile.shape[0]
    return (
        (box.left < 0 < left)
        or (box.top < 0 < top)
        or (box.right > side and left + side < whole.shape[1])
        or (box.bottom > side and top + side < whole.shape[0])
    )


def _best_of_overlapping(faces: list[Face]) -> list[Face]:
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(face.box.iou(other.box) < 0.3 for other in kept):
            kept.append(face)
    return kept
