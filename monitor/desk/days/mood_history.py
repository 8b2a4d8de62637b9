"""The past of the mood screen: after a change only the last minutes of samples are read again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy.orm import Session

from db import changes
from db.observations import moods
from monitor.attendance.days import Period
from monitor.moods.cells import BASELINE, Mean, means
from monitor.moods.samples import Samples, concatenated, numbered
from monitor.moods.tally import By, Tally, tally

RECENT: Final = timedelta(minutes=10)
"""Samples may be written this long after they were taken; when older ones come, all samples of their day are read."""


@dataclass(frozen=True, slots=True, eq=False)
class Span:
    """The samples with start <= at < end."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    people: int
    """Entries of the audit log about people: a person may have been merged into another one."""
    fingerprint: tuple[int, int]
    """As `db.observations.moods.fingerprint` gives it; the span is read again when it or the above changes."""
    samples: Samples


@dataclass(frozen=True, slots=True, eq=False)
class PastTallies:
    """The days before today, tallied."""

    confidence_needed: float
    excluded: tuple[int, ...]
    """Numbers of the sightings that went on after midnight, which are counted with today instead."""
    by: Mapping[By, Tally]


@dataclass(frozen=True, slots=True, eq=False)
class MoodHistory:
    """The moods of a period up to some minutes ago."""

    days: Span
    """Before today; whether it must be read again depends also on the time of the baselines."""
    today: Span
    baselines: Mapping[UUID, Mean | None]
    """Of the people for whom they were read; None for somebody whose mood was not seen then."""
    tallies: PastTallies | None = None
    """None: not counted yet."""


def load_history(
    session: Session, period: Period, zone: ZoneInfo, now: datetime, before: MoodHistory | None
) -> MoodHistory:
    """The history of a period that ends today.

    Args:
        before: loaded earlier; what still holds of it is kept.
    """
    start, midnight = period.bounds(zone)[0], Period(period.last, period.last).bounds(zone)[0]
    # What tells of changes is read before the samples, so that the next view finds a change in between.
    people = changes.heads(session).people
    fingerprint = moods.fingerprint(session, min(start, midnight - BASELINE), midnight)
    if before is not None and _state(before.days) == (start, midnight, zone, people, fingerprint):
        days = before.days
    else:
        before = None
        days = Span(start, midnight, zone, people, fingerprint, _read(session, start, midnight, zone))
    end = _end(midnight, now, before)
    fingerprint = moods.fingerprint(session, midnight, end)
    if before is not None and _state(before.today) == (midnight, end, zone, people, fingerprint):
        return before
    samples = _read(session, midnight, end, zone, days.samples)
    today = Span(midnight, end, zone, people, fingerprint, samples)
    return MoodHistory(days, today, {}) if before is None else replace(before, today=today)


def with_today(session: Session, history: MoodHistory, end: datetime) -> Samples:
    """Today's samples up to an instant, those of the last minutes among them."""
    today = history.today
    return concatenated(today.samples, _read(session, today.end, end, today.zone, today.samples))


def tallied(
    history: MoodHistory, today: Samples, by: Sequence[By], confidence_needed: float
) -> tuple[MoodHistory, dict[By, Tally]]:
    """The tallies of the days before today and of today together, and the history with the former."""
    days = history.days.samples
    excluded = sorted({*today.sighting[today.sighting < len(days.sightings)].tolist()})
    went_on = np.isin(days.sighting, excluded)
    past = history.tallies
    if past is None or (past.confidence_needed, past.excluded) != (confidence_needed, tuple(excluded)):
        over = days.where(~went_on)
        past = PastTallies(confidence_needed, tuple(excluded), {one: tally(over, one, confidence_needed) for one in by})
    news = concatenated(days.where(went_on), today)
    return replace(history, tallies=past), {one: past.by[one] + tally(news, one, confidence_needed) for one in by}


def with_baselines(session: Session, history: MoodHistory, people: Sequence[UUID]) -> MoodHistory:
    """The history with the baselines of these people."""
    new = [person for person in people if person not in history.baselines]
    if not new:
        return history
    midnight = history.days.end
    sums = moods.added_up(session, midnight - BASELINE, midnight, people=new)
    found = means(numbered(sums, history.days.zone))
    return replace(history, baselines={**history.baselines, **{person: found.get(person) for person in new}})


def _state(span: Span) -> tuple[object, ...]:
    return span.start, span.end, span.zone, span.people, span.fingerprint


def _read(session: Session, start: datetime, end: datetime, zone: ZoneInfo, earlier: Samples | None = None) -> Samples:
    return numbered(moods.added_up(session, start, end), zone, earlier)


def _end(midnight: datetime, now: datetime, before: MoodHistory | None) -> datetime:
    """A whole minute until which the day's samples are there; the one from before, unless that is long ago."""
    if before is not None and timedelta() <= now - before.today.end <= 2 * RECENT:
        return before.today.end
    return max(midnight, now.astimezone(UTC).replace(second=0, microsecond=0) - RECENT)
