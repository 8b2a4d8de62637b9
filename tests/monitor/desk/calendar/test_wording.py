"""What sentences say of shifts."""

from datetime import date, time

import pytest

from monitor.desk.calendar.wording import shift_words
from tests.monitor.desk.calendar.conftest import shift


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Lab: mon-fri 09:00-17:30, 8:30 a day."),
        ({"break_minutes": 30, "valid_from": date(2026, 11, 27)},
         "Lab: mon-fri 09:00-17:30, 8:00 a day, from Fri 27 Nov 2026."),
        (
            {"start": time(22), "end": time(6), "break_minutes": 30, "break_paid": True, "every_weeks": 2}
            | {"valid_from": date(2026, 3, 2), "valid_to": date(2026, 3, 31)},
            "Lab: mon-fri 22:00-06:00 (ends on the next day), every second week, 8:00 a day, from Mon 2 Mar 2026, "
            "until Tue 31 Mar 2026.",
        ),
    ],
)  # fmt: skip
def test_a_shift_is_one_sentence(values: dict[str, object], words: str) -> None:
    assert shift_words(shift(**values), "Lab") == words
