"""Notices when the machine's clock is set: the time of what happens from then on cannot be trusted."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class ClockWatch:
    """Compares the clock with elapsed time; ask it often."""

    at: datetime
    """The clock at the last look, in UTC."""
    seconds: float
    """Elapsed time at the last look."""
    off: timedelta = field(default=timedelta())
    """Sum of all jumps since the start: how far the clock is from where it was going."""

    def jump(self, at: datetime, seconds: float) -> timedelta | None:
        """How far the clock jumped since the last look; None where it did not.

        Args:
            at: the clock now, in UTC.
            seconds: elapsed time now.
        """
        passed = timedelta(seconds=seconds - self.seconds)
        jumped = at - self.at - passed
        self.at, self.seconds = at, seconds
        if abs(jumped) < JUMP:
            return None
        self.off += jumped
        return jumped

    @property
    def suspect(self) -> bool:
        """Whether the clock is off now; False again once it was set back to where it was going."""
        return abs(self.off) >= JUMP

    def sentence(self) -> str | None:
        """What to say while the clock is suspect."""
        if not self.suspect:
            return None
        minutes = round(abs(self.off) / timedelta(minutes=1))
        way = "forward" if self.off > timedelta() else "back"
        far = f"{minutes // 60}:{minutes % 60:02} hours" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"
        return (
            f"The clock of this machine jumped {far} {way}. Entries are marked until it is set right; "
            "if it is right now, start Muster again."
        )


class WatchedClock:
    """A clock that notes its jumps. Safe to share between threads."""

    def __init__(self, clock: Callable[[], datetime] | None, seconds: Callable[[], float] | None) -> None:
        """
        Args:
            clock: gives the time now, in UTC; None for the machine's clock.
            seconds: elapsed time; None for the machine's, and where a clock is given, for none: it is not watched.
        """
        self.now = clock or partial(datetime.now, UTC)
        self._seconds = seconds or (elapsed if clock is None else None)
        self._watch = ClockWatch(self.now(), self._seconds() if self._seconds else 0.0)
        self._looking = threading.Lock()
        self.jumps: list[timedelta] = []
        """Those that are not in the audit log yet; whoever writes them there deletes them here."""

    def look(self) -> timedelta:
        """How far the clock is now from where it was going; 0 where it did not jump."""
        if self._seconds is None:
            return timedelta()
        with self._looking:
            jump = self._watch.jump(self.now(), self._seconds())
            if jump is not None:
                self.jumps.append(jump)
        if jump is not None:
            log.warning("%s", self._watch.sentence() or "The clock is where it was going again.")
        return self._watch.off if self._watch.suspect else timedelta()

    def sentence(self) -> str | None:
        """What to say while the clock is not where it was going; None when all is well."""
        return self._watch.sentence()
