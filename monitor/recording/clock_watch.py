"""Notices when the machine's clock is set: the time of what happens from then on cannot be trusted."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

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


def begin(at: datetime | None = None) -> ClockWatch:
    """A watch that begins now."""
    return ClockWatch(at or datetime.now(UTC), elapsed())
