"""A simulated site: nights, rotations, leave, forgotten and double punches, two doors, both changes of the clock.

The count of its days is another algorithm than the rules': it knows what each person did, shift by shift, and adds that
up on the site's clock; it never assigns a passage to anything.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from db.records.attendance import Presence

ZONE: Final = ZoneInfo("Europe/Berlin")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """The shift of a group."""

    weekdays: tuple[int, ...]
    start: time
    end: time
    grace: int
    pause: int
    paid: bool = False
    every: int = 1
    week: int = 0
    """With `every`: the number of the week from the first one."""


GROUPS: Final[dict[str, tuple[Plan, ...]]] = {
    "Office": (Plan((0, 1, 2, 3, 4), time(9), time(17, 30), 5, 30),),
    "Night": (Plan((5, 6, 1, 2), time(22), time(6), 10, 30),),
    "Rotation": (
        Plan((0, 1, 2, 3, 4), time(6), time(14, 15), 5, 15, True, 2, 0),
        Plan((0, 1, 2, 3, 4), time(14), time(22, 15), 5, 15, True, 2, 1),
    ),
    "Split": (
        Plan((0, 1, 2, 3, 4, 5), time(8), time(12), 5, 0),
        Plan((0, 1, 2, 3, 4, 5), time(16), time(20), 5, 0),
    ),
    "Visitors": (),
}


@dataclass(slots=True)
class Told:
    """What a day comes to, as far as the site's clock tells."""

    status: str = "not expected"
    minutes: int = 0
    late: int | None = 0
    early: int | None = 0
    expected: int | None = 0
    overtime: int | None = 0
    incomplete: bool = False


@dataclass(slots=True)
class Life:
    """One person's year: what they do before the doors, and what each day comes to."""

    group: str
    passages: list[tuple[datetime, str, Presence]] = field(default_factory=list)
    """At a door, with what the door must make of it."""
    doubles: list[tuple[datetime, str]] = field(default_factory=list)
    """Seen again, which makes no passage."""
    leave: set[date] = field(default_factory=set)
    days: dict[date, Told] = field(default_factory=dict)


def spans(group: str, first: date, day: date) -> list[tuple[Plan, datetime, datetime]]:
    """A group's shifts that start on a day, on the site's clock."""
    monday = first - first.weekday() * _DAY
    week = (day - monday).days // 7
    found = []
    for plan in GROUPS[group]:
        if day.weekday() in plan.weekdays and week % plan.every == plan.week:
            ends = day if plan.end > plan.start else day + _DAY
            start, end = (
                datetime.combine(on, at, tzinfo=ZONE) for on, at in ((day, plan.start), (ends, plan.end))
            )  # fmt: skip
            found.append((plan, start, end))
    return found


def live(group: str, first: date, last: date, holidays: set[date], random: Random) -> Life:
    """Somebody's year, at random."""
    life = Life(group)
    day = first
    while day <= last:
        if random.random() < 0.01:
            life.leave |= {day + number * _DAY for number in range(random.randrange(1, 8))}
        told = life.days[day] = Told(expected=0 if GROUPS[group] else None, overtime=0 if GROUPS[group] else None)
        _live_day(life, told, day, spans(group, first, day), holidays, random)
        day += _DAY
    return life


def _live_day(
    life: Life,
    told: Told,
    day: date,
    shifts: list[tuple[Plan, datetime, datetime]],
    holidays: set[date],
    random: Random,
) -> None:
    if day in holidays:
        told.status = "public holiday"
    if not shifts:
        if not GROUPS[life.group]:
            _day_of_a_visitor(life, told, day, holidays, random)
        return
    if day in holidays:
        return
    if day in life.leave:
        told.status = "on leave"
        return
    told.expected = sum(_real(start, end) - (0 if plan.paid else plan.pause) for plan, start, end in shifts)
    if random.random() < 0.02:
        told.status, told.overtime = "absent", -told.expected
        return
    told.status = "left"
    for plan, start, end in shifts:
        _work(life, told, plan, start, end, random)
    told.overtime = None if told.incomplete else told.minutes - told.expected
    if told.incomplete:
        told.status = "incomplete"


def _day_of_a_visitor(life: Life, told: Told, day: date, holidays: set[date], random: Random) -> None:
    if random.random() < 0.4:
        _visit(life, told, day, random)
    if day in life.leave and day not in holidays:
        told.status = "on leave"  # who has no shift at all has leave on any day


def _work(life: Life, told: Told, plan: Plan, start: datetime, end: datetime, random: Random) -> None:
    came = start + random.randrange(-20, 25) * timedelta(minutes=1)
    went = end + random.randrange(-25, 40) * timedelta(minutes=1)
    came, went = (_exact(at, random) for at in (came, went))
    late = _real(start, came)
    told.late = (told.late or 0) + (late if late > plan.grace else 0)
    door = random.choice("AB")
    life.passages.append((came, door, "check_in"))
    if random.random() < 0.05:
        life.doubles.append((came + timedelta(seconds=70), "B" if door == "A" else "A"))
    forgets = random.random() < 0.03
    middle = start + (end - start) / 2
    pause = random.randrange(20, 50) if plan.pause and not forgets and random.random() < 0.5 else 0
    if pause:
        out, back = _exact(middle, random), _exact(middle + pause * timedelta(minutes=1), random)
        life.passages += [(out, random.choice("AB"), "check_out"), (back, random.choice("AB"), "check_in")]
        pause = _real(out, back)
    if forgets:
        told.incomplete, told.early = True, None
        return
    life.passages.append((went, random.choice("AB"), "check_out"))
    gone = _real(went, end)
    told.early = (told.early or 0) + max(0, gone)
    told.minutes += _counted(plan, (came, went), (start, end), pause)


def _counted(plan: Plan, stay: tuple[datetime, datetime], shift: tuple[datetime, datetime], pause: int) -> int:
    """Minutes of a shift by real time, the break taken off."""
    present = _real(*stay) - pause
    if plan.paid:
        return present + min(pause, plan.pause)
    inside = _real(max(stay[0], shift[0]), min(stay[1], shift[1])) - pause
    return present - (min(max(0, plan.pause - pause), inside - 360) if inside > 360 else 0)


def _visit(life: Life, told: Told, day: date, random: Random) -> None:
    came = _exact(datetime.combine(day, time(random.randrange(6, 12), random.randrange(60)), tzinfo=ZONE), random)
    went = came + random.randrange(10, 600) * timedelta(minutes=1)
    told.status, told.minutes = "left", _real(came, went)
    life.passages += [(came, random.choice("AB"), "check_in"), (went, random.choice("AB"), "check_out")]


def _exact(at: datetime, random: Random) -> datetime:
    """With seconds, in UTC."""
    return at.astimezone(UTC).replace(second=random.randrange(60))


def _real(start: datetime, end: datetime) -> int:
    """Whole minutes of real time between two instants, seconds cut."""
    both = (at.astimezone(UTC).replace(second=0, microsecond=0) for at in (end, start))
    return int((next(both) - next(both)).total_seconds()) // 60
