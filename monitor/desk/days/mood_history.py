"""The past of the mood screen: whole days come rolled up; after a change, only what changed is read again."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from db import changes
from db.observations import moods, rollups
from db.records.moods import RolledDay
from monitor.attendance.days import Period
from monitor.config import Settings
from monitor.moods import rollups as rolled_up
from monitor.moods.cells import BASELINE, MoodCell, cells
from monitor.moods.samples import Samples, concatenated, none, numbered
from monitor.moods.tally import EPOCH, By, Tally, tally

RECENT: Final = timedelta(minutes=10)
"""Kiosks may write a sample this long after they took it; after an older one, all samples of its day are read again."""


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """The days of a period before today."""

    state: tuple[object, ...]
    """They are read again when the days, the settings, the samples in the database or the people change."""
    samples: Samples
    """Of the days that are not rolled up, with the numbers of all people and groups."""
    tallies: Mapping[By, Tally]
    """Of all the days."""


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """The samples from some instant to before `end`."""

    end: datetime
    state: tuple[object, ...]
    """The span is read again when its bounds, the samples in the database or the people change."""
    samples: Samples


@dataclass(frozen=True, slots=True, eq=False)
class MoodHistory:
    """The moods of a period up to some minutes ago."""

    days: Past
    """Before today."""
    today: Span
    baselines: Mapping[UUID, MoodCell | None] = field(default_factory=dict)
    """Of the people for whom they were read; None for somebody without samples in that time."""


def load_history(
    session: Session, period: Period, settings: Settings, now: datetime, before: MoodHistory | None
) -> MoodHistory:
    """The history of a period that ends today.

    Args:
        before: loaded earlier; what did not change since is not read again.
    """
    midnight = Period(period.last, period.last).bounds(settings.zone)[0]
    days = _past(session, period, settings, before.days if before else None)
    if before and days is not before.days:
        before = None
    end = _end(midnight, now, before)
    today = _span(session, midnight, end, days.samples, before.today if before else None)
    return replace(before, today=today) if before else MoodHistory(days, today)


def with_today(session: Session, history: MoodHistory, end: datetime) -> Samples:
    """Today's samples before an instant, those of the last minutes included."""
    samples = history.today.samples
    news = moods.added_up(session, history.today.end, end)
    return concatenated(samples, numbered(news, samples.zone, samples))


def tallied(history: MoodHistory, today: Samples, by: Sequence[By], confidence_needed: float) -> dict[By, Tally]:
    """The tallies of the days before today and of today together; by hour those of today only."""
    past, new = history.days.tallies, {one: tally(today, one, confidence_needed) for one in by}
    return {one: past[one] + counted if one in past else counted for one, counted in new.items()}


def with_baselines(
    session: Session, history: MoodHistory, period: Period, settings: Settings, people: Sequence[UUID]
) -> MoodHistory:
    """The history with the baselines of these people."""
    new = [person for person in people if person not in history.baselines]
    if not new:
        return history
    found = baselines(session, period.first, settings, new)
    return replace(history, baselines={**history.baselines, **{person: found.get(person) for person in new}})


def unrolled(session: Session, period: Period, settings: Settings) -> Iterator[Period]:
    """The days of a period that are not rolled up as the settings count, those that follow each other together."""
    days = _rolled_days(period, settings)
    rolled = {one.day for one in rollups.rolled(session, days)}
    first: int | None = None
    for day in range(days.first, days.last + 2):
        open_day = day not in rolled and day <= days.last
        if open_day and first is None:
            first = day
        elif not open_day and first is not None:
            yield Period(EPOCH + timedelta(days=first), EPOCH + timedelta(days=day - 1))
            first = None


def roll_up(session: Session, day: date, settings: Settings) -> None:
    """Counts a day, and keeps what was counted in the place of what was there."""
    starts, ends = Period(day, day).bounds(settings.zone)
    rollups.wait_for_writers(session)
    samples = numbered(moods.added_up(session, starts, ends), settings.zone)
    needed = settings.mood_confidence
    people, others = rolled_up.of_day(samples, needed)
    rolled = RolledDay(_number(day), starts, ends, settings.zone.key, needed)
    rollups.keep(session, rolled, people, others)


