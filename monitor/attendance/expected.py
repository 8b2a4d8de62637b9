"""What is said on one day of those who did not come. Pure functions.

The answer is short whatever the number of people, so that the database can count and find those who did not come
(`db.attendance.board`), of whom there may be a million.
"""

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from db.records.attendance import Expectation
from db.records.people import Person
from monitor.attendance.calendar import day_bounds
from monitor.attendance.day import status_without_passages
from monitor.attendance.days import Counting, is_listed


def expectation(counting: Counting, day: date, own: Mapping[UUID, Person], now: datetime) -> Expectation:
    """Who is on the day's list, and what is said of them if they do not come.

    Args:
        own: those whose own calendar decides.
    """
    calendars = counting.calendars
    if day > now.astimezone(calendars.zone).date():
        return Expectation(listed_before=None)
    said = {
        group: status_without_passages(calendars.of_group(group).days[day], counting.now)
        for group in calendars.rota.of_group
    }
    empty = ((person, counting.empty(person, day)) for person in own.values())
    people = {person.id: one.status for person, one in empty if is_listed(person, one, day, calendars.zone)}
    return Expectation(
        listed_before=day_bounds(day, calendars.zone)[1],
        groups=said,
        others=status_without_passages(calendars.of_group(None).days[day], counting.now),
        people=people,
    )


def status_of(expectation: Expectation, person: Person) -> str | None:
    """What is said of somebody who does not come; None for somebody who is not on the day's list."""
    if person.id in expectation.people:
        return expectation.people[person.id]
    before = expectation.listed_before
    if before is None or not person.active or person.created_at >= before:
        return None
    return expectation.groups.get(person.group or "", expectation.others)
