"""What the mood screen keeps of moods that are over: at news only the last minutes are read, as long as it holds."""

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
from monitor.moods import samples as mood
from monitor.moods.samples import By, Mean
from monitor.moods.sums import Moods, arrange, joined
from monitor.moods.tally import Tally, added

RECENT: Final = timedelta(minutes=10)
"""How long samples may still come; those that come later are read as well, with all of their day."""

BASELINE: Final = timedelta(days=mood.BASELINE_DAYS)


@dataclass(frozen=True, slots=True)
class State:
    """What the moods of a stretch of time depend on."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    people: int
    """Entries of the audit log about people: somebody may have become another person."""
    samples: tuple[int, int]
    """Their fingerprint."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Moods that stay as they are while their state is the same."""

    state: State
    moods: Moods


@dataclass(frozen=True, slots=True, eq=False)
class Tallies:
    """What the days before today add up to."""

    confidence_needed: float
    apart: tuple[int, ...]
    """Sightings that went on after midnight, by their numbers in the moods; they are not in it."""
    by: Mapping[By, Tally]


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """The moods of a period up to some minutes ago."""

    days: Stretch
    """Before today."""
    today: Stretch
    usual: Mapping[UUID, Mean]
    """Over the weeks that today is compared with, of the people whose weeks were read."""
    known: frozenset[UUID]
    """Those people, also whose mood was not seen then."""
    tallies: Tallies | None
    """None: not added up yet."""


def past_of(session: Session, period: Period, zone: ZoneInfo, now: datetime, before: Past | None) -> Past:
    """The past of a period that ends today; what was read of it before, where nobody has changed that since."""
    start, midnight = period.bounds(zone)[0], Period(period.last, period.last).bounds(zone)[0]
    # First what tells of changes, here and below: of one in between, the next view hears.
    people = changes.heads(session).people
    samples = moods.fingerprint(session, min(start, midnight - BASELINE), midnight)
    state = State(start, midnight, zone, people, samples)
    if before is None or before.days.state != state:
        before = None
        days = Stretch(state, arrange(moods.added_up(session, start, midnight), zone))
    else:
        days = before.days
    end = _end(midnight, now, before)
    state = State(midnight, end, zone, people, moods.fingerprint(session, midnight, end))
    if before is not None and before.today.state == state:
        return before
    today = Stretch(state, arrange(moods.added_up(session, midnight, end), zone, days.moods))
    return Past(days, today, {}, frozenset(), None) if before is None else replace(before, today=today)


def added_up(past: Past, today: Moods, by: Sequence[By], confidence_needed: float) -> tuple[Past, dict[By, Tally]]:
    """The past with the days before today added up, and what those days and today add up to."""
    days = past.days.moods
    apart = sorted({*today.stay[today.stay < len(days.stays)].tolist()})
    went_on = np.isin(days.stay, apart)
    kept = past.tallies
    if kept is None or (kept.confidence_needed, kept.apart) != (confidence_needed, tuple(apart)):
        over = days.where(~went_on)
        tallies = {one: mood.tallied(over, one, confidence_needed) for one in by}
        kept = Tallies(confidence_needed, tuple(apart), tallies)
    news = joined(days.where(went_on), today)
    found = {one: added(kept.by[one], mood.tallied(news, one, confidence_needed)) for one in by}
    return replace(past, tallies=kept), found


def with_usual(session: Session, past: Past, people: Sequence[UUID]) -> Past:
    """The same with what is usual for these people."""
    new = [person for person in people if person not in past.known]
    if not new:
        return past
    midnight, zone = past.days.state.end, past.days.state.zone
    weeks = arrange(moods.added_up(session, midnight - BASELINE, midnight, people=new), zone)
    return replace(past, usual={**past.usual, **mood.means(weeks)}, known=past.known.union(new))


def _end(midnight: datetime, now: datetime, before: Past | None) -> datetime:
    """A whole minute until which the day's samples are there; the one from before, unless that is long ago."""
    if before is not None and timedelta() <= now - before.today.state.end <= 2 * RECENT:
        return before.today.state.end
    return max(midnight, now.astimezone(UTC).replace(second=0, microsecond=0) - RECENT)
