"""What the demo's people do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from db.calendar import Shift
from monitor.desk.demo.life import Passage, Repair, Stranger, acts
from monitor.desk.demo.team import CLEANING, Away, Member, members, shifts
from tests.monitor.desk.demo.conftest import NAMES

NOW = datetime(2026, 11, 26, 9, 58, tzinfo=UTC)
FIRST = date(2026, 10, 27)
TEAM = members(NAMES, 1)
BERLIN = ZoneInfo("Europe/Berlin")


def shifts_of(team: tuple[Member, ...]) -> dict[str, list[Shift]]:
    return {one.name: [shift for shift in shifts(FIRST) if shift.group == one.group] for one in team}


def month(seed: int = 1, now: datetime = NOW, zone: ZoneInfo = BERLIN) -> list[Passage | Stranger | Repair]:
    return acts(TEAM, shifts_of(TEAM), (), {}, FIRST, now, zone, strangers=3, seed=seed)


def test_the_same_seed_is_the_same_month_and_another_one_is_not() -> None:
    assert month() == month()
    assert month() != month(seed=2)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/St_Johns", "Asia/Kolkata"])
@pytest.mark.parametrize("hour", [0, 3, 12, 23])
def test_all_lies_between_the_first_day_and_now_in_order(zone: str, hour: int) -> None:
    now = datetime(2026, 11, 26, hour, 59, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    times = [one.at for one in month(now=now, zone=ZoneInfo(zone))]
    assert times == sorted(times)
    assert times[-1] <= now
    assert times[0] >= datetime.combine(FIRST, datetime.min.time(), tzinfo=ZoneInfo(zone))


def test_a_month_has_every_kind_of_thing_that_a_desk_meets() -> None:
    found = month()
    assert {one.what for one in found if isinstance(one, Repair)} == {"add", "void", "move"}
    assert {one.by for one in found if isinstance(one, Passage)} == {"face", "pin"}
    assert {one.number for one in found if isinstance(one, Stranger)} == {0, 1, 2}


def test_nobody_comes_on_a_holiday_or_on_leave() -> None:
    day, off = date(2026, 11, 16), date(2026, 11, 12)
    (away,) = [Away(one.name, off, off, "sick") for one in TEAM[:1]]
    found = acts(TEAM, shifts_of(TEAM), [away], {day: "Founders' Day"}, FIRST, NOW, BERLIN)
    came = [(one.at.astimezone(BERLIN), one.name) for one in found if isinstance(one, Passage)]
    nights = {one.name for one in TEAM if one.group == "Night watch"}  # they leave in the morning
    assert not [name for at, name in came if at.date() == day and name not in nights]
    assert not [name for at, name in came if at.date() == off and name == away.name]


def test_on_half_a_day_of_leave_somebody_goes_at_the_middle_of_the_shift() -> None:
    workday = date(2026, 11, 19)
    office = next(one for one in TEAM if one.group == "Office" and not one.part_time)
    away = Away(office.name, workday, workday, "training", "afternoon")
    found = acts([office], shifts_of((office,)), [away], {}, workday, NOW, BERLIN)
    last = max(one.at for one in found if isinstance(one, Passage) and one.at.astimezone(BERLIN).date() == workday)
    middle = datetime(2026, 11, 19, 13, 15, tzinfo=BERLIN)
    assert abs(last - middle) < timedelta(minutes=95)


def test_who_cleans_comes_without_a_shift() -> None:
    cleaners = tuple(one for one in TEAM if one.group == CLEANING)
    found = acts(cleaners, {}, (), {}, FIRST, NOW, BERLIN)
    assert {one.at.astimezone(BERLIN).weekday() for one in found if isinstance(one, Passage)} == {1, 4}
