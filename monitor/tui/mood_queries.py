"""What the mood screen asks. It blocks: call it in workers only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from db import changes, moods, pages
from db.engine import reading
from monitor import mood
from monitor.config import Settings
from monitor.mood import Cell, Change
from monitor.mood_sums import Moods, arrange
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
class State:
    """What the moods of past days depend on."""

    period: Period
    zone: ZoneInfo
    people: UUID | None
    """The audit log's last entry about people: somebody may have become another person."""
    samples: tuple[int, int]
    """Their fingerprint, from the first that anything shown depends on."""


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What was before today: while its state stays the same, news are read of today only."""

    state: State
    moods: Moods
    """Of the period."""
    usual: Moods | None
    """Of the weeks that people are compared with, as far as they are `known`."""
    known: frozenset[UUID]


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

    @property
    def one_day(self) -> bool:
        return self.period.first == self.period.last


def mood_view(
    engine: Engine, settings: Settings, chosen: Range, now: datetime, before: MoodView | None = None
) -> MoodView:
    """The moods of a range of days, as the mood mode allows. Raises: DatabaseError.

    Args:
        before: to which the news may be added: what it has of the days before today is kept where that still holds.
    """
    zone, needed = settings.zone, settings.mood_confidence
    hide = settings.mood != "individual"
    period = chosen.period(now.astimezone(zone).date())
    midnight, end = Period(period.last, period.last).bounds(zone)
    with reading(engine) as session:
        past = _past(session, period, zone, before.past if before else None)
        today = moods.added_up(session, midnight, end)
        samples = arrange(today, zone, past.moods)
        seen, all_seen = ([], 0) if hide else mood.most_seen(samples, MOST)
        names = pages.names(session, seen)
        past = _with_usual(session, past, seen, midnight)

    def by(what: mood.By, of: Moods = samples) -> tuple[Cell, ...]:
        return tuple(mood.distribution(of, what, needed, hide_small=hide))

    changed = mood.changes(arrange(today, zone, past.usual).of(names), midnight)
    return MoodView(
        period=period,
        total=mood.total(samples, needed, hide_small=hide) if len(samples) else None,
        over_time=by("hour" if chosen is Range.DAY else "day"),
        week=by("weekday_hour"),
        groups=by("group"),
        people=_people(by("person", samples.of(names)), names, changed),
        more=max(0, all_seen - MOST),
        past=past,
    )


def _past(session: Session, period: Period, zone: ZoneInfo, before: Past | None) -> Past:
    """What was before today; what was loaded of it before, where nobody has changed that since."""
    start, midnight = period.bounds(zone)[0], Period(period.last, period.last).bounds(zone)[0]
    since = min(start, midnight - timedelta(days=mood.BASELINE_DAYS))
    # First what tells of changes: of one in between, the next view hears.
    state = State(period, zone, changes.heads(session).people, moods.fingerprint(session, since, midnight))
    if before is not None and before.state == state:
        return before
    return Past(state, arrange(moods.added_up(session, start, midnight), zone), None, frozenset())


def _with_usual(session: Session, past: Past, people: Sequence[UUID], midnight: datetime) -> Past:
    """The past with the baselines of these people."""
    new = [person for person in people if person not in past.known]
    if not new:
        return past
    loaded = moods.added_up(session, midnight - timedelta(days=mood.BASELINE_DAYS), midnight, people=new)
    return replace(past, usual=arrange(loaded, past.state.zone, past.usual), known=past.known.union(new))


def _people(cells: Sequence[Cell], names: Mapping[UUID, str], changed: Mapping[UUID, Change]) -> tuple[PersonMood, ...]:
    found = [PersonMood(names[cell.key], cell, changed.get(cell.key)) for cell in cells if isinstance(cell.key, UUID)]
    return tuple(sorted(found, key=lambda one: -one.cell.sightings))
