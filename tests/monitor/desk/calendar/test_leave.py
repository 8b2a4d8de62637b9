"""Leave: by hand and from a list, and how many days of it have a shift."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from db.calendar import HalfDay, Leave, LeaveKind
from db.errors import InvalidRecord
from db.ids import new_id
from monitor.attendance.days import Period
from monitor.config import Settings
from monitor.desk.calendar import holidays, leave, shifts
from monitor.desk.calendar.leave import LeaveEntry, parse_half, parse_kind
from monitor.desk.days.attendance import attendance
from monitor.errors import UsageError
from monitor.reports import lines
from tests.monitor.desk.calendar.conftest import TODAY, Site, shift

DAY = timedelta(days=1)
MONDAY = date(2026, 12, 21)


def enter(
    site: Site, first: date, last: date | None = None, *, half: HalfDay | None = None, kind: LeaveKind = "holiday"
) -> LeaveEntry:
    new = Leave(new_id(), site.ids["Zoë Young"], first, last or first, kind, half)
    return leave.add_leave(site.engine, site.zone, new, **site.by)


def test_days_without_a_shift_and_holidays_take_no_leave(site: Site) -> None:
    assert enter(site, MONDAY - 7 * DAY).days is None  # nobody has a shift
    shifts.add_shift(site.engine, site.zone, shift(), **site.by)
    assert enter(site, MONDAY, MONDAY + 6 * DAY).days == 5
    holidays.add_holiday(site.engine, date(2026, 12, 25), "Christmas", **site.by)
    holidays.add_holiday(site.engine, date(2026, 12, 24), "Christmas Eve", "afternoon", **site.by)
    (_, week) = leave.list_leave(site.engine, TODAY)
    assert week.days == Fraction(7, 2)
    assert week.words == "Zoë Young: on holiday from Mon 21 Dec 2026 to Sun 27 Dec 2026."
    half = enter(site, MONDAY + 7 * DAY, half="morning", kind="sick")
    assert (half.days, half.words) == (Fraction(1, 2), "Zoë Young: sick on Mon 28 Dec 2026, in the morning.")
    shifts.add_shift(site.engine, site.zone, shift(group="Lab", weekdays=frozenset({0})), **site.by)
    assert leave.list_leave(site.engine, MONDAY, MONDAY)[0].days == 1
    shifts.add_shift(site.engine, site.zone, shift(person=site.ids["Zoë Young"], weekdays=frozenset({6})), **site.by)
    assert leave.list_leave(site.engine, MONDAY, MONDAY)[0].days == 1
    assert leave.list_leave(site.engine, MONDAY + 7 * DAY)[0].days == 0


def test_leave_of_somebody_without_a_shift_is_in_the_reports(site: Site) -> None:
    enter(site, MONDAY, MONDAY + DAY, kind="sick")
    enter(site, MONDAY + 2 * DAY, half="morning")
    now = datetime(2026, 12, 28, tzinfo=site.zone)
    settings = Settings(time_zone=str(site.zone))

    def told() -> list[tuple[str, object]]:
        days = attendance(site.engine, settings, Period(MONDAY, MONDAY + 2 * DAY), now)
        return [
            (str(one["status"]), one["leave"]) for one in lines.days(days, site.zone) if one["person"] == "Zoë Young"
        ]

    assert told() == [("on leave", "sick"), ("on leave", "sick"), ("not expected", None)]
    shifts.add_shift(site.engine, site.zone, shift(weekdays=frozenset({0})), **site.by)
    assert told() == [("on leave", "sick"), ("not expected", None), ("not expected", None)], "a day off takes none"


def test_leave_in_the_past_says_how_many_days_it_touches(site: Site) -> None:
    assert enter(site, TODAY - 3 * DAY, TODAY + DAY).past_days == 3
    assert enter(site, TODAY - 9 * DAY, TODAY - 8 * DAY).past_days == 2
    assert enter(site, TODAY + 2 * DAY).past_days == 0


def test_leave_is_listed_by_range_and_person_changed_and_removed(site: Site) -> None:
    kept = enter(site, MONDAY, MONDAY + 2 * DAY).leave
    bob = Leave(new_id(), site.ids["Bob Planner"], MONDAY, MONDAY, "sick")
    leave.add_leave(site.engine, site.zone, bob, **site.by)
    assert [one.person.name for one in leave.list_leave(site.engine, MONDAY, MONDAY)] == ["Zoë Young", "Bob Planner"]
    assert [one.leave for one in leave.list_leave(site.engine, TODAY, person=bob.person)] == [bob]
    shorter = Leave(new_id(), bob.person, MONDAY, MONDAY + DAY, "unpaid", note="asked for")
    changed = leave.change_leave(site.engine, site.zone, kept.id, shorter, **site.by).leave
    assert changed == replace(shorter, person=kept.person)
    with pytest.raises(InvalidRecord, match="swap them"):
        leave.change_leave(site.engine, site.zone, changed.id, replace(shorter, first=MONDAY + 3 * DAY), **site.by)
    assert leave.find_leave(site.engine, str(changed.id)[-8:]) == changed
    leave.remove_leave(site.engine, site.zone, changed.id, **site.by)
    assert [one.leave for one in leave.list_leave(site.engine, TODAY)] == [bob]
    with pytest.raises(UsageError, match="muster leave list"):
        leave.find_leave(site.engine, str(changed.id))


def test_a_list_of_leave_is_entered_row_by_row(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "leave.csv"
    file.write_text(
        "Name,From,To,Kind,Half,Note\n"
        "zoe young,2026-12-21,2026-12-23,holiday,,to Rome\n"
        "Bob Planner,4 dec,,sick,afternoon,\n"
        "zoe young,2026-12-22,,sick,,\n"
        "zoe young,2026-12-30,2026-12-29,,,\n"
        "zoe young,2027-01-04,,party,,\n"
        "o,2027-01-05,,,,\n",
        encoding="utf-8",
    )
    for added, unchanged in ((2, 0), (0, 2)):
        done = leave.import_leave(site.engine, site.zone, file, **site.by)
        assert (done.added, done.unchanged) == (added, unchanged)
        assert [one.partition(":")[0] for one in done.problems] == ["Row 4", "Row 5", "Row 6", "Row 7"]
        assert done.problems[-1].endswith("number 'o'; did you mean Ada Lovelace, Bob Planner, Zoë Young?")
    found = [
        (one.person.name, one.leave.first, one.leave.half, one.leave.note)
        for one in leave.list_leave(site.engine, TODAY)
    ]
    assert found == [
        ("Bob Planner", date(2026, 12, 4), "afternoon", ""),
        ("Zoë Young", MONDAY, None, "to Rome"),
    ]


def test_kinds_and_halves_are_known_by_their_beginnings() -> None:
    assert [parse_kind(text) for text in ("s", "Holiday", "un")] == ["sick", "holiday", "unpaid"]
    assert [parse_half(text) for text in ("", "am", "after", "whole")] == [None, "morning", "afternoon", None]
    for parse, text in ((parse_kind, ""), (parse_kind, "party"), (parse_half, "evening")):
        with pytest.raises(UsageError, match="give"):
            parse(text)
