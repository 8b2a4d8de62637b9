"""What the mood screen asks. It blocks: call it in workers only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import numpy as np
from sqlalchemy import Engine

from db.engine import reading
from db.observations import moods
from db.people import pages
from monitor.attendance.days import Period
from monitor.config import Settings
from monitor.moods import samples
from monitor.moods.history import Past, added_up, past_of, with_usual
from monitor.moods.samples import Cell, Change
from monitor.moods.sums import arrange, joined

MOST = 200
"""People whose moods are shown one by one; more than anybody reads."""


class Range(StrEnum):
    """How far back the screen looks; each ends today."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"

    @property
    def days(self) -> int:
        return {Range.DAY: 1, Range.WEEK: 7, Range.MONTH: 30, Range.QUARTER: 91}[self]

    def period(self, last: date) -> Period:
        return Period(last - timedelta(days=self.days - 1), last)


@dataclass(frozen=True, slots=True)
class PersonMood:
    """One person's mood, and how today differs from what is usual for them."""

    name: str
    cell: Cell
    change: Change | None


@dataclass(frozen=True, slots=True)
class MoodView:
    """All that the mood screen shows."""

    period: Period
    total: Cell | None
    """None when there is nothing."""
    over_time: tuple[Cell, ...]
    """By hour for one day, else by day."""
    week: tuple[Cell, ...]
    """By (weekday, hour)."""
    groups: tuple[Cell, ...]
    people: tuple[PersonMood, ...]
    """The `MOST` who were seen most often, those first; empty unless moods are individual."""
    more: int
    """People who were seen less often."""
    past: Past = field(compare=False, repr=False)
    """For the next view."""

    @property
    def one_day(self) -> bool:
        return self.period.first == self.period.last


def mood_view(
    engine: Engine, settings: Settings, chosen: Range, now: datetime, before: MoodView | None = None
) -> MoodView:
    """The moods of a range of days, as the mood mode allows. Raises: DatabaseError.

    Args:
        before: to which the news may be added: what it has of the past is kept where that still holds.
    """
    zone, needed = settings.zone, settings.mood_confidence
    hide = settings.mood != "individual"
    period = chosen.period(now.astimezone(zone).date())
    over_time: samples.By = "hour" if chosen is Range.DAY else "day"
    with reading(engine) as session:
        past = past_of(session, period, zone, now, before.past if before else None)
        recent = moods.added_up(session, past.today.state.end, period.bounds(zone)[1])
        today = joined(past.today.moods, arrange(recent, zone, past.today.moods))
        past, found = added_up(past, today, ("all", over_time, "weekday_hour", "group", "person"), needed)
        seen, all_seen = ([], 0) if hide else samples.most_seen(found["person"], today, MOST)
        names = pages.names(session, seen)
        past = with_usual(session, past, seen)

    def by(what: samples.By) -> tuple[Cell, ...]:
        return tuple(samples.cells(found[what], what, today, hide_small=hide))

    found["person"] = found["person"].of(np.array([today.people[person] for person in names], np.int64))
    changed = samples.changes(past.usual, samples.means(today.of(names)))
    return MoodView(
        period=period,
        total=next(iter(by("all")), None),
        over_time=by(over_time),
        week=by("weekday_hour"),
        groups=by("group"),
        people=_people(by("person"), names, changed),
        more=max(0, all_seen - MOST),
        past=past,
    )


def mood_report(
    engine: Engine, settings: Settings, period: Period, by: samples.By, *, group: str | None = None
) -> tuple[list[Cell], dict[UUID, str]]:
    """The mood per hour, day, person, group, or weekday and hour, as the mood mode allows, and the people's names.

    Raises:
        DatabaseError: the database cannot be read.
    """
    start, end = period.bounds(settings.zone)
    with reading(engine) as session:
        found = arrange(moods.added_up(session, start, end, group=group), settings.zone)
        cells = samples.distribution(found, by, settings.mood_confidence, hide_small=settings.mood != "individual")
        return cells, pages.names(session, [cell.key for cell in cells if isinstance(cell.key, UUID)])


def _people(cells: Sequence[Cell], names: Mapping[UUID, str], changed: Mapping[UUID, Change]) -> tuple[PersonMood, ...]:
    found = [PersonMood(names[cell.key], cell, changed.get(cell.key)) for cell in cells if isinstance(cell.key, UUID)]
    return tuple(sorted(found, key=lambda one: -one.cell.sightings))
