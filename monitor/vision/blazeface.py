"""BlazeFace "full range" (Bazarevsky et al. 2019, arXiv:1907.05047), with MediaPipe's weights, run by LiteRT.

MediaPipe runs the network on 192x192 pixels. The network is fully convolutional, so here it takes a picture in its own
proportions and a third larger: of faces 40 pixels wide in a 640x480 frame it finds nine of ten instead of two of three.
"""

from collections.abc import Iterator
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.domain import Box, Face, RgbImage
from monitor.vision import models
from monitor.vision.detection import tiles
from monitor.vision.runtime import open_litert

Size = tuple[int, int]
"""Width and height in pixels."""

_SIDES = (96, 160, 192, 256)
"""The sides that an input may have, in pixels: multiples of 32."""
_TRAINED = 192
"""Side of the input that the weights' file is made for, in pixels."""
_STRIDE = 4
"""Input pixels from one candidate to the next."""
_KEYPOINTS = 6


class BlazeFace:
    """Finds faces on a picture scaled down to 256x192 pixels or less. Not safe to share between threads."""

    def __init__(self, min_score: float) -> None:
        """
        Args:
            min_score: weaker detections are left out, 0 to 1.

        Raises:
            ModelError: the weights are missing or damaged.
        """
        self._min_logit = float(np.log(min_score / (1 - min_score)))
        self._networks: dict[Size, _Network] = {}
        self._network((tiles.LONG, tiles.SHORT))

    def __call__(self, rgb: RgbImage) -> list[Face]:
        """The faces on uint8 (h, w, 3), looked at as one whole, in no order."""
        return self.find(rgb, tiles.whole(rgb.shape[1], rgb.shape[0]).scale)

    def find(self, rgb: RgbImage, scale: float) -> list[Face]:
        """The faces on a picture scaled by `scale` to at most 256x192 pixels, in no order."""
        height, width = rgb.shape[:2]
        network = self._network((_side(width * scale), _side(height * scale)))
        boxes, logits = network.run(rgb, scale, self._min_logit)
        scores = (1 / (1 + np.exp(-logits))).astype(np.float32)
        return [_to_face(points / scale, score) for points, score in _weighted_nms(boxes, scores)]

    def _network(self, size: Size) -> "_Network":
        if size not in self._networks:
            self._networks[size] = _Network(size)
        return self._networks[size]


def _side(pixels: float) -> int:
    return next(side for side in _SIDES if side >= round(pixels))


class _Network:
    """The network for one size of its input."""

    def __init__(self, size: Size) -> None:
        width, height = size
        recipe, weights = f"blazeface-{width}x{height}", models.weights(models.BLAZEFACE)
        model = models.cached_build(models.cache_folder(), weights, recipe, partial(_resized, size=size))
        self._interpreter = open_litert(model, size=size)
        self._input = self._interpreter.get_input_details()[0]["index"]
        by_width = {int(detail["shape"][2]): detail["index"] for detail in self._interpreter.get_output_details()}
        self._boxes, self._scores = by_width[4 + 2 * _KEYPOINTS], by_width[1]
        across, down = (np.arange(_STRIDE / 2, side, _STRIDE, dtype=np.float32) for side in size)
        self._anchors = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 1, 2)
        self._canvas = np.zeros((1, height, width, 3), np.float32)
        self._drawn = size

    def run(self, rgb: RgbImage, scale: float, min_logit: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The candidates on a picture, which is scaled and drawn at the top left of the input.

        Returns:
            float32 (n, 2 + k, 2), in pixels of the input: centre, size and key points of every candidate above
            `min_logit`; and float32 (n,): their logits.
        """
        self._draw(rgb, scale)
        self._interpreter.set_tensor(self._input, self._canvas)
        self._interpreter.invoke()
        logits = self._interpreter.get_tensor(self._scores).ravel()
        found = np.flatnonzero(logits > min_logit)
        boxes = self._interpreter.get_tensor(self._boxes).reshape(len(logits), -1, 2)[found]
        boxes[:, :1] += self._anchors[found]
        boxes[:, 2:] += self._anchors[found]
        return boxes, logits[found]

    def _draw(self, rgb: RgbImage, scale: float) -> None:
        height, width = rgb.shape[:2]
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = rgb
        while small.shape[1] >= 2 * size[0] and small.shape[0] >= 2 * size[1]:  # by halves is three times as fast
            small = cv2.resize(small, (small.shape[1] // 2, small.shape[0] // 2), interpolation=cv2.INTER_AREA)
        small = cv2.resize(small, size, interpolation=cv2.INTER_LINEAR)
        if size != self._drawn:
            self._canvas.fill(0)
            self._drawn = size
        drawn = self._canvas[0, : size[1], : size[0]]
        np.multiply(small, np.float32(1 / 127.5), out=drawn)
        drawn -= 1


def _resized(content: bytes, size: Size) -> bytes:
    """The weights' file for an input of another size: it contains the sizes to which feature maps are scaled up."""
    from ai_edge_litert import schema_py_generated as schema

    changed = bytearray(content)
    model = schema.Model.GetRootAs(changed)
    graph = model.Subgraphs(0)
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        if model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode() == schema.BuiltinOperator.RESIZE_BILINEAR:
            sides = model.Buffers(graph.Tensors(operator.Inputs(1)).Buffer()).DataAsNumpy().view("<i4")
            sides[:] = sides * size[::-1] // _TRAINED
    return bytes(changed)


def _to_face(points: NDArray[np.float32], score: float) -> Face:
    """Rows of `points`: the box's centre, its size, then the key points; all in pixels."""
    (x, y), (width, height) = points[0].tolist(), points[1].tolist()
    return Face(Box(x - width / 2, y - height / 2, width, height), score, points[2:].astype(np.float32))


def _weighted_nms(
    raw: NDArray[np.float32], scores: NDArray[np.float32], overlap: float = 0.3
) -> Iterator[tuple[NDArray[np.float32], float]]:
    """Blend detections that overlap, rows as in `_to_face`, weighted by score, against jitter between frames."""
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
        yield (np.asarray((raw[left[same]] * weights[:, None, None]).sum(axis=0) / weights.sum()), float(scores[best]))
        left = left[~same]
