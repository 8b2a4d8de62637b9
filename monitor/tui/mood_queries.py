"""What the mood screen asks. It blocks: call it in workers only."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Engine

from db import moods
from db.engine import reading
from db.records import MoodSample
from monitor import mood, reports
from monitor.config import Settings
from monitor.mood import Cell, Change
from monitor.reports import Period


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
    """The most often seen first; empty unless moods are individual."""


def mood_view(engine: Engine, settings: Settings, chosen: Range, now: datetime) -> MoodView:
    """The moods of a range of days, as the mood mode allows. Raises: DatabaseError."""
    zone, needed = settings.zone, settings.mood_confidence
    hide = settings.mood != "individual"
    period = chosen.period(now.astimezone(zone).date())
    start, end = period.bounds(zone)
    midnight = Period(period.last, period.last).bounds(zone)[0]
    with reading(engine) as session:
        all_of_them = list(moods.between(session, min(start, midnight - timedelta(days=mood.BASELINE_DAYS)), end))
        names = {} if hide else reports.names(session)
    samples = [sample for sample in all_of_them if sample.at >= start]

    def by(what: mood.By) -> tuple[Cell, ...]:
        return tuple(mood.distribution(samples, what, zone, needed, hide_small=hide))

    people: tuple[PersonMood, ...] = ()
    if not hide:
        people = _people(by("person"), names, all_of_them, midnight)
    return MoodView(
        period=period,
        total=mood.total(samples, zone, needed, hide_small=hide) if samples else None,
        over_time=by("hour" if chosen is Range.DAY else "day"),
        week=by("weekday_hour"),
        groups=by("group"),
        people=people,
    )


def _people(
    cells: tuple[Cell, ...], names: dict[UUID, str], samples: list[MoodSample], midnight: datetime
) -> tuple[PersonMood, ...]:
    by_person: dict[UUID, list[MoodSample]] = defaultdict(list)
    for sample in samples:
        if sample.person is not None:
            by_person[sample.person].append(sample)
    found = [
        PersonMood(names[cell.key], cell, mood.change(by_person[cell.key], midnight))
        for cell in cells
        if isinstance(cell.key, UUID) and cell.key in names
    ]
    return tuple(sorted(found, key=lambda one: -one.cell.sightings))
