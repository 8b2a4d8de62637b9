"""Shifts: enter, change from a day on, end, remove and list them. Every function blocks: call it in workers only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Unpack
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.attendance import ledger, shifts
from db.calendar import Shift, monday
from db.engine import reading, writing
from db.ids import new_id
from db.people import groups, people
from db.records.people import Person
from db.schema.folding import folded
from monitor.desk.actor import Actor
from monitor.desk.by_id import with_id
from monitor.desk.calendar.overlap import overlap
from monitor.desk.calendar.wording import EVERYBODY, shift_words
from monitor.errors import UsageError
from monitor.text import date_text, plural, printable

_DAY: Final = timedelta(days=1)
_ROUND: Final = 54 * 7
"""Days within which each shift comes at least once."""
LISTED: Final = 200
"""Most people without a shift who are named."""


@dataclass(frozen=True, slots=True)
class ShiftEntry:
    """A shift as lists show it."""

    shift: Shift
    whose: str
    """A person's name, a group, or "everybody"."""
    people: int
    """For how many active people it counts on the day asked for, or on its first day if that is later."""

    @property
    def words(self) -> str:
        """The shift as one sentence."""
        return shift_words(self.shift, self.whose)


@dataclass(frozen=True, slots=True)
class ShiftList:
    """Who is expected when."""

    entries: tuple[ShiftEntry, ...]
    """Everybody's shifts first, then those of groups, then those of people."""
    without: tuple[Person, ...]
    """Active people for whom no shift is valid now or later, the first by name: they are never absent or late."""
    without_count: int
    """How many they are."""


@dataclass(frozen=True, slots=True)
class ShiftChange:
    """What a change of shifts did, or would do."""

    entry: ShiftEntry
    past_days: int
    """Days before today whose expectation changes."""
    first: date | None
    """The first day from today on whose expectation changes; None for no such day."""

    @property
    def effect(self) -> str:
        """For whom the shift counts, and what the change does to the past; two sentences."""
        people = f"It counts for {plural(self.entry.people, 'person', 'people')}."
        if self.entry.shift.group and not self.entry.people:
            people = f"Nobody is in the group {printable(self.entry.shift.group)} yet."
        return f"{people} {self.past}"

    @property
    def past(self) -> str:
        """What the change does to the days before it, in one sentence."""
        if self.past_days:
            return past_words(self.past_days)
        begin = self.entry.shift.valid_from
        if self.first and begin and begin < self.first:  # two days in "from" and "before" would contradict each other
            return f"The first day that changes is {date_text(self.first)}."
        return f"Days before {date_text(self.first) if self.first else 'today'} stay as they are."


def past_words(days: int) -> str:
    """How many days before today a change changes, in one sentence."""
    return f"It changes {plural(days, 'day')} before today."


def list_shifts(engine: Engine, day: date, *, ended: bool = False) -> ShiftList:
    """All shifts, and who has none. Raises: DatabaseError.

    Args:
        day: people are counted on this day.
        ended: also the shifts that ended before.
    """
    with reading(engine) as session:
        found = shifts.all_shifts(session, None if ended else day)
        without, count = shifts.people_without(session, day, LISTED)
        return ShiftList(tuple(_entries(session, found, day)), tuple(without), count)


def find_shift(engine: Engine, text: str) -> Shift:
    """The shift with this id, or whose id ends in this text. Raises: UsageError."""
    with reading(engine) as session:
        by_id = {str(one.id): one for one in shifts.all_shifts(session)}
    return with_id(by_id, text, "shift", "muster shifts list")


def preview(engine: Engine, zone: ZoneInfo, shift: Shift, now: datetime, *, instead: UUID | None = None) -> ShiftChange:
    """What adding this shift would do, without doing it. Raises: UsageError, when another one is in its way.

    Args:
        instead: the shift that it replaces from its first day on.
    """
    with reading(engine) as session:
        require_free(session, shift, instead)
        old = [shifts.get(session, instead)] if instead else []
        return _change(session, zone, shift, [*old, shift], shift.valid_from, now)


def add_shift(engine: Engine, zone: ZoneInfo, shift: Shift, **by: Unpack[Actor]) -> ShiftChange:
    """Enter a shift.

    Raises:
        InvalidRecord: a value makes no sense.
        UsageError: the same people have another shift at this time.
    """
    with writing(engine) as session:
        added = shifts.add(session, shift, **by)
        require_free(session, added, None)
        return _change(session, zone, added, [added], added.valid_from, by["at"])


