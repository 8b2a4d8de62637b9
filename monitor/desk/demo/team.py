"""Who the demo's people are: their groups, shifts, leave and the days on which nobody works. Invented."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from random import Random
from typing import Final

from db.calendar import HalfDay, LeaveKind, Shift, monday
from db.ids import new_id

OFFICE, TEAM_A, TEAM_B = "Office", "Workshop A", "Workshop B"
NIGHT, WEEKEND, CLEANING = "Night watch", "Weekend", "Cleaning"
_SHARES: Final = {OFFICE: 10, TEAM_A: 6, TEAM_B: 6, NIGHT: 3, WEEKEND: 3, CLEANING: 2}
"""How many people of thirty each group has. Nobody is expected of those who clean."""

_REFUSES, _NOT_ASKED = 3, 7
"""Places in the team: who refuses that moods are kept, and whom nobody asked."""
_WORKDAYS: Final = frozenset(range(5))
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Member:
    """One of the demo's people."""

    name: str
    number: str
    group: str
    part_time: bool = False
    """Has a shift of their own, which counts instead of the group's."""
    asked: bool = True
    """Whether somebody asked them what they agree to."""
    moods: bool = True
    """Whether they agree that their moods are kept."""


@dataclass(frozen=True, slots=True)
class Away:
    """A member's leave, both days included."""

    name: str
    first: date
    last: date
    kind: LeaveKind
    half: HalfDay | None = None
    note: str = ""


def members(names: Sequence[str], seed: int) -> tuple[Member, ...]:
    """Everybody with a number and a group, by group; the same for the same names and seed."""
    shuffled = sorted(names)
    Random(f"team {seed}").shuffle(shuffled)
    total = sum(_SHARES.values())
    groups = [group for group, share in _SHARES.items() for _ in range(-(-share * len(shuffled) // total))]
    found: list[Member] = []
    for index, (name, group) in enumerate(zip(shuffled, groups, strict=False)):
        number = str(101 + index)
        found.append(Member(name, number, group, index == 0, asked=index != _NOT_ASKED, moods=index != _REFUSES))
    return tuple(found)


def shifts(first: date) -> tuple[Shift, ...]:
    """The shifts of the groups.

    Args:
        first: the first day of the past; the workshop's two teams change between early and late every Monday.
    """
    week = monday(first)

    def shift(group: str, weekdays: frozenset[int], start: time, end: time, begin: date, every: int = 1) -> Shift:
        return Shift(new_id(), weekdays, start, end, None, group, 10, 30, valid_from=begin, every_weeks=every)

    early, late = (time(6), time(14)), (time(14), time(22))
    return (
        shift(OFFICE, _WORKDAYS, time(9), time(17, 30), week),
        shift(TEAM_A, _WORKDAYS, *early, week, 2),
        shift(TEAM_A, _WORKDAYS, *late, week + 7 * _DAY, 2),
        shift(TEAM_B, _WORKDAYS, *late, week, 2),
        shift(TEAM_B, _WORKDAYS, *early, week + 7 * _DAY, 2),
        shift(NIGHT, frozenset({0, 1, 2, 3, 6}), time(22), time(6), week),
        shift(WEEKEND, frozenset({5, 6}), time(10), time(18), week),
    )


def own_shift(first: date) -> tuple[frozenset[int], time, time, date]:
    """Weekdays, start, end and first day of the shift of who works part time."""
    return frozenset({0, 1, 2}), time(8, 30), time(12, 30), monday(first)


def free_days(first: date, today: date) -> dict[date, str]:
    """Public holidays from the first day to the end of next year, by day; one of them lies in the past weeks."""
    founders = today - 10 * _DAY
    while founders.weekday() > 4:
        founders -= _DAY
    found = {founders: "Founders' Day"} if founders > first else {}
    for year in range(first.year, today.year + 2):
        for month, day, name in (
            (1, 1, "New Year's Day"), (5, 1, "Labour Day"), (12, 25, "Christmas Day"), (12, 26, "Boxing Day"),
        ):  # fmt: skip
            found[date(year, month, day)] = name
    return {day: name for day, name in sorted(found.items()) if day >= first}


def leave(team: Sequence[Member], first: date, today: date) -> tuple[Away, ...]:
    """Leave in the past, of today and to come, from the first day on."""

    def of(group: str, index: int) -> str | None:
        there = [one.name for one in team if one.group == group]
        return there[index] if index < len(there) else None

    planned: tuple[tuple[str | None, int, int, LeaveKind, HalfDay | None, str], ...] = (
        (of(OFFICE, 1), -18, -14, "holiday", None, ""),
        (of(OFFICE, 2), -6, -5, "sick", None, ""),
        (of(OFFICE, 3), -1, 6, "holiday", None, "Mountains"),
        (of(OFFICE, 4), 12, 23, "holiday", None, ""),
        (of(OFFICE, 5), -8, -8, "training", "afternoon", "First aid"),
        (of(TEAM_A, 0), -13, -12, "training", None, "Forklift licence"),
        (of(TEAM_A, 1), 0, 1, "sick", None, ""),
        (of(TEAM_B, 0), -23, -20, "holiday", None, ""),
        (of(NIGHT, 0), -9, -7, "unpaid", None, "Moving house"),
    )
    return tuple(
        Away(name, max(first, today + start * _DAY), today + end * _DAY, kind, half, note)
        for name, start, end, kind, half, note in planned
        if name is not None and today + end * _DAY >= first
    )
