"""Notices when the machine's clock is set: the time of what happens from then on cannot be trusted."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

log = logging.getLogger(__name__)

JUMP: Final = timedelta(minutes=1)
"""Least difference between the clock and elapsed time that counts as a jump; time servers correct by less."""


def elapsed() -> float:
    """Seconds that never jump, and that go on while the machine sleeps, where the system counts those."""
    counts_sleep = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if counts_sleep is None else time.clock_gettime(counts_sleep)


class WatchedClock:
    """A clock that is compared with elapsed time at each look; look often. Safe to share between threads."""

    def __init__(self, clock: Callable[[], datetime] | None, seconds: Callable[[], float] | None) -> None:
        """
        Args:
            clock: gives the time now, in UTC; None for the machine's clock.
            seconds: elapsed time; None for the machine's, and where a clock is given, for none: it is not watched.
        """
        self.now = clock or partial(datetime.now, UTC)
        self._seconds = seconds or (elapsed if clock is None else None)
        self._at, self._passed = self.now(), self._seconds() if self._seconds else 0.0
        """The clock, and elapsed time, at the last look."""
        self._off = timedelta()
        """Sum of all jumps since the start: how far the clock is from where it was going."""
        self._looking = threading.Lock()
        self.jumps: list[timedelta] = []
        """Those that are not in the audit log yet; whoever writes them there deletes them here."""

    def look(self) -> timedelta:
        """How far the clock is now from where it was going; 0 where it did not jump, or was set right again."""
        if self._seconds is None:
            return timedelta()
        with self._looking:
            at, passed = self.now(), self._seconds()
            jump = at - self._at - timedelta(seconds=passed - self._passed)
            self._at, self._passed = at, passed
            jumped = abs(jump) >= JUMP
            if jumped:
                self._off += jump
                self.jumps.append(jump)
        if jumped:
            log.warning("%s", self.sentence() or "The clock is where it was going again.")
        return self._off if abs(self._off) >= JUMP else timedelta()

    def sentence(self) -> str | None:
        """What to say while the clock is not where it was going; None when all is well."""
        off = abs(self._off)
        if off < JUMP:
            return None
        minutes = round(off / timedelta(minutes=1))
        way = "forward" if self._off > timedelta() else "back"
        far = f"{minutes // 60}:{minutes % 60:02} hours" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
        return (
            f"The clock of this machine jumped {far} {way}. Entries are marked until it is set right; "
            "if it is right now, start Muster again."
        )
