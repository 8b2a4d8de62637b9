"""Tells whether a live source still shows the scene: a camera can deliver pictures that are frozen or black."""

import numpy as np

from monitor.domain import RgbImage

LOST_AFTER = 4.0
"""Seconds without a good picture after which a live source counts as lost."""


class Health:
    """Finds out when a camera is frozen or black."""

    _DARK = 24
    """Largest pixel value, of 255, that a covered or dead sensor delivers."""
    _LIT_SHARE = 0.001
    """Least share of brighter pixels in a picture that is not black."""

    def __init__(self) -> None:
        self._last: RgbImage | None = None
        self._bad_since: float | None = None

    def restart(self) -> None:
        """Begin again after the source was opened anew; the last picture is kept, so that a frozen one is noticed."""
        self._bad_since = None

    def look(self, rgb: RgbImage, now: float) -> tuple[bool, str | None]:
        """Whether this picture is good, and the reason why the source counts as lost, or None.

        Args:
            rgb: uint8 (h, w, 3).
            now: seconds on a clock that never jumps.
        """
        flaw = self._flaw(rgb)
        self._last = rgb
        if flaw is None:
            self._bad_since = None
            return True, None
        if self._bad_since is None:
            self._bad_since = now
        return False, flaw if now - self._bad_since >= LOST_AFTER else None

    def _flaw(self, rgb: RgbImage) -> str | None:
        sample = rgb[::8, ::8]
        if np.count_nonzero(sample > self._DARK) <= self._LIT_SHARE * sample.size:
            return "delivers only black; uncover its lens or turn on the light"
        last = self._last
        if last is not None and np.array_equal(last[::8, ::8], sample) and np.array_equal(last, rgb):
            return "is frozen; plug it in again"
        return None
