"""Who is expected on one day, and who should have come by now. Pure functions.

The answer is short whatever the number of people, so that the database can count and find those who did not come
(`db.attendance.board`), of whom there may be a million.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from db.records import Expectation, Person
from monitor.attendance.shifts import Shift, day_bounds, expected

NOBODY = UUID(int=0)
"""An id that no person has."""


def expectation(
    day: date, shifts: Sequence[Shift], groups: Mapping[UUID, str | None], zone: ZoneInfo, now: datetime
) -> Expectation:
    """Who is on the day's list, and who should have come by now.

    Args:
        shifts: all shifts of the site; when there are none at all, everybody is expected every day.
        groups: the group of each person with shifts of their own whose expectation matters.
    """
    start, end = day_bounds(day, zone)
    if day > now.astimezone(zone).date():
        return Expectation(listed_before=None)

    def overdue(person: UUID, group: str | None) -> bool:
        if not shifts:
            return now >= start
        shift = expected(shifts, person, group, day, zone)
        return shift is not None and now > shift.late_after

    own = frozenset(shift.person for shift in shifts if shift.person is not None)
    with_shifts = frozenset(shift.group for shift in shifts if shift.group is not None)
    overdue_groups = frozenset(group for group in with_shifts if overdue(NOBODY, group))
    return Expectation(
        listed_before=end,
        overdue_groups=overdue_groups,
        other_groups=with_shifts - overdue_groups,
        others_overdue=overdue(NOBODY, None),
        own_shifts=own,
        overdue_people=frozenset(person for person in own & groups.keys() if overdue(person, groups[person])),
    )


def is_listed(expectation: Expectation, person: Person) -> bool:
    """Whether somebody is on the day's list even when they do not come."""
    before = expectation.listed_before
    return before is not None and person.active and person.created_at < before


def is_overdue(expectation: Expectation, person: Person) -> bool:
    """Whether somebody on the list should have come by now."""
    if not is_listed(expectation, person):
        return False
    if person.id in expectation.own_shifts:
        return person.id in expectation.overdue_people
    if person.group in expectation.overdue_groups:
        return True
    return expectation.others_overdue and person.group not in expectation.other_groups
