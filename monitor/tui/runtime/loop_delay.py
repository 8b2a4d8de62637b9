"""How late the event loop of the app is."""

from collections import deque
from time import perf_counter


class LoopDelay:
    """How late the event loop is: a timer that should fire every 50 ms notes by how much it was late."""

    INTERVAL = 0.05

    def __init__(self, kept: int = 1200) -> None:
        self._late: deque[float] = deque(maxlen=kept)
        self._due: float | None = None

    def tick(self) -> None:
        """Call on the loop, every `INTERVAL` seconds."""
        now = perf_counter()
        if self._due is not None:
            self._late.append(max(0.0, now - self._due))
        self._due = now + self.INTERVAL

    def percentile(self, share: float) -> float:
        """This percentile (0 to 1) of the delays of the last minute, in seconds; 0 before the first tick."""
        ordered = sorted(self._late)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
