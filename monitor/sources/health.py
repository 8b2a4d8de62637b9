"""Tells whether a live source still shows the scene: a camera can deliver frozen, black or damaged pictures."""

import numpy as np
from numpy.typing import NDArray

from monitor.domain import RgbImage

LOST_AFTER = 4.0
"""Seconds without a good picture after which a live source counts as lost."""


class Health:
    """Finds out when a camera is frozen, black, or sends only a part of its pictures."""

    _DARK = 24
    """Largest pixel value, of 255, that a covered or dead sensor delivers."""
    _LIT_SHARE = 0.001
    """Least share of brighter pixels in a picture that is not black."""
    _CLIPPED = 250
    """From this value on, of 255, a real sensor can deliver one colour over a large part of a picture."""
    _MISSING = 0.125
    """Least share of a picture that a decoder fills with one colour where a part of it did not come."""

    def __init__(self) -> None:
        self._last: RgbImage | None = None
        self._last_stamp: float | None = None
        self._bad_since: float | None = None

    def restart(self) -> None:
        """Begin again after the source was opened anew; the last picture is kept, so that a frozen one is noticed."""
        self._bad_since = None

    def look(self, rgb: RgbImage, now: float, stamp: float | None = None) -> tuple[bool, str | None]:
        """Whether this picture is good, and the reason why the source counts as lost, or None.

        Args:
            rgb: uint8 (h, w, 3).
            now: seconds on a clock that never jumps.
            stamp: the camera's own time of the picture; None where it gives none. While that goes on, a picture that
                is the last one bit by bit shows a scene in which nothing moves.
        """
        flaw = self._flaw(rgb, stamp)
        self._last, self._last_stamp = rgb, stamp
        if flaw is None:
            self._bad_since = None
            return True, None
        if self._bad_since is None:
            self._bad_since = now
        return False, flaw if now - self._bad_since >= LOST_AFTER else None

    def _flaw(self, rgb: RgbImage, stamp: float | None) -> str | None:
        sample = rgb[::8, ::8]
        if np.count_nonzero(sample > self._DARK) <= self._LIT_SHARE * sample.size:
            return "delivers only black; uncover its lens or turn on the light"
        if any(self._is_missing(np.rot90(sample, turns)) for turns in range(4)):
            return "sends only a part of its pictures; check its cable and its network"
        last, stands = self._last, stamp is None or stamp == self._last_stamp
        if stands and last is not None and np.array_equal(last[::8, ::8], sample) and np.array_equal(last, rgb):
            return "is frozen; plug it in again"
        return None

    def _is_missing(self, sample: NDArray[np.uint8]) -> bool:
        """Whether the last rows have one colour, bit by bit, which no sensor delivers; a decoder fills so what did not
        come. Bars of black or white do not count, nor a picture that has one colour throughout."""
        fill = sample[-1, -1]
        if fill.max() <= self._DARK or fill.min() >= self._CLIPPED:
            return False
        rows = (sample == fill).all(axis=(1, 2))
        filled = len(rows) if rows.all() else int(np.argmin(rows[::-1]))
        return max(2, self._MISSING * len(rows)) <= filled < len(rows)
