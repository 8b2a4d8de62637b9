"""The days of a month by person, and their sums."""

from datetime import date, timedelta

from monitor.attendance.days import Period
from monitor.attendance.summary import Status
from monitor.desk.days.attendance import attendance
from monitor.desk.days.month import month_of, people_days
from tests.monitor.world import NAMES, NOW, World


def test_a_month_has_a_line_for_everybody_with_the_days_of_the_report(world: World) -> None:
    period = month_of(date(2026, 3, 9))
    assert period == Period(date(2026, 3, 1), date(2026, 3, 31))
    assert month_of(date(2028, 2, 29)).last == date(2028, 2, 29)
    lines = people_days(world.engine, world.settings, period, NOW)
    assert [line.person.name for line in lines] == sorted(name for name, _ in NAMES)
    report = attendance(world.engine, world.settings, period, NOW)
    assert sum(len(line.days) for line in lines) == len(report)
    for line in lines:
        mine = [one.summary for one in report if one.person.id == line.person.id]
        assert list(line.days) == [one.day for one in mine]
        assert line.sums.hours == sum((one.present for one in mine), timedelta())
        assert line.sums.balance == timedelta(minutes=sum(one.overtime_minutes or 0 for one in mine))
        assert line.sums.absent == sum(one.status is Status.ABSENT for one in mine)
    assert sum(line.sums.came for line in lines) == sum(bool(one.summary.pieces) for one in report)
