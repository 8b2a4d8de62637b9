"""The machine's clock: small corrections are nothing, jumps are said until they are undone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.recording.clock_watch import WatchedClock

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Machine:
    """A clock that goes on, and can be set, and the elapsed time, which cannot."""

    def __init__(self) -> None:
        self.at, self.passed = AT, 100.0
        self.clock = WatchedClock(lambda: self.at, lambda: self.passed)

    def go(self, seconds: float, off: timedelta = timedelta()) -> timedelta:
        """So many seconds pass, in which the clock is set; gives what a look says."""
        self.at, self.passed = self.at + timedelta(seconds=seconds) + off, self.passed + seconds
        return self.clock.look()


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(-59, 59)), max_size=20))
def test_corrections_below_a_minute_are_no_jumps(steps: list[tuple[float, float]]) -> None:
    machine = Machine()
    for passed, corrected in steps:
        assert machine.go(passed, timedelta(seconds=corrected)) == timedelta()
    assert (machine.clock.jumps, machine.clock.sentence()) == ([], None)


@pytest.mark.parametrize(
    ("jump", "said"),
    [
        (timedelta(hours=-1), "1:00 hours back"),
        (timedelta(minutes=95), "1:35 hours forward"),
        (timedelta(days=365), "365 days forward"),
        (timedelta(seconds=61), "0:01 hours forward"),
    ],
)
def test_a_jump_is_said_until_the_clock_is_right_again(jump: timedelta, said: str) -> None:
    machine = Machine()
    assert machine.go(5, jump) == jump
    assert said in (machine.clock.sentence() or "")
    assert machine.go(1) == jump, "it is still where it jumped to"
    assert machine.go(3, -jump) == timedelta()
    assert (machine.clock.jumps, machine.clock.sentence()) == ([jump, -jump], None)
