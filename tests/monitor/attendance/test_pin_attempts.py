"""How many wrong PINs are taken at one door."""

from datetime import UTC, datetime, timedelta

from monitor.attendance.pin_attempts import LOCKED_FOR, MOST_WRONG, Tries

AT = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


def test_the_fifth_wrong_try_locks_for_a_minute_and_then_the_count_begins_anew() -> None:
    tries = Tries()
    for _ in range(MOST_WRONG - 1):
        tries = tries.after_wrong(AT)
        assert tries.seconds_left(AT) == 0
    tries = tries.after_wrong(AT)
    assert tries.seconds_left(AT) == 60
    assert tries.seconds_left(AT + timedelta(seconds=59.5)) == 1
    assert tries.seconds_left(AT + LOCKED_FOR) == 0
    assert tries.after_wrong(AT + LOCKED_FOR).seconds_left(AT + LOCKED_FOR) == 0
