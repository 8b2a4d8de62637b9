"""What the mood screen asks. It blocks: call it in workers only."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Engine

from db import moods, pages
from db.engine import reading
from db.records import MoodSample
from monitor import mood
from monitor.config import Settings
from monitor.mood import Cell, Change
from monitor.reports import Period

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

    @property
    def one_day(self) -> bool:
        return self.period.first == self.period.last


def mood_view(engine: Engine, settings: Settings, chosen: Range, now: datetime) -> MoodView:
    """The moods of a range of days, as the mood mode allows. Raises: DatabaseError."""
    zone, needed = settings.zone, settings.mood_confidence
    hide = settings.mood != "individual"
    period = chosen.period(now.astimezone(zone).date())
    start, end = period.bounds(zone)
    midnight = Period(period.last, period.last).bounds(zone)[0]
    with reading(engine) as session:
        all_of_them = list(moods.between(session, min(start, midnight - timedelta(days=mood.BASELINE_DAYS)), end))
        samples = [sample for sample in all_of_them if sample.at >= start]
        seen = {} if hide else _sightings(samples)
        names = pages.names(session, sorted(seen, key=lambda person: -seen[person])[:MOST])

    def by(what: mood.By, of: list[MoodSample] = samples) -> tuple[Cell, ...]:
        return tuple(mood.distribution(of, what, zone, needed, hide_small=hide))

    known = [sample for sample in all_of_them if sample.person in names]
    people = _people(by("person", [sample for sample in known if sample.at >= start]), names, known, midnight)
    return MoodView(
        period=period,
        total=mood.total(samples, zone, needed, hide_small=hide) if samples else None,
        over_time=by("hour" if chosen is Range.DAY else "day"),
        week=by("weekday_hour"),
        groups=by("group"),
        people=people,
        more=max(0, len(seen) - MOST),
    )


def _sightings(samples: list[MoodSample]) -> dict[UUID, int]:
    """How often each person was seen."""
    seen: dict[UUID, set[UUID | datetime]] = defaultdict(set)
    for sample in samples:
        if sample.person is not None:
            seen[sample.person].add(sample.sighting or sample.at)
    return {person: len(times) for person, times in seen.items()}


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