def change_shift(
    engine: Engine, zone: ZoneInfo, shift: UUID, changed: Shift, day: date, **by: Unpack[Actor]
) -> ShiftChange:
    """Change a shift from a day on: the old one ends, and a new one begins, so that the days before stay.

    Args:
        shift: the old one.
        changed: the new values; its id and first day are not read.
        day: the first day of the new values. Of a shift that comes every few weeks, and whose weeks stay, the change
            begins in the first of its weeks.

    Raises:
        InvalidRecord: a value makes no sense, or the shift was removed.
        UsageError: the same people have another shift at this time, or the day is after the old one's last.
    """
    with writing(engine) as session:
        old = shifts.get(session, shift)
        if old.valid_to and day > old.valid_to:
            raise UsageError(f"The shift ends on {old.valid_to}; change it from an earlier day on, or add a new one.")
        first = max(day, old.valid_from or day)
        if changed.every_weeks == old.every_weeks > 1:
            while not old.is_week(first):
                first = monday(first) + 7 * _DAY
        ended = shifts.end(session, shift, first - _DAY, **by)
        new = shifts.add(session, replace(changed, id=new_id(), valid_from=first), **by)
        require_free(session, new, ended.id if ended else None)
        return _change(session, zone, new, [old, new], first, by["at"])


def end_shift(engine: Engine, zone: ZoneInfo, shift: UUID, last: date, **by: Unpack[Actor]) -> ShiftChange:
    """Let a shift end with this day; one that has not begun by then is removed. Raises: InvalidRecord."""
    with writing(engine) as session:
        before = shifts.get(session, shift)
        told = _change(session, zone, before, [before], last + _DAY, by["at"])
        after = shifts.end(session, shift, last, **by)
        return replace(told, entry=replace(told.entry, shift=after)) if after else told


def remove_shift(engine: Engine, zone: ZoneInfo, shift: UUID, **by: Unpack[Actor]) -> ShiftChange:
    """Remove a shift as if it had never been, from the past, too. Raises: InvalidRecord."""
    with writing(engine) as session:
        before = shifts.get(session, shift)
        told = _change(session, zone, before, [before], None, by["at"])
        shifts.remove(session, shift, **by)
        return told


def _entries(session: Session, found: Sequence[Shift], day: date) -> Iterable[ShiftEntry]:
    known = people.by_id(session, [one.person for one in found if one.person is not None])
    entries = []
    for one in found:
        person = known.get(one.person) if one.person else None
        whose = person.name if person else one.group or EVERYBODY
        # Thousands of people may have a shift of their own: those are not asked for one by one.
        counted = int(person.active) if person else shifts.people_count(session, one, max(day, one.valid_from or day))
        entries.append(ShiftEntry(one, whose, counted))
    return sorted(
        entries, key=lambda one: (one.shift.person is not None, one.shift.group is not None, folded(one.whose))
    )


def _change(
    session: Session, zone: ZoneInfo, shift: Shift, touched: Sequence[Shift], first: date | None, now: datetime
) -> ShiftChange:
    today = now.astimezone(zone).date()
    (entry,) = _entries(session, [shift], today)
    enrolled = groups.first_enrolled(session, person=shift.person, group=shift.group)
    past: set[date] = set()
    if enrolled is not None:
        begin = max(first or date.min, enrolled.astimezone(zone).date())
        past.update(begin + offset * _DAY for offset in range((today - begin).days))
        before = ledger.instants_before(session, enrolled, person=shift.person, group=shift.group)
        past.update(at.astimezone(zone).date() for at in before)
    days = sum(any(one.starts_on(day) for one in touched) for day in past if (first or day) <= day < today)
    ahead = (max(first or today, today) + offset * _DAY for offset in range(_ROUND))
    return ShiftChange(entry, days, next((day for day in ahead if any(one.starts_on(day) for one in touched)), None))


def require_free(session: Session, shift: Shift, instead: UUID | None) -> None:
    """Two shifts of the same people at one time would make each passage a guess. Raises: UsageError.

    Args:
        instead: a shift that does not count, since this one takes its place.
    """
    for other in shifts.of_scope(session, shift.person, shift.group, shift.valid_from, shift.valid_to):
        if other.id not in (shift.id, instead) and overlap(shift, other):
            (entry,) = _entries(session, [other], other.valid_from or date.min)
            sentence = f"There is a shift at this time already: {entry.words[:-1]}; change or end that one."
            raise UsageError(sentence, code="shift-clash")
