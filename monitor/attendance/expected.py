"""What is said on one day of those who did not come. Pure functions.

The answer is short whatever the number of people, so that the database can count and find those who did not come
(`db.attendance.board`), of whom there may be a million.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time
from uuid import UUID

from db.records.attendance import Expectation, OwnShifts
from db.records.people import Person
from monitor.attendance.calendar import day_bounds, local_minute
from monitor.attendance.day import status_without_passages
from monitor.attendance.days import Counting, is_listed
from monitor.attendance.summary import Status


def expectation(
    counting: Counting,
    day: date,
    apart: Mapping[UUID, Person],
    own_starts: Collection[tuple[time, int]],
    now: datetime,
) -> Expectation:
    """Who is on the day's list, and what is said of them if they do not come.

    Args:
        apart: those whose calendar has to be read.
        own_starts: starts and minutes of grace of the others' own shifts, which come every week.
    """
    calendars = counting.calendars
    if day > now.astimezone(calendars.zone).date():
        return Expectation(listed_before=None)
    said = {
        group: status_without_passages(calendars.of_group(group).days[day], counting.now)
        for group in calendars.rota.of_group
    }
    empty = ((person, counting.empty(person, day)) for person in apart.values())
    people = {person.id: one.status for person, one in empty if is_listed(person, one, day, calendars.zone)}
    return Expectation(
        listed_before=day_bounds(day, calendars.zone)[1],
        groups=said,
        others=status_without_passages(calendars.of_group(None).days[day], counting.now),
        people=people,
        own=_own(own_starts, day, counting) if own_starts else None,
    )


def _own(starts: Collection[tuple[time, int]], day: date, counting: Counting) -> OwnShifts:
    overdue: dict[int, time] = {}
    for start, grace in starts:
        if local_minute(day, start, counting.calendars.zone) + grace < counting.now:
            overdue[grace] = max(start, overdue.get(grace, start))
    return OwnShifts(day, overdue, (Status.NOT_EXPECTED, Status.DUE, Status.ABSENT))


def status_of(expectation: Expectation, counting: Counting, day: date, person: Person) -> str | None:
    """What is said of somebody who does not come; None for somebody who is not on the day's list."""
    if person.id in expectation.people:
        return expectation.people[person.id]
    before = expectation.listed_before
    if before is None or not person.active or person.created_at >= before:
        return None
    if person.id in counting.calendars.rota.own:
        return counting.empty(person, day).status
    return expectation.groups.get(person.group or "", expectation.others)
