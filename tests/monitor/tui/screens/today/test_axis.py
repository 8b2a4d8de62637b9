"""A day on the time axis: each state has a sign of its own."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from db.calendar import Leave, Shift
from db.records.attendance import Presence
from db.records.people import Person
from monitor.attendance.days import counting
from monitor.attendance.passages import Passage
from monitor.attendance.person_calendar import calendars
from monitor.attendance.rules import Rules
from monitor.tui.screens.today.axis import ASCII, UNICODE, Axis

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 7, 13)
ANN = Person(UUID(int=3), "Ann", None, None, True, "", datetime(2026, 1, 1, tzinfo=UTC))


def at(clock: str) -> datetime:
    return datetime.combine(MONDAY, time.fromisoformat(clock), tzinfo=BERLIN).astimezone(UTC)


def line(*clocks: str, now: str = "23:00", shift: tuple[int, int] | None = (9, 17), leave: bool = False) -> str:
    """The axis by half hours of a day with these passages, in and out by turns."""
    kinds: tuple[Presence, Presence] = ("check_in", "check_out")
    passages = [
        Passage(UUID(int=n + 1), ANN.id, kinds[n % 2], at(clock), UUID(int=7)) for n, clock in enumerate(clocks)
    ]
    shifts = [Shift(UUID(int=1), frozenset(range(5)), time(shift[0]), time(shift[1]))] if shift else []
    away = [Leave(UUID(int=2), ANN.id, MONDAY, MONDAY, "sick")] if leave else []
    everybody = calendars(shifts, [], away, [], first=MONDAY, last=MONDAY, zone=BERLIN, rules=Rules())
    (summary,) = counting(everybody, at(now)).days(ANN, passages, [MONDAY])
    return Axis(per_hour=2).line(summary, BERLIN, at(now), UNICODE).replace(" ", "_")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (line("08:30", "12:00", "12:30", "17:30"), "_____▄██████▁█████████▄_________"),
        (line("09:10", "17:00"), "______░███████████████__________"),
        (line("09:00", "15:00"), "______████████████░░░░__________"),
        (line("09:00", now="12:00"), "______██████│·········__________"),
        (line(now="23:00"), "______░░░░░░░░░░░░░░░░__________"),
        (line("07:00", now="23:30"), "__????????????????????__________"),
        (line("09:00", "17:00", shift=None), "______▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄__________"),
        (line(leave=True), "______◇◇◇◇◇◇◇◇◇◇◇◇◇◇◇◇__________"),
    ],
    ids=["break", "late", "left early", "now", "absent", "never left", "no shift", "leave"],
)
def test_each_state_has_its_sign(shown: str, expected: str) -> None:
    assert shown == expected


def test_hours_stand_over_their_cells_and_ascii_signs_differ() -> None:
    assert Axis(per_hour=2).title == "06    09    12    15    18    21"
    assert Axis(per_hour=4).title.startswith("06  07  08  ")
    assert len(Axis(per_hour=4).title) == Axis(per_hour=4).cells == 64
    signs = [getattr(ASCII, name) for name in ASCII.__slots__]
    assert len(set(signs)) == len(signs)
    assert all(sign.isascii() for sign in signs)
    assert timedelta(hours=16) == timedelta(minutes=30) * Axis(per_hour=2).cells
