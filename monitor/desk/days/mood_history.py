"""The past of the mood screen: after a change, only the last minutes of mood samples are read again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.orm import Session

from db import changes
from db.observations import moods
from monitor.attendance.days import Period
from monitor.moods.cells import BASELINE, MoodCell, means
from monitor.moods.samples import Samples, concatenated, numbered
from monitor.moods.tally import By, Tally, tally

RECENT: Final = timedelta(minutes=10)
"""Kiosks may write a sample this long after they took it; after an older one, all samples of its day are read again."""


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """The samples from some instant to before `end`."""

    end: datetime
    state: tuple[object, ...]
    """The span is read again when its bounds, the zone, the samples in the database or the people change."""
    samples: Samples


@dataclass(frozen=True, slots=True, eq=False)
class MoodHistory:
    """The moods of a period up to some minutes ago."""

    days: Span
    """Before today."""
    today: Span
    baselines: Mapping[UUID, MoodCell | None] = field(default_factory=dict)
    """Of the people for whom they were read; None for somebody without samples in that time."""
    tallies: Mapping[By, Tally] = field(default_factory=dict)
    """Of the days before today, without the sightings that went on after midnight, which are counted today."""
    tallied_for: tuple[object, ...] = ()
    """The tallies are counted again when the confidence needed, or the sightings left out, change."""


def load_history(
    session: Session, period: Period, zone: ZoneInfo, now: datetime, before: MoodHistory | None
) -> MoodHistory:
    """The history of a period that ends today.

    Args:
        before: loaded earlier; what did not change since is not read again.
    """
    start, midnight = period.bounds(zone)[0], Period(period.last, period.last).bounds(zone)[0]
    since = min(start, midnight - BASELINE)  # the baselines change with these samples
    days = _span(session, start, midnight, zone, before.days if before else None, since=since)
    if before and days is not before.days:
        before = None
    end = _end(midnight, now, before)
    today = _span(session, midnight, end, zone, before.today if before else None, earlier=days.samples)
    return replace(before, today=today) if before else MoodHistory(days, today)


def with_today(session: Session, history: MoodHistory, end: datetime) -> Samples:
    """Today's samples before an instant, those of the last minutes included."""
    samples = history.today.samples
    news = moods.added_up(session, history.today.end, end)
    return concatenated(samples, numbered(news, samples.zone, samples))


def tallied(
    history: MoodHistory, today: Samples, by: Sequence[By], confidence_needed: float
) -> tuple[MoodHistory, dict[By, Tally]]:
    """The tallies of the days before today and of today together, and the history with the former."""
    days = history.days.samples
    went_on = np.isin(days.sighting, today.sighting)
    for_these = confidence_needed, *np.unique(days.sighting[went_on]).tolist()
    if history.tallied_for != for_these:
        over = days.where(~went_on)
        past = {one: tally(over, one, confidence_needed) for one in by}
        history = replace(history, tallies=past, tallied_for=for_these)
    news = concatenated(days.where(went_on), today)
    return history, {one: history.tallies[one] + tally(news, one, confidence_needed) for one in by}


def with_baselines(session: Session, history: MoodHistory, people: Sequence[UUID]) -> MoodHistory:
    """The history with the baselines of these people."""
    new = [person for person in people if person not in history.baselines]
    if not new:
        return history
    midnight = history.days.end
    found = means(
        numbered(moods.added_up(session, midnight - BASELINE, midnight, people=new), history.days.samples.zone)
    )
    return replace(history, baselines={**history.baselines, **{person: found.get(person) for person in new}})


def _span(
    session: Session,
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    before: Span | None,
    *,
    since: datetime | None = None,
    earlier: Samples | None = None,
) -> Span:
    # The signs of change are read before the samples, so that the next view finds a change in between.
    state = start, end, zone, changes.heads(session).people, moods.fingerprint(session, since or start, end)
    if before is not None and before.state == state:
        return before
    return Span(end, state, numbered(moods.added_up(session, start, end), zone, earlier))


def _end(midnight: datetime, now: datetime, before: MoodHistory | None) -> datetime:
    """A whole minute before which no more samples come; the one from before, unless that is long ago."""
    if before is not None and timedelta() <= now - before.today.end <= 2 * RECENT:
        return before.today.end
    return max(midnight, now.astimezone(UTC).replace(second=0, microsecond=0) - RECENT)