def _past(session: Session, period: Period, settings: Settings, before: Past | None) -> Past:
    last = period.last - timedelta(days=1)
    watched = Period(period.first - BASELINE, last)  # the baselines change with the days before the period
    gaps = [gap.bounds(settings.zone) for gap in unrolled(session, watched, settings)]
    stamps = tuple(one.stamp for one in rollups.rolled(session, _rolled_days(watched, settings)))
    # The signs of change are read before the samples, so that the next view finds a change in between.
    signs = changes.heads(session).people, *(moods.fingerprint(session, *gap) for gap in gaps)
    state = period, settings.zone.key, settings.mood_confidence, stamps, signs
    if before is not None and before.state == state:
        return before
    samples, tallies = counted(session, Period(period.first, last), settings)
    return Past(state, samples, tallies)


def counted(session: Session, days: Period, settings: Settings) -> tuple[Samples, dict[By, Tally]]:
    """The tallies of some days by all of `rollups.ADDED_UP`; and the samples of the days that are not rolled up, with
    the numbers of all people and groups."""
    zone, gaps = settings.zone, list(unrolled(session, days, settings))
    numbers: dict[Hashable, int] = {}
    rolled = (
        rolled_up.tallies(_rolled(session, _rolled_days(days, settings)), numbers)
        if _days(gaps) < _days([days])
        else {}
    )
    samples = none(zone, numbers)
    for gap in gaps:
        samples = concatenated(samples, numbered(moods.added_up(session, *gap.bounds(zone)), zone, samples))
    new = {by: tally(samples, by, settings.mood_confidence) for by in rolled_up.ADDED_UP}
    return samples, {by: rolled[by] + one if by in rolled else one for by, one in new.items()}


def _days(periods: Iterable[Period]) -> int:
    return sum((one.last - one.first).days + 1 for one in periods)


def _rolled(session: Session, days: rollups.Days) -> rolled_up.Rolled:
    return rolled_up.Rolled(
        people=rollups.by_person(session, days),
        days=rollups.by_day(session, days),
        groups=rollups.by_group(session, days),
        week=rollups.by_weekday_hour(session, days),
        visits=rollups.visits(session, days),
    )


def baselines(session: Session, first: date, settings: Settings, people: Sequence[UUID]) -> dict[UUID, MoodCell]:
    """What is usual for these people: their moods in the time `BASELINE` before a day."""
    days = Period(first - BASELINE, first - timedelta(days=1))
    numbers: dict[Hashable, int] = {person: number for number, person in enumerate(people)}
    rolled = rollups.by_person(session, _rolled_days(days, settings), people)
    found = rolled_up.tally_of_people(rolled, numbers)
    samples = none(settings.zone, numbers)
    for gap in unrolled(session, days, settings):
        news = moods.added_up(session, *gap.bounds(settings.zone), people=people)
        samples = concatenated(samples, numbered(news, settings.zone, samples))
    found += tally(samples, "person", settings.mood_confidence)
    return {cell.key: cell for cell in cells(found, "person", samples) if isinstance(cell.key, UUID)}


def _rolled_days(days: Period, settings: Settings) -> rollups.Days:
    return rollups.Days(_number(days.first), _number(days.last), settings.zone.key, settings.mood_confidence)


def _number(day: date) -> int:
    return (day - EPOCH).days


def _span(session: Session, start: datetime, end: datetime, earlier: Samples, before: Span | None) -> Span:
    # The signs of change are read before the samples, so that the next view finds a change in between.
    state = start, end, changes.heads(session).people, moods.fingerprint(session, start, end)
    if before is not None and before.state == state:
        return before
    return Span(end, state, numbered(moods.added_up(session, start, end), earlier.zone, earlier))


def _end(midnight: datetime, now: datetime, before: MoodHistory | None) -> datetime:
    """A whole minute before which no more samples come; the one from before, unless that is long ago."""
    if before is not None and timedelta() <= now - before.today.end <= 2 * RECENT:
        return before.today.end
    return max(midnight, now.astimezone(UTC).replace(second=0, microsecond=0) - RECENT)
