"""Moods of a range of days, for the mood screen and the reports. Every function blocks: call it in workers only."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db.engine import reading, writing
from db.observations import moods, rollups
from db.people import pages, people
from monitor.attendance.days import Period
from monitor.config import Settings
from monitor.desk.days.mood_history import (
    MoodHistory,
    baselines,
    counted,
    load_history,
    roll_up,
    tallied,
    unrolled,
    with_baselines,
    with_today,
)
from monitor.desk.days.mood_weeks import MoodWeek, mood_weeks
from monitor.errors import UsageError
from monitor.moods import cells
from monitor.moods.cells import MoodCell, MoodChange
from monitor.moods.samples import numbered
from monitor.moods.tally import By, tally

MOST = 200
"""The mood screen lists at most so many people."""


class Range(StrEnum):
    """The days that the screen shows, the last of them today."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"

    @property
    def days(self) -> int:
        return {Range.DAY: 1, Range.WEEK: 7, Range.MONTH: 30, Range.QUARTER: 91}[self]

    def period(self, last: date) -> Period:
        return Period(last - timedelta(days=self.days - 1), last)


_OVER_TIME: Final[Mapping[Range, By]] = {
    Range.DAY: "hour", Range.WEEK: "day", Range.MONTH: "day", Range.QUARTER: "day",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PersonMood:
    """One person's mood in the period, and how it differs from their baseline."""

    name: str
    cell: MoodCell
    change: MoodChange | None
    """None where too little is known of the weeks before."""
    usual: MoodCell | None
    """Of the four weeks before the period; None where they are not known."""


@dataclass(frozen=True, slots=True)
class MoodView:
    """All that the mood screen shows."""

    period: Period
    total: MoodCell | None
    """None without samples."""
    over_time: tuple[MoodCell, ...]
    """By hour for one day, else by day."""
    week: tuple[MoodCell, ...]
    """By (weekday, hour)."""
    groups: tuple[MoodCell, ...]
    people: tuple[PersonMood, ...]
    """At most `MOST`, sorted by sightings, the most first; empty unless moods are individual."""
    more: int
    """People who were seen less often than those."""
    history: MoodHistory | None = field(compare=False, repr=False)
    """Given to the next view, so that it reads less."""
    whom: str = ""
    """The group or person of whom this is alone; empty for everybody."""
    change: MoodChange | None = None
    """Of the person of whom this is alone; None where too little is known of the weeks before."""
    weeks: tuple[MoodWeek, ...] = ()
    """Of the person who is shown alone, or of one of `people` (see `with_weeks`)."""
    weeks_of: UUID | None = None
    """Whose."""

    @property
    def one_day(self) -> bool:
        return self.period.first == self.period.last


def mood_view(
    engine: Engine, settings: Settings, chosen: Range, now: datetime, before: MoodView | None = None
) -> MoodView:
    """The moods of a range of days, as the mood mode allows. Raises: DatabaseError.

    Args:
        before: any view that was loaded earlier; of its history, what did not change is not read again.
    """
    zone, needed = settings.zone, settings.mood_confidence
    hide = settings.mood != "individual"
    period = chosen.period(now.astimezone(zone).date())
    over_time = _OVER_TIME[chosen]
    with reading(engine) as session:
        history = load_history(session, period, settings, now, before.history if before else None)
        today = with_today(session, history, period.bounds(zone)[1])
        tallies = tallied(history, today, ("all", over_time, "weekday_hour", "group", "person"), needed)
        seen, all_seen = ([], 0) if hide else cells.most_seen(tallies["person"], today, MOST)
        names = pages.names(session, seen)
        history = with_baselines(session, history, period, settings, seen)

    def by(what: By) -> tuple[MoodCell, ...]:
        return tuple(cells.cells(tallies[what], what, today, hide_small=hide))

    tallies["person"] = tallies["person"].only(np.array([today.numbers[person] for person in names], np.int64))
    usual = {person: mean for person, mean in history.baselines.items() if mean is not None}
    theirs = _beside_usual(by("person"), names, usual)
    return MoodView(
        period=period,
        total=next(iter(by("all")), None),
        over_time=by(over_time),
        week=by("weekday_hour"),
        groups=by("group"),
        people=tuple(sorted(theirs, key=lambda one: -one.cell.sightings)),
        more=max(0, all_seen - MOST),
        history=history,
    )


def past_moods(
    engine: Engine,
    settings: Settings,
    chosen: Range,
    last: date,
    *,
    group: str | None = None,
    person: UUID | None = None,
) -> MoodView:
    """The moods of a range of days that need not end today, of everybody, a group or a person.

    Raises:
        DatabaseError: the database cannot be read, or there is no such person.
        UsageError: moods are kept without names, so that nobody's alone can be shown.
    """
    zone, needed, hide = settings.zone, settings.mood_confidence, settings.mood != "individual"
    if person is not None and hide:
        raise UsageError("Moods are kept without names: choose a group, or nobody.")
    period = chosen.period(last)
    wanted: tuple[By, ...] = (_OVER_TIME[chosen], "weekday_hour", "group", "person")
    with reading(engine) as session:
        if group is None and person is None and chosen is not Range.DAY:
            samples, tallies = counted(session, period, settings)
        else:
            of = [person] if person else None
            samples = numbered(moods.added_up(session, *period.bounds(zone), people=of, group=group), zone)
            tallies = {by: tally(samples, by, needed) for by in ("all", *wanted)}
        found = {by: cells.cells(tallies[by], by, samples, hide_small=hide) for by in ("all", *wanted)}
        weeks = mood_weeks(session, settings, person, last) if person else ()
        theirs = [] if hide else sorted(found["person"], key=lambda cell: -cell.sightings)
        keys = [cell.key for cell in theirs[:MOST] if isinstance(cell.key, UUID)]
        listed = _beside_usual(theirs, pages.names(session, keys), baselines(session, period.first, settings, keys))
        whom = people.get_person(session, person).name if person else group or ""
    return MoodView(
        period=period,
        total=next(iter(found["all"]), None),
        over_time=tuple(found[_OVER_TIME[chosen]]),
        week=tuple(found["weekday_hour"]),
        groups=() if group or person else tuple(found["group"]),
        people=() if person else listed,
        more=0 if person else max(0, len(theirs) - MOST),
        history=None,
        whom=whom,
        change=listed[0].change if person and listed else None,
        weeks=weeks,
        weeks_of=person,
    )


def with_weeks(engine: Engine, settings: Settings, view: Callable[[], MoodView], person: UUID | None) -> MoodView:
    """A view and, where nobody is shown alone, the weeks of one of its people.

    Args:
        person: whose weeks, if listed; else those of whom was seen most.

    Raises:
        DatabaseError: the database cannot be read.
        UsageError: the view cannot be shown.
    """
    found = view()
    listed = [one.cell.key for one in found.people if isinstance(one.cell.key, UUID)]
    if found.weeks or not listed:
        return found
    chosen = person if person in listed else listed[0]
    with reading(engine) as session:
        return replace(found, weeks=mood_weeks(session, settings, chosen, found.period.last), weeks_of=chosen)


def _beside_usual(
    theirs: Iterable[MoodCell], names: Mapping[UUID, str], usual: Mapping[UUID, MoodCell]
) -> tuple[PersonMood, ...]:
    """Those who have a name here, each beside what was usual for them before."""
    named = {cell.key: cell for cell in theirs if isinstance(cell.key, UUID) and cell.key in names}
    changes = cells.changes(usual, named)
    return tuple(PersonMood(names[key], cell, changes.get(key), usual.get(key)) for key, cell in named.items())


def mood_report(
    engine: Engine, settings: Settings, period: Period, by: By, *, group: str | None = None
) -> tuple[list[MoodCell], dict[UUID, str], dict[UUID, MoodChange]]:
    """The mood per hour, day, person, group, or weekday and hour, as the mood mode allows, the people's names, and how
    their moods differ from what is usual for them.

    Raises:
        DatabaseError: the database cannot be read.
    """
    hide = settings.mood != "individual"
    with reading(engine) as session:
        if by == "hour" or group is not None:
            samples = numbered(moods.added_up(session, *period.bounds(settings.zone), group=group), settings.zone)
            found = cells.distribution(samples, by, settings.mood_confidence, hide_small=hide)
        else:
            samples, tallies = counted(session, period, settings)
            found = cells.cells(tallies[by], by, samples, hide_small=hide)
        people = {cell.key: cell for cell in found if isinstance(cell.key, UUID)}
        usual = baselines(session, period.first, settings, list(people)) if people else {}
        return found, pages.names(session, list(people)), cells.changes(usual, people)


def roll_up_moods(engine: Engine, settings: Settings, now: datetime, *, anew: bool = False) -> int:
    """Counts the days before today once for all, each in a transaction, as far back as moods are kept.

    Args:
        anew: also days that are counted already.

    Returns:
        How many days were counted.

    Raises:
        DatabaseError: the database cannot be read or written.
    """
    last = now.astimezone(settings.zone).date() - timedelta(days=1)
    with reading(engine) as session:
        oldest = moods.oldest(session)
        first = oldest.astimezone(settings.zone).date() if oldest else last + timedelta(days=1)
        kept = Period(first, last)
        days = list(kept.days()) if anew else [day for gap in unrolled(session, kept, settings) for day in gap.days()]
    if anew:
        with writing(engine) as session:
            rollups.forget(session)
    for day in reversed(days):  # those first that screens ask for first
        with writing(engine) as session:
            roll_up(session, day, settings)
    return len(days)


def person_moods(
    session: Session, settings: Settings, person: UUID, period: Period
) -> tuple[MoodCell, MoodChange | None]:
    """Somebody's mood in a period that ends today, and how today differs from their baseline."""
    start, end = period.bounds(settings.zone)
    midnight = Period(period.last, period.last).bounds(settings.zone)[0]
    since = midnight - cells.BASELINE
    samples = numbered(moods.added_up(session, min(start, since), end, people=[person]), settings.zone)
    baseline, today = (cells.means(some) for some in (samples.between(since, midnight), samples.between(midnight)))
    cell = cells.total(samples.between(start), settings.mood_confidence)
    return cell, cells.changes(baseline, today).get(person)
