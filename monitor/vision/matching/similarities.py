"""Cosines of one probe with many templates: roughly in 8 bits, then in 16 bits wherever the rounding could matter.

What a search costs is reading the gallery from memory; the rough pass reads half of what the exact one would.
"""

from dataclasses import dataclass

import numkong
import numpy as np
from numpy.typing import NDArray

from monitor.domain import Embedding

_CHUNK = 4096
_LEVELS = 127
_SLACK = 1e-5
"""What sums in float32 may be off."""


@dataclass(frozen=True, slots=True, eq=False)
class Templates:
    """Unit vectors, ready to be searched: 384 bytes each."""

    halves: NDArray[np.float16]
    """float16 (n, 128), each row of length 1, or zeros."""
    codes: NDArray[np.int8]
    """int8 (n, 128): the same in units of `step`."""
    step: float
    error: float
    """The largest distance (L2) of a row of codes from what it stands for."""


def searchable(halves: NDArray[np.float16]) -> Templates:
    """Round float16 (n, 128) to codes."""
    step = _step(halves)
    codes, error = np.empty(halves.shape, np.int8), 0.0
    for start in range(0, len(halves), _CHUNK):
        here = slice(start, start + _CHUNK)
        codes[here], off = _rounded(halves[here], step)
        error = max(error, off)
    return Templates(halves, codes, step, error)


def similarities(templates: Templates, probe: Embedding, count: int) -> NDArray[np.float32]:
    """Cosines of a probe with all templates, of which the `count` largest are as in float16.

    Args:
        probe: float32 (128,) of length 1, or zeros.
        count: the others are only known to be smaller than these.

    Returns:
        float32 (n,).
    """
    half = probe.astype(np.float16)
    step = _step(half)
    code, off = _rounded(half[None], step)
    found = _products(templates.codes, code) * np.float32(templates.step * step)
    error = templates.error + (1 + templates.error) * off + _SLACK
    least = found[largest(found, count)[-1]] - 2 * error
    close = np.flatnonzero(found >= least)
    found[close] = _products(templates.halves[close], half[None])
    return found


def _products(rows: NDArray[np.generic], probe: NDArray[np.generic]) -> NDArray[np.float32]:
    """One by one: a matrix product's last digits depend on a row's neighbours."""
    return np.asarray(numkong.cdist(rows, probe, metric="dot", out_dtype="float32"), np.float32).ravel()


def largest(values: NDArray[np.float32], count: int) -> list[int]:
    """Places of the largest values, the largest first; those of -inf are left out."""
    found: list[int] = []
    kept: list[np.float32] = []
    while len(found) < count and np.isfinite(values[place := int(np.argmax(values))]):
        found.append(place)
        kept.append(values[place])
        values[place] = -np.inf
    values[found] = kept
    return found


def _step(values: NDArray[np.float16]) -> float:
    return max(float(np.abs(values).max(initial=0)), 1e-6) / _LEVELS


def _rounded(halves: NDArray[np.float16], step: float) -> tuple[NDArray[np.int8], float]:
    exact = halves.astype(np.float32)
    codes = np.rint(exact / step).astype(np.int8)
    return codes, float(np.linalg.norm(exact - codes * np.float32(step), axis=1).max())
