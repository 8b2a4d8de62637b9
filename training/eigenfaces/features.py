"""Classical image features: HOG, LBP and grey values, computed without learning from other faces."""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import islice
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

SIDE = 64
"""Width and height in pixels of every face before its features are computed: the size of Olivetti's images."""

CELL = 8
"""Width and height in pixels of the cells of HOG and LBP."""

SHIFTS = ((0, 0), (2, 0), (-2, 0), (0, 2), (0, -2))
"""Shifts of the training images: pixels to the right and pixels down."""

COPIES = {"as they are": 1, "mirrored": 2, "mirrored and shifted": 2 * len(SHIFTS)}
"""The kinds of data augmentation, and the number of copies of each training image."""

Images = NDArray[np.float32]


def grey(images: Images) -> Images:
    """Pixels minus the mean of their image: float32 (n, 4096)."""
    flat = images.reshape(len(images), -1)
    return np.asarray(flat - flat.mean(axis=1, keepdims=True), np.float32)


def hog(images: Images, orientations: int = 9) -> Images:
    """Histograms of oriented gradients (Dalal and Triggs, CVPR 2005) of images (n, 64, 64): float32 (n, 1764).

    Cells of 8x8 pixels; blocks of 2x2 cells are normalised, clipped at 0.2 and normalised again.
    """
    n, cells = len(images), SIDE // CELL
    down, right = np.gradient(images, axis=(1, 2))
    strength = np.hypot(right, down)
    position = np.mod(np.arctan2(down, right), np.pi) / np.pi * orientations - 0.5
    lower = np.floor(position).astype(np.int64)
    share = (position - lower).astype(np.float32)
    votes = np.zeros((n, SIDE, SIDE, orientations), np.float32)
    for bins, weight in ((lower, 1 - share), (lower + 1, share)):
        np.put_along_axis(votes, (bins % orientations)[..., None], (strength * weight)[..., None], axis=3)
    counts = votes.reshape(n, cells, CELL, cells, CELL, orientations).sum(axis=(2, 4))
    last = cells - 1
    blocks = np.concatenate([counts[:, y : y + last, x : x + last] for y in (0, 1) for x in (0, 1)], axis=-1)
    clipped = np.minimum(_unit(blocks, 1e-2), 0.2)
    return _unit(clipped, 1e-2).reshape(n, -1)


def lbp(images: Images, radius: int = 1) -> Images:
    """Uniform local binary patterns in cells (Ahonen, Hadid and Pietikäinen, TPAMI 2006) of images (n, 64, 64).

    The eight neighbours lie at the radius, in pixels. float32 (n, 64 * 59): square roots of the counts, so that their
    Euclidean distance is the Hellinger distance.
    """
    table, patterns = _uniform_patterns()
    cells = SIDE // CELL
    cell_of = (np.arange(SIDE) // CELL)[:, None] * cells + np.arange(SIDE) // CELL
    histograms = np.empty((len(images), cells * cells * patterns), np.float32)
    for index, image in enumerate(images):
        smooth = cv2.GaussianBlur(image, (0, 0), 0.8)
        padded = np.pad(smooth, radius, mode="edge")
        code = np.zeros(smooth.shape, np.int64)
        for bit, (dy, dx) in enumerate(((-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1))):
            y, x = radius * (1 + dy), radius * (1 + dx)
            code |= (padded[y : y + SIDE, x : x + SIDE] >= smooth).astype(np.int64) << bit
        place = cell_of * patterns + table[code]
        histograms[index] = np.sqrt(np.bincount(place.ravel(), minlength=histograms.shape[1]))
    return histograms


KINDS: dict[str, Callable[[Images], Images]] = {
    "grey": grey,
    "hog": hog,
    "lbp": lbp,
    "wide lbp": partial(lbp, radius=2),
}


def describe(images: Images, kinds: Sequence[str]) -> Images:
    """The features of these `KINDS`, each scaled to length 1, of images (n, 64, 64), 0 to 1: float32 (n, d)."""
    return np.concatenate([_unit(KINDS[kind](images), 1e-6) for kind in kinds], axis=1)


class FaceFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc, unused-ignore]
    """Features of images and of their augmented copies.

    Like scikit-learn's TargetEncoder, `fit_transform` differs from `transform`: a training image gives all its copies;
    any other image gives itself and, unless the copies are "as they are", its mirror image. The transformer learns
    nothing from the images, so it cannot leak.
    """

    def __init__(self, kinds: Sequence[str] = ("grey",), copies: str = "as they are", shape: Sequence[int] = (64, 64)):
        self.kinds = kinds
        self.copies = copies
        self.shape = shape

    def fit(self, X: NDArray[Any], y: object = None) -> "FaceFeatures":  # noqa: N803 - scikit-learn's name
        """Return the transformer unchanged."""
        return self

    def fit_transform(self, X: NDArray[Any], y: object = None, **_: object) -> Images:  # noqa: N803
        """Features of training images: pixels (n, height * width) to float32 (n, copies, d)."""
        return self._describe(X, COPIES[self.copies])

    def transform(self, X: NDArray[Any]) -> Images:  # noqa: N803
        """Features of other images: pixels (n, height * width) to float32 (n, 1 or 2, d)."""
        return self._describe(X, min(2, COPIES[self.copies]))

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def _describe(self, pixels: NDArray[Any], copies: int) -> Images:
        images = resized(np.asarray(pixels, np.float32).reshape(-1, *self.shape))
        return np.stack([describe(copy, self.kinds) for copy in altered(images, copies)], axis=1)


def resized(images: Images) -> Images:
    """Images float32 (n, height, width) to (n, 64, 64)."""
    if images.shape[1:] == (SIDE, SIDE):
        return images
    resize = [cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for image in images]
    return np.asarray(resize, np.float32).reshape(-1, SIDE, SIDE)


def altered(images: Images, copies: int) -> list[Images]:
    """The first `copies` of: the images, their mirror images, then both moved by each of `SHIFTS`."""
    mirrored = np.ascontiguousarray(images[:, :, ::-1])
    return list(islice((moved(both, *shift) for shift in SHIFTS for both in (images, mirrored)), copies))


def moved(images: Images, right: int, down: int) -> Images:
    """Images moved by whole pixels; repeats of the edge fill the gap."""
    height, width = images.shape[1:]
    rows = np.clip(np.arange(height) - down, 0, height - 1)
    columns = np.clip(np.arange(width) - right, 0, width - 1)
    return np.ascontiguousarray(images[:, rows][:, :, columns])


def _unit(vectors: NDArray[Any], floor: float) -> Images:
    lengths = np.sqrt((vectors**2).sum(axis=-1, keepdims=True) + floor**2)
    return np.asarray(vectors / lengths, np.float32)


@lru_cache(maxsize=1)
def _uniform_patterns() -> tuple[NDArray[np.int64], int]:
    """The histogram bin of each of 256 codes, and the number of bins.

    A code with at most two changes around the circle has a bin of its own; all others share the last bin.
    """
    codes = np.arange(256)
    changes = codes ^ ((codes >> 1) | ((codes & 1) << 7))
    uniform = np.array([int(code).bit_count() <= 2 for code in changes])
    table = np.where(uniform, np.cumsum(uniform) - 1, uniform.sum())
    return table.astype(np.int64), int(uniform.sum()) + 1
