"""How many wrong PINs are taken."""

from datetime import UTC, datetime, timedelta

from monitor.attendance.pin_attempts import DESK, NONE, NUMBER, after_wrong, seconds_left

AT = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


def test_the_fifth_wrong_try_locks_and_each_further_one_twice_as_long() -> None:
    tries, now, waits = NONE, AT, []
    for _ in range(14):
        tries = after_wrong(tries, NUMBER, now)
        waits.append(seconds_left(tries, now))
        now += timedelta(seconds=waits[-1])
    assert waits == [0, 0, 0, 0, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]


def test_the_wait_ends_to_the_second() -> None:
    tries = NONE
    for _ in range(5):
        tries = after_wrong(tries, NUMBER, AT)
    assert seconds_left(tries, AT + timedelta(seconds=59.5)) == 1
    assert seconds_left(tries, AT + timedelta(seconds=60)) == 0


def test_a_day_later_the_count_begins_anew() -> None:
    tries = NONE
    for _ in range(5):
        tries = after_wrong(tries, NUMBER, AT)
    later = after_wrong(tries, NUMBER, AT + timedelta(days=1, seconds=1))
    assert (later.wrong, later.locked_until) == (1, None)


def test_who_tries_many_numbers_is_stopped_too() -> None:
    tries = NONE
    for _ in range(DESK.most):
        tries = after_wrong(tries, DESK, AT)
    assert seconds_left(tries, AT) == 60
