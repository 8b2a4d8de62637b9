"""What the demo's people do: when they pass the door, whom it does not know, and what the desk puts right afterwards.

Nothing here decides what a passage means: the rules of attendance do, when `past.py` plays it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final, Literal
from zoneinfo import ZoneInfo

from db.calendar import Shift
from monitor.desk.demo.team import CLEANING, OFFICE, Away, Member

_DAY: Final = timedelta(days=1)
_CLEANING_DAYS: Final = frozenset({1, 4})
_KEPT_DAYS: Final = 26
"""Days back of the oldest visit of a stranger; faces of unknown people are kept for 30."""

_STAYS_AWAY: Final = 0.015
_LATE: Final = 0.09
_EARLY: Final = 0.04
_FORGETS: Final = 0.025
_REPAIRED: Final = 0.6
"""Share of the forgotten check-outs older than three days that the desk has added."""
_BY_PIN: Final = 0.03
_SEEN_AGAIN: Final = 0.04
_LUNCH_OUT: Final = 0.35
_MISTAKEN: Final = 0.02
_COVERED: Final = 0.02


@dataclass(frozen=True, slots=True)
class Passage:
    """Somebody enrolled passes the door."""

    at: datetime
    """UTC."""
    name: str
    by: Literal["face", "pin"] = "face"


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody passes whom nobody has enrolled."""

    at: datetime
    number: int
    """Which of the strangers."""


@dataclass(frozen=True, slots=True)
class Repair:
    """What somebody at the desk does about a passage."""

    at: datetime
    name: str
    what: Literal["add", "void", "move"]
    """A forgotten check-out is added, an entry of somebody else is made void, an arrival is set earlier."""
    when: datetime
    """When it really happened; the passage itself for "void"."""
    reason: str
    passage: datetime | None = None
    """When the door wrote the passage that is made void or moved."""


def acts(
    team: Sequence[Member],
    shifts: Mapping[str, Sequence[Shift]],
    away: Sequence[Away],
    free: Mapping[date, str],
    first: date,
    now: datetime,
    zone: ZoneInfo,
    *,
    strangers: int = 0,
    seed: int = 1,
) -> list[Passage | Stranger | Repair]:
    """All that happens from the first day until now, by time; the same for the same arguments.

    Args:
        shifts: each member's own ones, by name; none for who comes as they like.
        free: days on which nobody comes.
        now: UTC.
        strangers: how many different ones come.
        seed: another one gives other days.
    """
    today = now.astimezone(zone).date()
    found: list[Passage | Stranger | Repair] = []
    for member in team:
        dice = _Dice(zone, Random(f"life {seed} {member.name}"))
        for day in (first + offset * _DAY for offset in range((today - first).days + 1)):
            if day in free:
                continue
            leave = next((one for one in away if one.name == member.name and one.first <= day <= one.last), None)
            if leave is not None and leave.half is None:
                continue
            for start, planned in _times(shifts.get(member.name, ()), member, day):
                end = start + (planned - start) / 2 if leave else planned
                found += _stay(member, start, end, now, dice)
    found += _visits(first, today, zone, strangers, Random(f"strangers {seed}"))
    return sorted((one for one in found if one.at <= now), key=lambda one: one.at)


def _times(shifts: Sequence[Shift], member: Member, day: date) -> Iterator[tuple[datetime, datetime]]:
    """On the wall clock: when the member is to come and to leave on that day."""
    if member.group == CLEANING and day.weekday() in _CLEANING_DAYS:
        start = datetime.combine(day, time(17, 40))
        yield start, start + timedelta(hours=2, minutes=20)
    for shift in shifts:
        if shift.starts_on(day):
            start = datetime.combine(day, shift.start)
            yield start, start + shift.length


@dataclass(frozen=True, slots=True)
class _Dice:
    """One person's chances; times are on the wall clock until `utc`."""

    zone: ZoneInfo
    random: Random

    def utc(self, clock: datetime) -> datetime:
        return clock.replace(tzinfo=self.zone).astimezone(UTC)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def minutes(self, low: float, high: float) -> timedelta:
        return timedelta(seconds=round(self.random.uniform(low, high) * 60))


def _stay(member: Member, start: datetime, end: datetime, now: datetime, dice: _Dice) -> Iterator[Passage | Repair]:
    """One stay of a member, from coming to leaving."""
    if dice.chance(_STAYS_AWAY):
        return
    came = start + dice.minutes(13, 50) if dice.chance(_LATE) else start - dice.minutes(1, 16)
    left = end - dice.minutes(20, 90) if dice.chance(_EARLY) else end + dice.minutes(0, 14)
    office = member.group == OFFICE and end - start > timedelta(hours=6)
    if office and dice.chance(_COVERED):
        seen = came + dice.minutes(18, 30)
        at, reason = dice.utc(seen), "A delivery stood before the camera."
        yield Repair(at + timedelta(hours=2), member.name, "move", dice.utc(came), reason, at)
        came = seen
    yield Passage(dice.utc(came), member.name, "pin" if dice.chance(_BY_PIN) else "face")
    if dice.chance(_SEEN_AGAIN):
        yield Passage(dice.utc(came) + timedelta(seconds=14), member.name)
    if office:
        yield from _middle(member, start.date(), dice)
    if not dice.chance(_FORGETS):
        yield Passage(dice.utc(left), member.name)
    elif dice.utc(left) < now - 3 * _DAY and dice.chance(_REPAIRED):
        desk = datetime.combine(left.date() + _DAY, time(9, 40)) + dice.minutes(0, 30)
        really = dice.utc(left).replace(second=0)
        yield Repair(dice.utc(desk), member.name, "add", really, "Forgot to check out; told by phone.")


def _middle(member: Member, day: date, dice: _Dice) -> Iterator[Passage | Repair]:
    """Lunch outside, and an entry that was somebody else's."""
    if dice.chance(_LUNCH_OUT):
        lunch = datetime.combine(day, time(12)) + dice.minutes(0, 40)
        yield Passage(dice.utc(lunch), member.name)
        yield Passage(dice.utc(lunch + dice.minutes(26, 42)), member.name)
    if dice.chance(_MISTAKEN):
        at = dice.utc(datetime.combine(day, time(14)) + dice.minutes(0, 90))
        yield Passage(at, member.name)
        yield Repair(at + dice.minutes(15, 50), member.name, "void", at, "It was somebody else.", at)


def _visits(first: date, today: date, zone: ZoneInfo, strangers: int, random: Random) -> Iterator[Stranger]:
    back = min((today - first).days, _KEPT_DAYS)
    for number in range(strangers):
        for _ in range(random.randint(1, 4)):
            day = today - random.randint(0, back) * _DAY
            clock = datetime.combine(day, time(8)) + timedelta(minutes=random.randint(0, 9 * 60))
            yield Stranger(clock.replace(tzinfo=zone).astimezone(UTC), number)
