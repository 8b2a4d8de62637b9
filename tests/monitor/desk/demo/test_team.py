"""Who the demo's people are."""

from collections import Counter
from datetime import date, timedelta
from itertools import combinations

from monitor.desk.calendar.overlap import overlap
from monitor.desk.demo.team import TEAM_A, TEAM_B, free_days, leave, members, shifts
from tests.monitor.desk.demo.conftest import NAMES

TODAY = date(2026, 11, 26)
FIRST = TODAY - timedelta(days=30)


def test_the_team_depends_on_names_and_seed_only() -> None:
    assert members(NAMES, 1) == members(NAMES[::-1], 1)
    assert members(NAMES, 1) != members(NAMES, 2)


def test_everybody_has_a_number_of_their_own_and_a_group() -> None:
    team = members(NAMES, 1)
    assert sorted(one.name for one in team) == sorted(NAMES)
    assert len({one.number for one in team}) == 30
    assert Counter(one.group for one in team) == {
        "Office": 10, "Workshop A": 6, "Workshop B": 6, "Night watch": 3, "Weekend": 3, "Cleaning": 2,
    }  # fmt: skip


def test_a_smaller_team_has_as_many_groups_as_it_can() -> None:
    assert [one.name for one in members(["Ada"], 1)] == ["Ada"]
    assert len(members(NAMES[:12], 1)) == 12


def test_the_workshops_teams_are_never_there_at_the_same_time() -> None:
    for day in (FIRST + timedelta(days=offset) for offset in range(40)):
        there = [one for one in shifts(FIRST) if one.group in (TEAM_A, TEAM_B) and one.starts_on(day)]
        assert len(there) == (2 if day.weekday() < 5 else 0)
        assert len({one.start for one in there}) == len(there)


def test_no_two_shifts_of_a_group_overlap() -> None:
    for one, other in combinations(shifts(FIRST), 2):
        assert one.group != other.group or not overlap(one, other)


def test_holidays_lie_in_the_past_and_to_come() -> None:
    found = free_days(FIRST, TODAY)
    assert any(FIRST <= day < TODAY and day.weekday() < 5 for day in found)
    assert any(day > TODAY for day in found)
    assert min(free_days(TODAY, TODAY)) >= TODAY


def test_leave_begins_with_the_past_at_the_earliest() -> None:
    team = members(NAMES, 1)
    every = leave(team, FIRST, TODAY)
    assert any(one.first <= TODAY <= one.last for one in every)
    assert any(one.last < TODAY for one in every)
    assert any(one.first > TODAY for one in every)
    assert all(one.first >= TODAY for one in leave(team, TODAY, TODAY))
