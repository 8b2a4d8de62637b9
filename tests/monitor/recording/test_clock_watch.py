"""The machine's clock: small corrections are nothing, jumps are said until they are undone."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.recording.clock_watch import ClockWatch

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def watch() -> ClockWatch:
    return ClockWatch(AT, 100.0)


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(-59, 59)), max_size=20))
def test_corrections_below_a_minute_are_no_jumps(steps: list[tuple[float, float]]) -> None:
    clock, at, seconds = watch(), AT, 100.0
    for passed, corrected in steps:
        at += timedelta(seconds=passed + corrected)
        seconds += passed
        assert clock.jump(at, seconds) is None
    assert clock.sentence() is None


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
    clock = watch()
    assert clock.jump(AT + timedelta(seconds=5) + jump, 105.0) == jump
    assert clock.suspect
    assert said in (clock.sentence() or "")
    assert clock.jump(AT + timedelta(seconds=6) + jump, 106.0) is None
    assert clock.suspect, "it is still where it jumped to"
    assert clock.jump(AT + timedelta(seconds=9), 109.0) == -jump
    assert (clock.suspect, clock.sentence()) == (False, None)
